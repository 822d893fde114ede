import type { McpListedTool } from '@antiphon/client'
import type { CallToolResult, Progress } from '@modelcontextprotocol/client'
import type { McpLimits } from '../connection/limits.ts'
import type { Connection } from '../connection/open-connection.ts'
import { statusOf, toMcpError } from '../connection/to-mcp-error.ts'
import { McpError } from '../mcp-error.ts'
import { plainText } from '../plain-text.ts'
import type { McpCallResult } from './call-result.ts'
import { readResult } from './read-result.ts'

/** How far a call is, as its server tells it. */
export interface McpProgress {
  readonly progress: number
  readonly total?: number
  readonly message?: string
}

/** What a single call may say. */
export interface McpCallOptions {
  /** Cancels the call, at the server, too. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: McpProgress) => void
}

/** Milliseconds between two notices of progress that are passed on; a server may send thousands. */
const PROGRESS_EVERY_MS = 50
const MAX_PROGRESS_CHARS = 500

/**
 * Calls a tool once.
 *
 * @throws McpError when there was no answer of the tool; a tool that says that it failed is a result
 */
export const callTool = async (
  { client, hide }: Pick<Connection, 'client' | 'hide'>,
  scene: { readonly label: string; readonly tool: McpListedTool; readonly limits: Required<McpLimits> },
  args: Record<string, unknown>,
  { signal, onProgress }: McpCallOptions = {},
): Promise<McpCallResult> => {
  const { label, tool, limits } = scene
  try {
    const result = await client.callTool(
      { name: tool.name, arguments: args },
      {
        // With it the client does not ask for the list, and knows of no schema to hold the output against: a stranger's patterns are not run here.
        toolDefinition: { name: tool.name, inputSchema: tool.input_schema as { type: 'object' } },
        timeout: limits.callTimeoutMs,
        maxTotalTimeout: limits.maxCallMs,
        resetTimeoutOnProgress: true,
        // Always asked for: it is what keeps a long call from its time limit.
        onprogress: atMostEvery(PROGRESS_EVERY_MS, (progress) => onProgress?.(progress)),
        ...(signal === undefined ? {} : { signal }),
      },
    )
    return readResult(result as CallToolResult, limits)
  } catch (error) {
    const doing = `the call of ${plainText(tool.name, 128)}`
    if (signal?.aborted) throw new McpError('mcp_cancelled', `MCP server "${label}": ${doing} was cancelled.`)
    throw toMcpError(error, { label, doing, hide })
  }
}

/** A failed call as its result: what the model reads, and what the item of the call holds. */
export const failedCall = (error: McpError): Extract<McpCallResult, { outcome: 'failed' }> => {
  const { message } = error
  const status = statusOf(error)
  const isHttp = status !== undefined && status >= 100 && status < 600
  return {
    outcome: 'failed',
    text: message,
    error: isHttp
      ? { type: 'http_error', code: status, message }
      : { type: 'mcp_protocol_error', code: status ?? CODES[error.code] ?? -32_603, message },
  }
}

/** Codes of JSON-RPC for what has none: its server never said one. */
const CODES: Partial<Record<McpError['code'], number>> = { mcp_timeout: -32_001, mcp_closed: -32_000 }

const atMostEvery = (ms: number, tell: (progress: McpProgress) => void): ((progress: Progress) => void) => {
  let last = Number.NEGATIVE_INFINITY
  return ({ progress, total, message }) => {
    const now = performance.now()
    if (now - last < ms) return
    last = now
    tell({
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message: plainText(message, MAX_PROGRESS_CHARS) }),
    })
  }
}
