/**
 * Facts of an error, in the body of a failed request or in an `error` event.
 *
 * Source: Responses API, `Error`.
 */
export interface ErrorDetail {
  message: string
  /** Such as `invalid_request_error`; gateways have their own. */
  type?: string | null
  code?: string | null
  /** The parameter at fault. */
  param?: string | null
  /** Headers that belong to the error, on WebSocket frames. */
  headers?: Record<string, string>
}

/**
 * Body of a failed request, from a server that keeps the contract; gateways also send HTML and plain text.
 */
export interface ErrorBody {
  error: ErrorDetail
}
