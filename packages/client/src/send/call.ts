import type { ResponseHeaders, Transport } from '../transport/transport.ts'

/** Time limits of a call, in milliseconds; `Infinity` switches one off. */
export interface Timeouts {
  /** Opening the connection, TLS included; seen to the second or so. @defaultValue 10000 */
  readonly connectMs?: number
  /** From sending the request to the first event of a stream, or to the head of a JSON answer; each attempt anew. @defaultValue 600000 */
  readonly firstEventMs?: number
  /**
   * Between two reads from the connection after that. Comments and keep-alive events count as life.
   * Models may think for minutes without a word.
   * @defaultValue 600000
   */
  readonly idleMs?: number
  /** The whole call, retries and waits included. @defaultValue none */
  readonly totalMs?: number
}

/** A failed attempt that is about to be repeated. */
export interface Retry {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number
  /** Wait before the next one, in milliseconds. */
  readonly waitMs: number
  /** Why it failed. */
  readonly error: Error
}

/** Head of a successful answer. */
export interface AnswerHead {
  readonly status: number
  readonly headers: ResponseHeaders
  /** The server's id of the request, when it sent one. */
  readonly requestId?: string
}

/** Value of a query parameter; an array repeats the parameter, undefined leaves it out. */
export type QueryValue = string | number | boolean | undefined | readonly (string | number)[]

/** One call to the endpoint. */
export interface Call {
  readonly method: string
  /** Path below the base URL, such as `/responses`; its segments are encoded already. */
  readonly path: string
  /** Query parameters, added to those of the base URL. */
  readonly query?: Readonly<Record<string, QueryValue>>
  /** JSON value, or JSON already encoded. The bytes must not change before the call has settled: a retry sends them again. */
  readonly body?: object | Uint8Array
  /** Headers of this call, over those of the sender; `Idempotency-Key` is one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Aborts the call and closes its connection. */
  readonly signal?: AbortSignal
  /** Called once with the function that aborts the call; cheaper than a signal. */
  readonly onAbort?: (cancel: (reason: Error) => void) => void
  /** Over the sender's. */
  readonly timeouts?: Timeouts
  /** Over the sender's. */
  readonly retries?: number
  /** Called before each wait; over the sender's. */
  readonly onRetry?: (retry: Retry) => void
  /** Called with the head of a 2xx answer, before its body. */
  readonly onAnswer?: (head: AnswerHead) => void
}

/** Options of `createSender`. */
export interface SenderOptions {
  /** Root of the API; may have a path, a trailing slash and a query (Azure's `api-version`). */
  readonly baseURL: string
  /** Sent as `Authorization: Bearer …`. Kept in a closure. */
  readonly apiKey?: string
  /** Headers of every call, over the built-in ones; undefined removes a built-in one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sent as `OpenAI-Organization`. */
  readonly organization?: string
  /** Sent as `OpenAI-Project`. */
  readonly project?: string
  /** How requests travel. @defaultValue undici on Node, `fetch` elsewhere */
  readonly transport?: Transport
  /** Attempts after the first one. @defaultValue 2 */
  readonly retries?: number
  readonly timeouts?: Timeouts
  /** Called before each wait for a retry. */
  readonly onRetry?: (retry: Retry) => void
}
