import type { McpListedTool } from '@antiphon/client'
import type { EgressPolicy } from '@antiphon/egress'
import { ConfigError } from 'antiphon'
import type { McpCallResult } from '../call/call-result.ts'
import type { McpCallOptions } from '../call/call-tool.ts'
import { DEFAULT_LIMITS, type McpLimits } from '../connection/limits.ts'
import type { ConnectionOptions } from '../connection/open-connection.ts'
import type { McpTarget } from '../connection/server-address.ts'
import type { McpToolList } from '../list/tool-list.ts'
import { McpError } from '../mcp-error.ts'
import { createLink, type Link } from './link.ts'
import { sessionKey } from './session-key.ts'

/** How many sessions there are, how long they stay, and what is taken from servers. */
export interface McpPoolOptions {
  /** Sessions at once. @defaultValue 64 */
  readonly maxSessions?: number
  /** Sessions of one tenant at once. @defaultValue 16 */
  readonly maxSessionsPerTenant?: number
  /** Milliseconds that a session stays open while nobody uses it. @defaultValue 300_000 */
  readonly idleMs?: number
  readonly limits?: McpLimits
  /** Where the URLs of requests may lead to. @defaultValue public addresses over https */
  readonly egress?: EgressPolicy
}

/** A server as one run uses it. */
export interface McpSession {
  readonly label: string
  /** The tools it offers now. @throws McpError */
  tools(signal?: AbortSignal): Promise<McpToolList>
  /** Calls a tool; a call that was lost is not made again. @throws McpError when the tool gave no answer */
  call(tool: McpListedTool, args: Record<string, unknown>, options?: McpCallOptions): Promise<McpCallResult>
  /** Tells when the server says that its tools changed; the result ends that. */
  onToolsChanged(listener: () => void): () => void
  /** Gives it back to the pool. */
  release(): void
}

/** Sessions with MCP servers, shared by the runs of a tenant and closed when nobody uses them. */
export interface McpPool {
  /** Connects at the first use, not here. @throws McpError `mcp_busy` when all sessions are in use */
  open(target: McpTarget, tenant?: string): McpSession
  /** Sessions that are there, used or not. */
  readonly size: number
  /** Closes all sessions, and with them the processes of servers. */
  close(): Promise<void>
}

interface Entry {
  readonly key: string
  readonly tenant: string
  readonly link: Link
  users: number
  /** Counts up with each use: the least is the one to go. */
  usedAt: number
  idle: NodeJS.Timeout | undefined
}

/** @throws ConfigError `invalid_config` for a bound that is no bound */
export const createMcpPool = (options: McpPoolOptions = {}): McpPool => {
  const { maxSessions = 64, maxSessionsPerTenant = 16, idleMs = 300_000, egress = {} } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  for (const [name, value] of Object.entries({ maxSessions, maxSessionsPerTenant, idleMs, ...limits }))
    if (!(value > 0))
      throw new ConfigError('invalid_config', `mcp: expected \`${name}\` to be above 0, got \`${value}\`.`)
  const connecting: ConnectionOptions = { limits, egress, clientInfo: CLIENT_INFO }
  const entries = new Map<string, Entry>()
  const closing = new Set<Promise<void>>()
  let uses = 0
  let isClosed = false

  const remove = (entry: Entry): void => {
    clearTimeout(entry.idle)
    entries.delete(entry.key)
    const ended = entry.link.close().finally(() => closing.delete(ended))
    closing.add(ended)
  }

  /** Makes room by closing what nobody uses, the longest unused first. */
  const makeRoom = (among: (entry: Entry) => boolean, most: number): boolean => {
    const counted = [...entries.values()].filter(among)
    if (counted.length < most) return true
    const [oldest] = counted.filter(({ users }) => users === 0).sort((a, b) => a.usedAt - b.usedAt)
    if (oldest !== undefined) remove(oldest)
    return oldest !== undefined
  }

  const entryOf = (target: McpTarget, tenant: string): Entry => {
    const key = sessionKey(target, tenant)
    const known = entries.get(key)
    if (known !== undefined) return known
    const hasRoom =
      makeRoom((entry) => entry.tenant === tenant, maxSessionsPerTenant) && makeRoom(() => true, maxSessions)
    if (!hasRoom)
      throw new McpError('mcp_busy', 'Too many sessions with MCP servers are in use. Try again later.', {
        retryable: true,
      })
    const link = createLink(target, connecting)
    const entry: Entry = { key, tenant, link, users: 0, usedAt: 0, idle: undefined }
    entries.set(key, entry)
    return entry
  }

  return {
    open: (target, tenant = '') => {
      if (isClosed) throw new McpError('mcp_closed', 'The pool of sessions with MCP servers was closed.')
      const entry = entryOf(target, tenant)
      clearTimeout(entry.idle)
      entry.users += 1
      entry.usedAt = ++uses
      entry.link.setHeld(true)
      let isReleased = false
      return {
        label: target.label,
        tools: entry.link.tools,
        call: entry.link.call,
        onToolsChanged: entry.link.onToolsChanged,
        release: () => {
          if (isReleased) return
          isReleased = true
          entry.users -= 1
          if (entry.users > 0 || entries.get(entry.key) !== entry) return
          entry.link.setHeld(false)
          entry.idle = setTimeout(() => remove(entry), Math.min(idleMs, LONGEST_TIMER_MS)).unref()
        },
      }
    },
    get size() {
      return entries.size
    },
    close: async () => {
      isClosed = true
      for (const entry of [...entries.values()]) remove(entry)
      await Promise.all(closing)
    },
  }
}

/** A longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

const CLIENT_INFO = { name: 'antiphon', version: '0.1.0' }
