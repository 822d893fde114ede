import type { McpTool } from '@antiphon/client'
import type { EgressPolicy } from '@antiphon/egress'
import type { RunsWhere } from 'antiphon'
import type { McpServer } from '../connection/server-address.ts'
import type { McpPoolOptions } from '../session/pool.ts'

/** What may be done with the tools of a server. */
export interface McpServerPolicy {
  /** The only tools that are offered. @defaultValue all */
  readonly allowedTools?: McpTool['allowed_tools']
  /** Which calls wait for a person. @defaultValue 'always' */
  readonly requireApproval?: McpTool['require_approval']
  /** What the server is for: the model reads it. */
  readonly description?: string
}

/** A server of the operator, with what may be done with it. */
export type McpServerOptions = McpServer & McpServerPolicy

/** What `mcp()` takes. */
export interface McpOptions extends McpPoolOptions {
  /**
   * Servers of your own, by label. An agent with the tool has all of them; a request gets one by `{ type: 'mcp', server_label }`, and can make its policy stricter, not looser.
   */
  readonly servers?: Readonly<Record<string, McpServerOptions>>
  /** Whether requests may bring servers of their own (`server_url`): all, none, or those that the function lets pass. @defaultValue true */
  readonly allowUrls?: boolean | ((url: URL) => boolean)
  /** Where those may be. @defaultValue public addresses over https */
  readonly egress?: EgressPolicy
  /**
   * Who asks the servers. `hosted` and `auto` hand the server over to the provider of the model, with its headers and its token: for one server with a URL. @defaultValue 'local'
   */
  readonly runs?: RunsWhere
}
