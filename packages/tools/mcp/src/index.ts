// Tools of MCP servers, for agents and for servers

export { mcp } from './plugin/mcp.ts'
export type { McpOptions, McpServerOptions, McpServerPolicy } from './plugin/mcp-options.ts'
export { type ViaMcpOptions, type ViaMcpResult, viaMcp } from './plugin/via-mcp.ts'

// The other way: an agent for MCP clients

export type { AgentServerOptions } from './serve/agent-server.ts'
export type { GuardOptions } from './serve/guarded.ts'
export { type ServedMcp, type ServeMcpOptions, serveMcp } from './serve/serve-mcp.ts'

// Sessions with servers, without an agent

export type { McpCallResult } from './call/call-result.ts'
export type { McpCallOptions, McpProgress } from './call/call-tool.ts'
export type { McpLimits } from './connection/limits.ts'
export type { McpCommand, McpServer, McpTarget, McpUrl } from './connection/server-address.ts'
export type { McpToolList } from './list/tool-list.ts'
export { createMcpPool, type McpPool, type McpPoolOptions, type McpSession } from './session/pool.ts'

// Errors

export { McpError, type McpErrorCode, type McpErrorDetails } from './mcp-error.ts'
