import {
  type FetchLike,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/client'
import { McpError } from '../mcp-error.ts'
import { boundedAnswers } from './bounded-answers.ts'
import type { HoldableTransport } from './process-transport.ts'
import type { McpUrl } from './server-address.ts'

/** The least wait before a stream is opened again, and the most. A server can ask for 0. */
const LEAST_WAIT_MS = 500
const MOST_WAIT_MS = 30_000

/** JSON-RPC code of answers that never came: a range that servers may use for their own. */
const LOST = -32_000

/** What is said in the place of an answer when the stream that would have brought it ended. */
export const LOST_MESSAGE = 'The stream ended before the answer.'

/**
 * A server over streamable HTTP.
 *
 * Beside what the transport of the SDK does: a call whose stream ends without an answer fails at once, a cancelled call gives its connection back, the stream for notifications is
 * open only while somebody works with the server, and a server that closes it at once is not asked again and again.
 */
export const createHttpTransport = (
  server: McpUrl,
  send: FetchLike,
  maxMessageBytes: number,
): HoldableTransport & { endSession(): Promise<void> } => {
  const listening = createListening()
  const bounded = boundedAnswers(send, maxMessageBytes)
  const inner = new StreamableHTTPClientTransport(parseUrl(server.url), {
    requestInit: { headers: headersOf(server) },
    fetch: (url, init) =>
      bounded(url, init?.method === 'GET' ? { ...init, signal: listening.within(init.signal) } : init),
    redirectPolicy: 'same-origin',
    onInsufficientScope: 'throw',
    reconnectionScheduler: listening.schedule,
  })
  const underWay = new Map<RequestId, AbortController>()

  const transport: HoldableTransport & { endSession(): Promise<void> } = {
    hasPerRequestStream: true,
    get sessionId() {
      return inner.sessionId
    },
    setProtocolVersion: (version) => inner.setProtocolVersion(version),
    start: () => inner.start(),
    close: () => inner.close(),
    send: async (message, options) => {
      if (!isJSONRPCRequest(message)) {
        await inner.send(message, options)
        const cancelled = cancelledBy(message)
        if (cancelled !== undefined) underWay.get(cancelled)?.abort()
        return
      }
      const { id } = message
      const own = new AbortController()
      underWay.set(id, own)
      const given = options?.requestSignal
      try {
        await inner.send(message, {
          ...options,
          requestSignal: given === undefined ? own.signal : AbortSignal.any([own.signal, given]),
          onRequestStreamEnd: () => {
            options?.onRequestStreamEnd?.()
            // After an answer nobody waits for this one.
            if (underWay.has(id))
              transport.onmessage?.({ jsonrpc: '2.0', id, error: { code: LOST, message: LOST_MESSAGE } })
          },
        })
      } catch (error) {
        underWay.delete(id)
        throw error
      }
    },
    setHeld: listening.setOpen,
    endSession: () => inner.terminateSession(),
  }
  inner.onclose = () => transport.onclose?.()
  inner.onerror = (error) => transport.onerror?.(error)
  inner.onmessage = (message: JSONRPCMessage) => {
    if ('id' in message && !('method' in message) && message.id !== undefined) underWay.delete(message.id)
    transport.onmessage?.(message)
  }
  return transport
}

/** The stream for notifications: closed, and not opened again, while nobody works with the server. */
const createListening = () => {
  let open = true
  let ending = new AbortController()
  let attempts = 0
  const waiting = new Set<() => void>()
  const schedule: StreamableHTTPClientTransportOptions['reconnectionScheduler'] = (reconnect, delay) => {
    const again = (): void => {
      waiting.delete(again)
      reconnect()
    }
    if (!open) {
      waiting.add(again)
      return () => waiting.delete(again)
    }
    // It never begins anew: a server that opens streams and closes them is asked less and less.
    const wait = Math.min(MOST_WAIT_MS, Math.max(delay, LEAST_WAIT_MS * 2 ** attempts++))
    const timer = setTimeout(again, wait).unref()
    return () => clearTimeout(timer)
  }
  return {
    schedule,
    within: (signal: AbortSignal | null | undefined): AbortSignal =>
      signal ? AbortSignal.any([signal, ending.signal]) : ending.signal,
    setOpen: (held: boolean): void => {
      if (held === open) return
      open = held
      if (!held) {
        ending.abort()
        ending = new AbortController()
      } else for (const again of [...waiting]) again()
    },
  }
}

const cancelledBy = (message: JSONRPCMessage): RequestId | undefined => {
  if (!isJSONRPCNotification(message) || message.method !== 'notifications/cancelled') return undefined
  return (message.params as { requestId?: RequestId } | undefined)?.requestId
}

const parseUrl = (text: string): URL => {
  // What does not parse may hold a password anywhere: it is not quoted.
  if (!URL.canParse(text)) throw new McpError('mcp_refused', 'The URL of the MCP server cannot be read.')
  const url = new URL(text)
  if (url.username === '' && url.password === '') return url
  throw new McpError(
    'mcp_refused',
    `The URL of ${url.host} has a name or password in it. Send it as a header instead.`,
  )
}

const headersOf = ({ headers = {}, authorization }: McpUrl): Headers => {
  try {
    const all = new Headers(headers)
    if (authorization !== undefined) all.set('authorization', `Bearer ${authorization}`)
    return all
  } catch {
    // The message of the cause would quote the value.
    throw new McpError(
      'mcp_refused',
      'A header for the MCP server has a name or a value that HTTP does not take.',
    )
  }
}
