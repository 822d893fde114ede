import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { isAntiphonError } from 'antiphon'
import { McpError } from '../mcp-error.ts'
import { LOST_MESSAGE } from './http-transport.ts'
import type { HideText } from './secrets.ts'

/** Characters of what a server wrote about its failure. */
const MAX_REASON = 1_000

/** What was being done, for the message, and what must not be in it. */
export interface FailureScene {
  readonly label: string
  readonly doing: string
  readonly hide: HideText
}

/** What the SDK threw, as an error of ours: without its cause, which holds headers and bodies. */
export const toMcpError = (error: unknown, scene: FailureScene): McpError => {
  if (error instanceof McpError) return error
  const say = (why: string): string => `MCP server "${scene.label}": ${scene.doing} failed: ${why}`
  const reason = (): string => tidyReason(scene.hide(error instanceof Error ? error.message : String(error)))
  const status = statusOf(error)
  if (error instanceof UnauthorizedError || status === 401 || status === 403)
    return new McpError(
      'mcp_unauthorized',
      say('it refuses the credentials. Check `authorization` and `headers`.'),
      { status: status ?? 401 },
    )
  if (error instanceof ProtocolError) {
    if (error.message === LOST_MESSAGE) return closed(say)
    return new McpError('mcp_protocol', say(reason()), { status: error.code })
  }
  if (error instanceof SdkError) {
    if (error.code === SdkErrorCode.RequestTimeout)
      return new McpError('mcp_timeout', say('it did not answer in time.'), { retryable: true })
    if (error.code === SdkErrorCode.ConnectionClosed || error.code === SdkErrorCode.NotConnected)
      return closed(say)
    if (status !== undefined)
      return new McpError('mcp_protocol', say(`HTTP ${status}. ${httpReason(error, scene.hide)}`.trim()), {
        status,
        retryable: status === 429 || status >= 500,
      })
    return new McpError('mcp_protocol', say(reason()))
  }
  // Of egress: it says why an address is refused, and holds no secret.
  if (isAntiphonError(error))
    return new McpError(
      error.code === 'egress_refused' ? 'mcp_refused' : 'mcp_connect_failed',
      say(tidyReason(scene.hide(error.message))),
      { retryable: error.retryable },
    )
  return new McpError('mcp_connect_failed', say(systemReason(error) ?? reason()), { retryable: true })
}

/** HTTP status of the answer that an error is about. */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof McpError || error instanceof SdkHttpError) return error.status
  return undefined
}

const closed = (say: (why: string) => string): McpError =>
  new McpError('mcp_closed', say('the connection ended. Whether it was carried out is not known.'), {
    retryable: true,
  })

/** The body of a refusal: often a page, of which nobody wants more than the beginning. */
const httpReason = (error: SdkError, hide: HideText): string => {
  const { text } = (error.data ?? {}) as { text?: unknown }
  return typeof text === 'string' && !/^\s*</.test(text) ? tidyReason(hide(text), 300) : ''
}

const tidyReason = (text: string, most = MAX_REASON): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most)} …` : line
}

const systemReason = (error: unknown): string | undefined => {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as { code?: unknown }
    if (code === 'ENOENT') return 'its command was not found. Check `command` and `PATH`.'
    if (code === 'EACCES') return 'its command may not be run.'
    if (code === 'ECONNREFUSED') return 'nothing listens there.'
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return `the connection failed (${code}).`
  }
  return undefined
}
