import { underOneSignal } from '../abort-scope.ts'
import { createAccumulator } from '../accumulate/accumulator.ts'
import { checkCompact, checkRequest } from '../check-request.ts'
import { sendDroppingUnsupported } from '../drop-unsupported.ts'
import { type Page, readPage } from '../page.ts'
import { unexpected } from '../parameter-error.ts'
import { type PollOptions, pollUntilDone } from '../poll.ts'
import type { CompactedResponse, CompactRequest } from '../protocol/compaction.ts'
import type { InputTokenCount, InputTokensRequest } from '../protocol/input-tokens.ts'
import type { ListQuery } from '../protocol/list-page.ts'
import type { ResponseRequest } from '../protocol/request.ts'
import type { Response } from '../protocol/response.ts'
import type { DeletedResponse, StoredItem, StoredItemPage } from '../protocol/stored-responses.ts'
import { pushEvents } from '../push.ts'
import {
  type CreateOptions,
  callOptions,
  type PushOptions,
  type ReconnectOptions,
  type RequestOptions,
  type ResponseSink,
  type RetrieveOptions,
  type StreamOptions,
} from '../request-options.ts'
import { resourcePath } from '../resource-path.ts'
import type { Call } from '../send/call.ts'
import type { Sender } from '../send.ts'
import { ResponseStream } from '../stream.ts'
import { followResponse, lookAt, type PushContext, pushResponse } from './push-response.ts'

/** A request whose answer comes whole. For events use `responses.stream()`. */
export type WholeRequest = ResponseRequest & { stream?: false | null }

/** Where to take up the stream of a background response. */
export interface ResumeStreamOptions extends RetrieveOptions, ReconnectOptions {
  /** `sequence_number` of the last event that was seen. @defaultValue none: all events from the first */
  startingAfter?: number
}

/** `/responses` of an endpoint. Only `create`, `stream` and `push` exist everywhere; CometAPI documents no others. */
export interface Responses {
  /**
   * Creates a response and waits for it; of a background response, for its first state.
   *
   * Resolves with a failed or incomplete response as well: look at `status`.
   *
   * @throws ParameterError `invalid_parameter` before anything is sent, {@link ApiError} when the endpoint refuses.
   */
  create(params: WholeRequest, options?: CreateOptions): Promise<Response>
  /**
   * Creates a response and gives its events as they come.
   *
   * The stream of a background response reconnects by itself; that of any other is never repeated once an event was seen.
   *
   * @throws ParameterError `invalid_parameter`, and AntiphonError `missing_api_key`, at the call itself; all else through the stream.
   */
  stream(params: ResponseRequest, options?: StreamOptions): ResponseStream
  /**
   * Creates a response and calls `sink` with each event as it is decoded: the way with the least cost per event.
   *
   * Resolves after the terminal event. Rejects with `stream_truncated` when there was none, and with an {@link ApiError} when an `error`
   * event came and no terminal event after it. With `params.stream: false` the whole answer is pushed as events.
   */
  push(params: ResponseRequest, sink: ResponseSink, options?: PushOptions): Promise<void>
  /** Reads a stored response. */
  retrieve(id: string, options?: RetrieveOptions): Promise<Response>
  /** Follows a background response over one connection, from the first event or after `startingAfter`. */
  retrieveStream(id: string, options?: Omit<ResumeStreamOptions, keyof ReconnectOptions>): ResponseStream
  /** Follows a background response, in a new process as well; reconnects by itself as `stream()` does. */
  resume(id: string, options?: ResumeStreamOptions): ResponseStream
  /** Reads a background response until it is no longer `queued` or `in_progress`. Rejects with `poll_timeout` after `timeoutMs`. */
  poll(id: string, options?: PollOptions & RetrieveOptions): Promise<Response>
  /** Deletes a stored response. */
  delete(id: string, options?: RequestOptions): Promise<DeletedResponse>
  /** Stops a background response; a second call gives the same final response. */
  cancel(id: string, options?: RequestOptions): Promise<Response>
  /** Lists the input of a stored response, newest first unless told otherwise. */
  inputItems(id: string, params?: ListQuery, options?: RequestOptions): Promise<Page<StoredItem>>
  /** Shortens a history; the result is no response, and its `output` is sent as it is. */
  compact(params: CompactRequest, options?: RequestOptions): Promise<CompactedResponse>
  /** Counts the tokens of an input. */
  inputTokens(params: InputTokensRequest, options?: RequestOptions): Promise<InputTokenCount>
}

