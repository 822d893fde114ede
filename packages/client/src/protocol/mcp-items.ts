import type { OpenString } from './open.ts'

/** A tool that an MCP server offers. */
export interface McpListedTool {
  name: string
  description?: string | null
  /** JSON Schema of the arguments. */
  input_schema: unknown
  annotations?: unknown
}

/**
 * The tools of an MCP server, as the provider listed them.
 *
 * While it is in context the server does not list again. Source: Responses API, `MCPListTools`.
 */
export interface McpListTools {
  type: 'mcp_list_tools'
  id: string
  server_label: string
  tools: McpListedTool[]
  error?: string | null
}

/** Why an MCP call failed: text from some servers, one of three objects by contract. */
export type McpCallError =
  | string
  | { type: 'mcp_protocol_error'; code: number; message: string }
  | { type: 'mcp_tool_execution_error'; content: unknown }
  | { type: 'http_error'; code: number; message: string }

/** A call to a tool of an MCP server, executed by the provider. Source: Responses API, `MCPToolCall`. */
export interface McpCall {
  type: 'mcp_call'
  id: string
  server_label: string
  name: string
  /** JSON as text; may be `''`. */
  arguments: string
  output?: string | null
  error?: McpCallError | null
  status?: OpenString<'in_progress' | 'completed' | 'incomplete' | 'calling' | 'failed'>
  /** `id` of the request that was approved, when one was needed. */
  approval_request_id?: string | null
}

/**
 * The provider asks before it calls an MCP tool; the response ends with it.
 *
 * Source: Responses API, `MCPApprovalRequest`.
 */
export interface McpApprovalRequest {
  type: 'mcp_approval_request'
  id: string
  server_label: string
  name: string
  /** JSON as text; may be `''`. */
  arguments: string
}

/** The answer to a request for approval. Source: Responses API, `MCPApprovalResponse`. */
export interface McpApprovalResponse {
  type: 'mcp_approval_response'
  id: string
  /** The `id` of the `mcp_approval_request`. */
  approval_request_id: string
  approve: boolean
  reason?: string | null
}
