import { AntiphonError } from '../errors.ts'

/** Kinds of refusal, by HTTP status (and by the error's own code where the status says too little). */
export type ApiErrorCode =
  | 'redirect'
  | 'bad_request'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'conflict'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'rate_limited'
  | 'quota_exceeded'
  | 'not_implemented'
  | 'server_error'

/** Facts of an {@link ApiError}. */
export interface ApiErrorOptions {
  readonly status?: number
  readonly requestId?: string
  readonly type?: string
  readonly param?: string
  readonly apiCode?: string
  readonly body?: unknown
  readonly retryAfterMs?: number
  readonly retryable?: boolean
}

/**
 * The endpoint answered, and the answer is an error: an HTTP status outside 2xx, an `error` event inside a stream, or
 * an error object under status 200 (as some gateways send).
 *
 * Retryable: 408, 409, 429 and 5xx except 501, unless the server's `x-should-retry` says otherwise; never when the
 * quota is used up.
 */
export class ApiError extends AntiphonError<ApiErrorCode> {
  override name = 'ApiError'
  /** HTTP status; absent when the error came inside a stream that had begun with 200. */
  readonly status: number | undefined
  /** The server's id of the request, to quote to its support. */
  readonly requestId: string | undefined
  /** `error.type` as sent, such as `invalid_request_error`. */
  readonly type: string | undefined
  /** The parameter that was refused, when the server names one. */
  readonly param: string | undefined
  /** `error.code` as sent, such as `context_length_exceeded`. */
  readonly apiCode: string | undefined
  /** The body: parsed JSON, the title of an HTML page, or the beginning of a text. Keys are replaced by `[redacted]`. */
  readonly body: unknown
  /** What `retry-after-ms` or `retry-after` asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(code, message, { retryable: options.retryable ?? false })
    this.status = options.status
    this.requestId = options.requestId
    this.type = options.type
    this.param = options.param
    this.apiCode = options.apiCode
    this.body = options.body
    this.retryAfterMs = options.retryAfterMs
  }
}
