// What calls come to, and why a server gave nothing
export type { McpCallResult } from './call/call-result.ts'
export { failedCall, type McpCallOptions, type McpProgress } from './call/call-tool.ts'
// Where servers are, and what is taken from them
export type { McpLimits } from './connection/limits.ts'
export type { McpCommand, McpServer, McpTarget, McpUrl } from './connection/server-address.ts'
export { functionName, functionNames } from './list/function-names.ts'
export type { McpToolList } from './list/tool-list.ts'
export { McpError, type McpErrorCode, type McpErrorDetails } from './mcp-error.ts'
// Sessions with them
export { createMcpPool, type McpPool, type McpPoolOptions, type McpSession } from './session/pool.ts'
