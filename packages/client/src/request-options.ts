import type { ResponseEvent } from './protocol/events.ts'
import type { Includable } from './protocol/request-output.ts'
import type { Call } from './send/call.ts'

/** Receives the wire events of one answer, in order; what it throws fails the call. */
export type ResponseSink = (event: ResponseEvent) => void

/** Stops a call, which then rejects with `aborted` and this reason as the cause. */
export type Cancel = (reason: Error) => void

/** How a caller stops what he started. */
export interface AbortOptions {
  /** Aborts the call and closes its connection. */
  signal?: AbortSignal
  /** Called with the function that stops the call; cheaper than a signal. */
  onAbort?: (cancel: Cancel) => void
}

/** What any single call may say for itself; everything else comes from the client. */
export interface RequestOptions extends Pick<Call, 'headers' | 'timeouts' | 'retries'> {
  /** Aborts the call and closes its connection. */
  signal?: AbortSignal
}

/** Options of a call that answers with a response or items. */
export interface RetrieveOptions extends RequestOptions {
  /** Extra data, such as `message.input_image.image_url`. */
  include?: readonly Includable[]
}

/** What a call that creates a response may say for itself. */
export interface CreateOptions extends RequestOptions {
  /**
   * Send the request once more without a parameter that the model does not take.
   *
   * Fires on 400 `unsupported_parameter` or `unsupported_value` that names one of the parameters which only tune the answer,
   * such as `temperature`, `top_p` or `reasoning.summary`; never for one that changes what is asked.
   * @defaultValue the client's, which is false
   */
  dropUnsupported?: boolean
}

/** How a lost stream of a background response is taken up again. */
export interface ReconnectOptions {
  /** Attempts in a row that bring no new event before the loss is reported; 0 never reconnects. @defaultValue 5 */
  reconnects?: number
  /** Wait before the first attempt; doubles with each attempt in a row, up to 8000. @defaultValue 500 */
  reconnectDelayMs?: number
}

/** Options of `responses.stream()`. */
export interface StreamOptions extends CreateOptions, ReconnectOptions {}

/** Options of `responses.push()`. */
export interface PushOptions extends StreamOptions, AbortOptions {
  /** The request already encoded as JSON; sent as it is instead of `params`. */
  body?: Uint8Array
}

/** The part of the options that every call of the sender takes. */
export const callOptions = (options: RequestOptions & AbortOptions): Partial<Call> => ({
  signal: options.signal,
  onAbort: options.onAbort,
  headers: options.headers,
  timeouts: options.timeouts,
  retries: options.retries,
})
