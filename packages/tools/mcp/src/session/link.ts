import type { McpListedTool } from '@antiphon/client'
import type { McpCallResult } from '../call/call-result.ts'
import { callTool, type McpCallOptions } from '../call/call-tool.ts'
import { type Connection, type ConnectionOptions, openConnection } from '../connection/open-connection.ts'
import type { McpTarget } from '../connection/server-address.ts'
import { toMcpError } from '../connection/to-mcp-error.ts'
import { listTools } from '../list/list-tools.ts'
import type { McpToolList } from '../list/tool-list.ts'
import { McpError } from '../mcp-error.ts'
import { unlessAborted } from './unless-aborted.ts'

/** A way to a server that is opened when it is needed, and opened again after it was lost. */
export interface Link {
  /** The tools it offers now: asked for again when the server said that they changed, on a new connection, and from time to time. */
  tools(signal?: AbortSignal): Promise<McpToolList>
  /** Calls a tool of the list. A call that was lost is not made again. */
  call(tool: McpListedTool, args: Record<string, unknown>, options?: McpCallOptions): Promise<McpCallResult>
  /** While held it keeps this process alive. */
  setHeld(held: boolean): void
  /** Tells when the server says that its tools changed; the result ends that. */
  onToolsChanged(listener: () => void): () => void
  close(): Promise<void>
}

/** Milliseconds after which a list is asked for again, since a server need not say that it changed. */
const LIST_AGE_MS = 60_000
/** Milliseconds that a server has to show that it is there after a call that took too long. */
const PING_MS = 5_000

interface KnownList {
  readonly on: Connection
  readonly list: Promise<McpToolList>
  readonly at: number
}

export const createLink = (target: McpTarget, options: ConnectionOptions): Link => {
  const { label } = target
  const listeners = new Set<() => void>()
  let current: Connection | undefined
  let opening: Promise<Connection> | undefined
  let known: KnownList | undefined
  let isHeld = true
  let isClosed = false

  const closedError = (): McpError =>
    new McpError('mcp_closed', `MCP server "${label}": its session was closed.`)

  const connection = async (): Promise<Connection> => {
    if (isClosed) throw closedError()
    if (current !== undefined && !current.isClosed) return current
    opening ??= begin().finally(() => {
      opening = undefined
    })
    return opening
  }

  const begin = async (): Promise<Connection> => {
    void current?.close()
    current = undefined
    const opened = await openConnection(target, options)
    if (isClosed) {
      await opened.close()
      throw closedError()
    }
    opened.onToolsChanged = () => {
      if (known?.on === opened) known = undefined
      for (const tell of listeners) tell()
    }
    opened.setHeld(isHeld)
    current = opened
    return opened
  }

  const listOn = (on: Connection): Promise<McpToolList> => {
    if (known?.on === on && performance.now() - known.at < LIST_AGE_MS) return known.list
    // Not under the signal of one caller: others wait for the same list.
    const list = listTools(on.client, options.limits)
    known = { on, list, at: performance.now() }
    list.catch(() => {
      if (known?.list === list) known = undefined
    })
    return list
  }

  /** A server that answers nothing at all is left, so that the next call begins anew. */
  const checkAlive = async (on: Connection): Promise<void> => {
    if (on.client.getProtocolEra() !== 'modern')
      await on.client.ping({ timeout: PING_MS }).catch(() => on.close())
  }

  /** Does the work again, once, where the server knows nothing of the session any more: then it did nothing, either. */
  const onSession = async <T>(
    signal: AbortSignal | undefined,
    work: (on: Connection) => Promise<T>,
  ): Promise<T> => {
    const first = await unlessAborted(signal, connection())
    try {
      return await work(first)
    } catch (error) {
      if (first.sessionId === undefined || !isExpired(error)) throw error
      void first.close()
    }
    return work(await unlessAborted(signal, connection()))
  }

  return {
    tools: (signal) =>
      onSession(signal, (on) =>
        unlessAborted(signal, listOn(on)).catch((error: unknown) => {
          throw toMcpError(error, { label, doing: 'the list of its tools', hide: on.hide })
        }),
      ),
    call: (tool, args, callOptions = {}) =>
      onSession(callOptions.signal, async (on) => {
        try {
          return await callTool(on, { label, tool, limits: options.limits }, args, callOptions)
        } catch (error) {
          if (error instanceof McpError && error.code === 'mcp_timeout') void checkAlive(on)
          throw error
        }
      }),
    setHeld: (held) => {
      isHeld = held
      current?.setHeld(held)
    },
    onToolsChanged: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      isClosed = true
      await opening?.catch(() => {})
      await current?.close()
    },
  }
}

/** 404 by contract; many servers say 400 and name the session. */
const isExpired = (error: unknown): boolean =>
  error instanceof McpError &&
  (error.status === 404 || (error.status === 400 && /session/i.test(error.message)))
