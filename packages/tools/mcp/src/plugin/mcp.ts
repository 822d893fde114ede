import type { McpTool, ToolDefinition } from '@antiphon/client'
import { type BuiltInTool, ConfigError } from 'antiphon'
import { isCommand } from '../connection/server-address.ts'
import { createMcpPool, type McpPool } from '../session/pool.ts'
import { declaredServer, isLabel, ownServers } from './declared-server.ts'
import type { McpOptions } from './mcp-options.ts'
import { openServers } from './open-servers.ts'
import { replayItem } from './replay-item.ts'

/**
 * Tools of MCP servers: for an agent those of `servers`, for a server those that requests declare (`{ type: 'mcp', … }`), by label or by URL.
 *
 * Each tool becomes a function `label__tool`; calls appear as `mcp_call`s and wait for approval unless it is said otherwise. Sessions are pooled and close when they are idle, and with `close()`.
 *
 * @throws ConfigError `invalid_config` for a label that is none, and for servers that cannot be handed over to a provider
 */
export const mcp = (options: McpOptions = {}): BuiltInTool => {
  const { servers = {}, runs = 'local', limits } = options
  for (const [label, server] of Object.entries(servers)) {
    if (!isLabel(label))
      throw new ConfigError(
        'invalid_config',
        `mcp: expected a label of at most 64 letters, digits, _ and -, a letter first, got \`${label}\`.`,
      )
    if (isCommand(server) === 'url' in server)
      throw new ConfigError(
        'invalid_config',
        `mcp: expected server "${label}" to have \`command\` or \`url\`.`,
      )
  }
  const declaration = declarationOf(options)
  let pool: McpPool | undefined
  let isClosed = false
  return {
    kind: 'built-in',
    name: 'mcp',
    types: ['mcp'],
    declaration: declaration as ToolDefinition,
    runs,
    itemTypes: ['mcp_call', 'mcp_list_tools', 'mcp_approval_request', 'mcp_approval_response'],
    open: (declared, context) => {
      if (isClosed)
        throw new ConfigError('invalid_config', 'mcp: the tool was closed, so no run can have it.')
      // What an agent has is told by the very object.
      const asked =
        declared === declaration ? ownServers(servers) : [declaredServer(declared as McpTool, options)]
      pool ??= createMcpPool(options)
      return openServers(asked, pool, context, limits)
    },
    replay: replayItem,
    close: async () => {
      isClosed = true
      await pool?.close()
    },
  }
}

/** What an agent declares. Nothing of it is sent where the servers are asked from here, so no secret is in it then. */
const declarationOf = ({ servers = {}, runs = 'local' }: McpOptions): McpTool => {
  const [only, ...more] = Object.entries(servers)
  const label = only?.[0] ?? 'mcp'
  if (runs === 'local' || only === undefined) return { type: 'mcp', server_label: label }
  const [, server] = only
  if (isCommand(server) || more.length > 0)
    throw new ConfigError(
      'invalid_config',
      `mcp: runs: '${runs}' hands one server with a \`url\` over to the provider. Use 'local', or one mcp() for each server.`,
    )
  return {
    type: 'mcp',
    server_label: label,
    server_url: server.url,
    ...(server.headers === undefined ? {} : { headers: { ...server.headers } }),
    ...(server.authorization === undefined ? {} : { authorization: server.authorization }),
    ...(server.description === undefined ? {} : { server_description: server.description }),
    ...(server.allowedTools === undefined ? {} : { allowed_tools: server.allowedTools }),
    ...(server.requireApproval === undefined ? {} : { require_approval: server.requireApproval }),
  }
}
