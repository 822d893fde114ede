import { AntiphonError } from 'antiphon'

/** Why an MCP server gave nothing. */
export type McpErrorCode =
  /** The server could not be started or reached, or it did not speak MCP. */
  | 'mcp_connect_failed'
  /** It asked for other credentials (401, 403). */
  | 'mcp_unauthorized'
  /** It did not answer in time. */
  | 'mcp_timeout'
  /** The connection ended while a request was under way; what it did is not known. */
  | 'mcp_closed'
  /** It answered with an error of the protocol, or with what is none. */
  | 'mcp_protocol'
  /** The request was cancelled here. */
  | 'mcp_cancelled'
  /** Too many sessions are open. */
  | 'mcp_busy'
  /** A declaration that cannot be honoured. */
  | 'mcp_refused'

/** What is known beside the message. */
export interface McpErrorDetails {
  readonly cause?: unknown
  readonly retryable?: boolean
  /** Code of the JSON-RPC error, or the HTTP status. */
  readonly status?: number
}

/** An MCP server failed, or was not asked at all. No message of it holds a header or a token. */
export class McpError extends AntiphonError<McpErrorCode> {
  override name = 'McpError'
  /** Code of the JSON-RPC error, or the HTTP status, where there was one. */
  readonly status: number | undefined

  constructor(code: McpErrorCode, message: string, { status, ...details }: McpErrorDetails = {}) {
    super(code, message, details)
    this.status = status
  }
}
