import type { ServerResponse } from 'node:http'
import type { Response } from '@antiphon/client'
import { chatChunks, chatCompletion } from './chat-answer.ts'
import { faultyEvents } from './faulty-events.ts'
import type { ItemIds } from './item-ids.ts'
import { lifecycleEvents } from './lifecycle-events.ts'
import { type ReplyWriter, replyWriter } from './reply-writer.ts'
import { scriptResponse } from './script-response.ts'
import type { ScriptParts } from './script-step.ts'
import { errorBody, sendBody, sendEvents } from './send-reply.ts'
import type { StoredResponses } from './stored-responses.ts'
import type { UpstreamFaults, UpstreamReply, UpstreamRequest } from './upstream-reply.ts'
import type { WireEvent } from './wire-event.ts'

/** One request on its way to its answer. */
export interface UpstreamRoute {
  request: UpstreamRequest
  response: ServerResponse
  /** Faults of every request; those of the answer itself come on top. */
  faults: UpstreamFaults
  stored: StoredResponses
  ids: ItemIds
  maxOpenMs: number
  apiKey?: string
  checkState?: boolean
  nextAnswer: (request: UpstreamRequest) => Promise<UpstreamReply>
}

const NAMED = { named: true, doneMarker: false }
const UNNAMED = { named: false, doneMarker: true }

/** Sends what replaces an answer; false when there is nothing of the kind. */
const replaced = async (route: UpstreamRoute, faults: UpstreamFaults): Promise<boolean> => {
  const { status, body } = faults
  if (!faults.resetConnection && !faults.never && status === undefined && body === undefined) return false
  const writer = replyWriter(route.response, route.request, faults, route.maxOpenMs)
  if (faults.resetConnection) {
    route.request.outcome = 'cut'
    route.response.socket?.resetAndDestroy()
  } else if (faults.never) await writer.hold()
  else await sendBody(writer, status ?? 200, body ?? '')
  return true
}

const partsOf = (reply: UpstreamReply): ScriptParts =>
  typeof reply === 'string' ? { text: reply } : 'chunks' in reply || 'events' in reply ? {} : reply

/** The response that the last event carries, after the faults. */
const finalResponse = async (
  events: Iterable<WireEvent> | AsyncIterable<WireEvent>,
  faults: UpstreamFaults,
) => {
  let final: unknown
  for await (const event of faultyEvents(events, faults)) final = event.response ?? final
  return final
}

const postResponse = async (
  route: UpstreamRoute,
  writer: ReplyWriter,
  reply: UpstreamReply,
  faults: UpstreamFaults,
) => {
  const { request, stored, ids } = route
  const { body } = request
  if (typeof reply !== 'string' && 'events' in reply) {
    const events = reply.events as Iterable<WireEvent>
    if (body.stream) return sendEvents(writer, events, faults, NAMED)
    return sendBody(writer, 200, await finalResponse(events, faults))
  }
  const response = scriptResponse(body, partsOf(reply), ids)
  const events = lifecycleEvents(response) as unknown as WireEvent[]
  if (body.store !== false) stored.add(body, response, events)
  if (body.stream) return sendEvents(writer, events, faults, NAMED)
  if (body.background) return sendBody(writer, 200, stored.queued(response))
  return sendBody(writer, 200, await finalResponse(events, { ...faults, noTerminal: false }))
}

const postChat = async (
  route: UpstreamRoute,
  writer: ReplyWriter,
  reply: UpstreamReply,
  faults: UpstreamFaults,
) => {
  const { body } = route.request
  const { messages, ...rest } = body
  const response: Response = scriptResponse({ ...rest, input: messages as never }, partsOf(reply), route.ids)
  if (typeof reply !== 'string' && 'chunks' in reply) return sendEvents(writer, reply.chunks, faults, UNNAMED)
  const options = body.stream_options as { include_usage?: boolean } | null | undefined
  const includeUsage = options?.include_usage === true && !faults.noUsage
  if (body.stream) return sendEvents(writer, chatChunks(response, includeUsage), faults, UNNAMED)
  const completion = chatCompletion(response)
  if (faults.noUsage) completion.usage = null
  return sendBody(writer, response.status === 'failed' ? 500 : 200, completion)
}

const STATELESS: Record<string, (body: UpstreamRequest['body'], ids: ItemIds) => object> = {
  '/v1/responses/compact': (body, ids) => ({
    id: ids.next('resp'),
    object: 'response.compaction',
    created_at: 1_764_000_000,
    output: [
      { id: ids.next('cmp'), type: 'compaction', encrypted_content: `compacted-${body.input?.length ?? 0}` },
    ],
    usage: { input_tokens: 100, output_tokens: 20, total_tokens: 120 },
  }),
  '/v1/responses/input_tokens': (body) => ({
    object: 'response.input_tokens',
    input_tokens: Math.ceil(JSON.stringify(body.input ?? '').length / 4),
  }),
}

const refusal = (route: UpstreamRoute): [number, object] | undefined => {
  const { request, apiKey, checkState, stored } = route
  if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
    return [401, errorBody('invalid_api_key', 'Incorrect API key provided.')]
  }
  const previous = request.body.previous_response_id
  if (checkState && previous && !stored.has(previous)) {
    const message = `Previous response with id '${previous}' not found.`
    return [400, errorBody('previous_response_not_found', message, 'previous_response_id')]
  }
  return undefined
}

/** Finds the answer of one request and sends it. */
export const routeRequest = async (route: UpstreamRoute): Promise<void> => {
  const { request, stored } = route
  if (await replaced(route, route.faults)) return
  const plain = (faults: UpstreamFaults) => replyWriter(route.response, request, faults, route.maxOpenMs)
  const refused = refusal(route)
  if (refused) return sendBody(plain(route.faults), ...refused)

  const place = `${request.method} ${request.path}`
  if (place === 'POST /v1/responses' || place === 'POST /v1/chat/completions') {
    const reply = await route.nextAnswer(request)
    const faults = typeof reply === 'string' ? route.faults : { ...route.faults, ...reply }
    if (await replaced(route, faults)) return
    const post = request.path === '/v1/responses' ? postResponse : postChat
    return post(route, plain(faults), reply, faults)
  }
  const stateless = request.method === 'POST' ? STATELESS[request.path] : undefined
  if (stateless) return sendBody(plain(route.faults), 200, stateless(request.body, route.ids))

  const [, id = '', action = ''] = /^\/v1\/responses\/([^/]+)(?:\/([a-z_]+))?$/.exec(request.path) ?? []
  const answer = id ? stored.answer(request.method, decodeURIComponent(id), action, request.query) : undefined
  if (answer?.events) return sendEvents(plain(route.faults), answer.events, route.faults, NAMED)
  if (answer) return sendBody(plain(route.faults), answer.status, answer.body)
  return sendBody(plain(route.faults), 404, errorBody('not_found', `Unknown request URL: ${place}.`))
}
