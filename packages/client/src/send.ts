import type { ApiError } from './errors/api-error.ts'
import { createRedactor } from './errors/redact.ts'
import { valueToApiError } from './errors/to-api-error.ts'
import { AntiphonError } from './errors.ts'
import type { Receiver } from './send/attempt-plan.ts'
import type { Call, SenderOptions, Timeouts } from './send/call.ts'
import { encodeBody } from './send/encode-body.ts'
import { checkRetries, mergeTimeouts } from './send/limits.ts'
import { RequestHeaders } from './send/request-headers.ts'
import { Sending, type Settle } from './send/sending.ts'
import { Target } from './send/target.ts'
import { defaultTransport } from './transport/default.ts'
import type { Transport } from './transport/transport.ts'

/** Makes the calls of one endpoint; holds its key out of sight, so that inspecting it shows nothing. */
export interface Sender {
  /**
   * Sends a call and reads its JSON answer; undefined when the answer of a `DELETE`, or one with status 204, is empty.
   *
   * Retries as {@link Sender.events} does; a body that is cut is read anew as well, for nothing of it was handed on.
   *
   * @throws ApiError, ConnectionError, TimeoutError, AbortedError, AntiphonError `invalid_answer` (not JSON) or `empty_answer`
   */
  json<T>(call: Call): Promise<T>
  /**
   * Sends a call and hands on the events of its answer, in order.
   *
   * Resolves when the body ended, or at once when `onEvent` called `end()` (the terminal event was seen): what follows is
   * read quietly for up to a second so that the connection can be used again, and its errors are ignored. An answer in
   * JSON goes to `onJson` whole. What a callback throws ends the call, closes the connection, and is what it rejects with.
   *
   * Repeated on 408, 409, 429, 5xx (not 501), `x-should-retry`, lost connections and first-event timeouts, and on a stream
   * whose very first event is a retryable error; never after an event was handed on, and never when the quota is used up.
   *
   * @throws ApiError, ConnectionError (`stream_cut` when the connection was lost inside the answer), TimeoutError,
   *   AbortedError, AntiphonError `invalid_answer`, `empty_answer`, `invalid_event`, `event_too_large`
   */
  events(
    call: Call,
    onEvent: ((event: Record<string, unknown>, end: () => void) => void) | Receiver,
    onJson?: (body: unknown) => void,
  ): Promise<void>
  /** As {@link Sender.events}, told to one object: the answer, and how the call ended. */
  send(call: Call, receiver: Receiver & Settle): void
  /** The typed error of an `error` event, or of the `error` of a failed response, without any key of this sender. */
  errorOf(event: unknown): ApiError
}

/**
 * Makes a sender: transport, headers, retries, timeouts, abort and typed errors behind two functions.
 *
 * @throws AntiphonError `invalid_base_url`, `invalid_header` or `invalid_option`
 */
export const createSender = (options: SenderOptions): Sender => new EndpointSender(options)

// A class, not closures: code that was optimised for one endpoint holds for the next one in the same process.
class EndpointSender implements Sender {
  readonly #target: Target
  readonly #headers: RequestHeaders
  readonly #retries: number
  readonly #timeouts: Required<Timeouts>
  readonly #transport: Transport | undefined
  readonly #onRetry: SenderOptions['onRetry']

  constructor(options: SenderOptions) {
    this.#target = new Target(options.baseURL)
    this.#headers = new RequestHeaders(options)
    this.#retries = checkRetries(options.retries ?? 2)
    this.#timeouts = mergeTimeouts(options.timeouts)
    this.#transport = options.transport
    this.#onRetry = options.onRetry
  }

  json<T>(call: Call): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let answer: unknown
      const onJson = (body: unknown): void => {
        answer = body
      }
      this.#start(call, 'json', { onJson }, { resolve: () => resolve(answer as T), reject })
    })
  }

  events(
    call: Call,
    onEvent: ((event: Record<string, unknown>, end: () => void) => void) | Receiver,
    onJson: (body: unknown) => void = refuseJson,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const receiver = typeof onEvent === 'function' ? { onEvent, onJson } : onEvent
      this.#start(call, 'events', receiver, { resolve, reject })
    })
  }

  send(call: Call, receiver: Receiver & Settle): void {
    this.#start(call, 'events', receiver, receiver)
  }

  errorOf(event: unknown): ApiError {
    return valueToApiError(event, {
      describe: () => `A call to ${this.#target.origin}`,
      redactor: () => createRedactor(this.#headers.secrets(undefined)),
    })
  }

  #start(call: Call, kind: 'json' | 'events', receiver: Receiver, settle: Settle): void {
    const body = encodeBody(call.body)
    const timeouts =
      call.timeouts === undefined ? this.#timeouts : mergeTimeouts(call.timeouts, this.#timeouts)
    const headers = this.#headers
    const request = {
      method: call.method,
      origin: this.#target.origin,
      path: this.#target.path(call),
      headers: headers.list(call.headers, kind, body !== undefined),
      body,
      connectTimeoutMs: timeouts.connectMs,
    }
    const plan = {
      call,
      request,
      transport: this.#transport ?? defaultTransport(),
      timeouts,
      retries: call.retries === undefined ? this.#retries : checkRetries(call.retries),
      onRetry: call.onRetry ?? this.#onRetry,
      redactor: () => createRedactor(headers.secrets(call.headers)),
    }
    new Sending(plan, receiver, settle).start()
  }
}

const refuseJson = (): never => {
  throw new AntiphonError(
    'invalid_answer',
    'The answer is one JSON body where a stream of events was asked for.',
  )
}
