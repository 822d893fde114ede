import type { OpenString } from './open.ts'
import type { AllowedCallers } from './tool-callers.ts'

/** Chooses tools of an MCP server by name, or by their being read-only. */
export interface McpToolFilter {
  tool_names?: string[]
  read_only?: boolean
}

/**
 * Tools of an MCP server, called by the provider.
 *
 * Give exactly one of `server_url`, `connector_id` and `tunnel_id`. Source: Responses API, `MCPTool`.
 */
export interface McpTool {
  type: 'mcp'
  server_label: string
  server_url?: string
  connector_id?: OpenString<
    | 'connector_dropbox'
    | 'connector_gmail'
    | 'connector_googlecalendar'
    | 'connector_googledrive'
    | 'connector_microsoftteams'
    | 'connector_outlookcalendar'
    | 'connector_outlookemail'
    | 'connector_sharepoint'
  >
  /** `tunnel_` and 32 characters of `a-z 0-9`. */
  tunnel_id?: string
  /** OAuth token for the server. Neither stored nor echoed: send it with every request. */
  authorization?: string
  /** Headers for the server. Neither stored nor echoed: send them with every request. */
  headers?: Record<string, string> | null
  server_description?: string
  allowed_tools?: string[] | McpToolFilter | null
  /** Which calls wait for an `mcp_approval_response`. @defaultValue `'always'` */
  require_approval?: 'always' | 'never' | { always?: McpToolFilter; never?: McpToolFilter } | null
  /** Hides the tools until they are searched for. */
  defer_loading?: boolean
  allowed_callers?: AllowedCallers | null
}
