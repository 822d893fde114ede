import { relayAbort, underOneSignal } from '../abort-scope.ts'
import { essentialEventsOf, eventsOf } from '../accumulate/events-of.ts'
import { checkRequest } from '../check-request.ts'
import { sendDroppingUnsupported } from '../drop-unsupported.ts'
import { isPending, pollUntilDone } from '../poll.ts'
import type { ResponseEvent } from '../protocol/events.ts'
import type { ResponseRequest } from '../protocol/request.ts'
import type { Response } from '../protocol/response.ts'
import { isTerminalEvent } from '../protocol/terminal-event.ts'
import { checkedResponse, pushEvents } from '../push.ts'
import {
  type AbortOptions,
  callOptions,
  type PushOptions,
  type ReconnectOptions,
  type ResponseSink,
  type RetrieveOptions,
} from '../request-options.ts'
import { resourcePath } from '../resource-path.ts'
import { type Connection, pushResumable } from '../resume.ts'
import type { Call } from '../send/call.ts'
import type { Sender } from '../send.ts'

/** What {@link pushResponse} needs of its client. */
export interface PushContext {
  sender: () => Sender
  dropUnsupported: boolean
}

/**
 * Sends a request and pushes the events of its answer, whatever way they come.
 *
 * Streams unless `params.stream` is false; a JSON answer is pushed as the events it would have been. A background response is
 * followed over lost connections, and polled when it does not stream.
 */
export function pushResponse(
  context: PushContext,
  params: ResponseRequest,
  sink: ResponseSink,
  given: PushOptions = {},
): Promise<void> {
  const streaming = params.stream !== false
  checkRequest(params, { streaming })
  const { body, dropUnsupported = context.dropUnsupported } = given
  const sender = context.sender()
  const options = { ...given, onAbort: relayAbort(given.onAbort) }
  const send = (sent: ResponseRequest): Promise<void> => {
    // Bytes are the whole request; once a parameter has to go, they are made anew.
    const encoded =
      sent === params && body !== undefined ? body : streaming ? { ...sent, stream: true } : sent
    const call: Call = { method: 'POST', path: '/responses', body: encoded, ...callOptions(options) }
    return params.background === true
      ? pushBackground(sender, call, sink, options)
      : pushForeground(sender, call, sink, options)
  }
  return dropUnsupported ? sendDroppingUnsupported(params, send) : send(params)
}

async function pushForeground(
  sender: Sender,
  call: Call,
  sink: ResponseSink,
  options: PushOptions,
): Promise<void> {
  const answer = await pushEvents(sender, call, sink)
  if (!answer) return
  // An endpoint may queue on its own account.
  const whole = isPending(answer)
    ? await underOneSignal(options, (signal) =>
        pollUntilDone(lookAt(sender, answer.id, { ...options, signal }), { signal }),
      )
    : answer
  pushWhole(whole, sink)
}

function pushBackground(sender: Sender, call: Call, sink: ResponseSink, options: PushOptions): Promise<void> {
  return underOneSignal(options, async (signal) => {
    const source = {
      first: (take: ResponseSink) => pushEvents(sender, { ...call, signal, onAbort: undefined }, take),
    }
    const own = { ...options, signal, onAbort: undefined }
    await followResponse(sender, source, sink, own)
  })
}

/** Where to begin to follow a response: at the call that makes it, or at a response that exists. */
export type FollowSource = { first: Connection } | { id: string; startingAfter?: number }

/** Follows a background response to its end, over connections that may be lost. */
export async function followResponse(
  sender: Sender,
  source: FollowSource,
  sink: ResponseSink,
  options: RetrieveOptions & ReconnectOptions & { signal: AbortSignal },
): Promise<void> {
  const { signal, include } = options
  const look = (id: string) => lookAt(sender, id, options)()
  const connect =
    (id: string, startingAfter: number | undefined): Connection =>
    (take) => {
      const query = { stream: true, starting_after: startingAfter, 'include[]': include }
      return pushEvents(
        sender,
        { method: 'GET', path: resourcePath('responses', id), query, ...callOptions(options) },
        take,
      )
    }
  let seen = 'startingAfter' in source && source.startingAfter !== undefined
  const answer = await pushResumable(
    { ...source, connect, look },
    (event) => {
      seen = true
      sink(event)
    },
    signal,
    options,
  )
  if (!answer) return
  const whole = isPending(answer)
    ? await pollUntilDone(lookAt(sender, answer.id, options), { signal })
    : answer
  pushWhole(whole, sink, seen)
}

/** Pushes a response as the events it would have been; only the last of them when others were seen before. */
function pushWhole(response: Response, sink: ResponseSink, onlyEnd = false): void {
  const watch = (sink as WatchedSink)[WATCH]
  if (watch !== undefined && !onlyEnd && !watch.watched) {
    pushUnwatched(response, sink, watch)
    return
  }
  for (const event of eventsOf(response)) {
    if (!onlyEnd || isTerminalEvent(event)) sink(event)
  }
}

/** A sink may say whether anybody but a fold takes its events: `antiphon` knows who follows a run. Nobody can tell the difference, so it is no part of the API. */
interface WatchedSink {
  readonly [WATCH]?: { readonly watched: boolean }
}
const WATCH: unique symbol = Symbol.for('antiphon.watch') as never

/** Makes only the events that a fold needs, for as long as nobody watches: a call that starts at the end of its item may change that. */
function pushUnwatched(response: Response, sink: ResponseSink, watch: { readonly watched: boolean }): void {
  const events = essentialEventsOf(response)
  for (let n = 0; n < events.length; n++) {
    const event = events[n] as ResponseEvent & { output_index?: number }
    sink(event)
    if (!watch.watched) continue
    const all = eventsOf(response) as (typeof event)[]
    const at = all.findIndex(
      ({ type, output_index }) => type === event.type && output_index === event.output_index,
    )
    for (let next = at + 1; next < all.length; next++) sink(all[next] as ResponseEvent)
    return
  }
}

/** Reads a response, as often as it is called. */
export const lookAt = (
  sender: Sender,
  id: string,
  options: RetrieveOptions & AbortOptions,
): (() => Promise<Response>) => {
  const path = resourcePath('responses', id)
  const query = { 'include[]': options.include }
  return async () =>
    checkedResponse(await sender.json({ method: 'GET', path, query, ...callOptions(options) }))
}