/** Makes `/responses` on a sender. */
export function createResponses(context: PushContext): Responses {
  const json = <T>(
    method: string,
    path: string,
    options: RequestOptions,
    more: Partial<Call> = {},
  ): Promise<T> => context.sender().json<T>({ method, path, ...more, ...callOptions(options) })

  const stream = (params: ResponseRequest, options?: StreamOptions): ResponseStream => {
    checkRequest(params, { streaming: params.stream !== false })
    return new ResponseStream((sink, onAbort) => pushResponse(context, params, sink, { ...options, onAbort }))
  }

  const follow = (id: string, options: ResumeStreamOptions): ResponseStream => {
    const { startingAfter, signal } = options
    const sender = context.sender()
    const look = lookAt(sender, id, options)
    if (startingAfter !== undefined && !Number.isInteger(startingAfter)) {
      throw unexpected('startingAfter', 'the `sequence_number` of an event', startingAfter)
    }
    return new ResponseStream(
      (sink, onAbort) =>
        underOneSignal({ signal, onAbort }, (own) =>
          followResponse(sender, { id, startingAfter }, sink, { ...options, signal: own }),
        ),
      // What came before `startingAfter` is in the terminal event, but not with every server.
      async (folded) => (startingAfter !== undefined && folded.output.length === 0 ? look() : folded),
    )
  }

  return {
    stream,
    push: async (params, sink, options) => pushResponse(context, params, sink, options),
    retrieveStream: (id, options) => follow(id, { ...options, reconnects: 0 }),
    resume: (id, options = {}) => follow(id, options),

    async create(params, options = {}) {
      // For those who pass `stream: true` past the types.
      const streaming = (params as ResponseRequest).stream === true
      checkRequest(params, { streaming })
      if (streaming) return stream(params, options).response()
      const send = (body: ResponseRequest): Promise<Response> => createWhole(context.sender(), body, options)
      return (options.dropUnsupported ?? context.dropUnsupported)
        ? sendDroppingUnsupported(params, send)
        : send(params)
    },

    async retrieve(id, options = {}) {
      return lookAt(context.sender(), id, options)()
    },

    async poll(id, options = {}) {
      return pollUntilDone(lookAt(context.sender(), id, options), options)
    },

    async delete(id, options = {}) {
      const deleted = await json<DeletedResponse | undefined>('DELETE', at(id), options)
      // The contract gives no body.
      return deleted ?? { id, object: 'response', deleted: true }
    },

    async cancel(id, options = {}) {
      return json('POST', at(id, 'cancel'), options)
    },

    async inputItems(id, params = {}, options = {}) {
      const path = at(id, 'input_items')
      return readPage(params, (query) => json<StoredItemPage>('GET', path, options, { query }))
    },

    async compact(body, options = {}) {
      checkCompact(body)
      return json('POST', '/responses/compact', options, { body })
    },

    async inputTokens(body, options = {}) {
      return json('POST', '/responses/input_tokens', options, { body })
    },
  }
}

const at = (id: string, ...rest: string[]): string => resourcePath('responses', id, ...rest)

/** Sends a request for a whole answer, and folds it should the endpoint stream nevertheless. */
async function createWhole(sender: Sender, body: ResponseRequest, options: CreateOptions): Promise<Response> {
  const accumulator = createAccumulator()
  const call: Call = { method: 'POST', path: '/responses', body, ...callOptions(options) }
  const answer = await pushEvents(sender, call, (event) => accumulator.push(event))
  return answer ?? accumulator.finish()
}
