import { createEgressFetch, type EgressPolicy } from '@antiphon/egress'
import { Client, type FetchLike, SdkError, SdkErrorCode } from '@modelcontextprotocol/client'
import { createHttpTransport } from './http-transport.ts'
import type { McpLimits } from './limits.ts'
import { createProcessTransport, type HoldableTransport } from './process-transport.ts'
import { type HideText, hideInJson, hideSecretsOf } from './secrets.ts'
import { isCommand, type McpTarget } from './server-address.ts'
import { type FailureScene, toMcpError } from './to-mcp-error.ts'

/** What connections are opened with. */
export interface ConnectionOptions {
  readonly limits: Required<McpLimits>
  /** Where requests of callers may lead to. Servers of the operator are not held to it. */
  readonly egress: EgressPolicy
  /** What this program calls itself. */
  readonly clientInfo: { readonly name: string; readonly version: string }
}

/** One connection to a server, on which the protocol is agreed. */
export interface Connection {
  readonly client: Client
  readonly hide: HideText
  /** The id of the session, where the server gave one. */
  readonly sessionId: string | undefined
  /** True once it has ended, for whatever reason. */
  readonly isClosed: boolean
  /** Its server says when its list changes. */
  onToolsChanged: (() => void) | undefined
  /** While held it keeps the process alive and listens. */
  setHeld(held: boolean): void
  close(): Promise<void>
}

/**
 * Connects, and agrees on the protocol.
 *
 * @throws McpError
 */
export const openConnection = async (target: McpTarget, options: ConnectionOptions): Promise<Connection> => {
  const hide = hideSecretsOf(target.server)
  const scene: FailureScene = { label: target.label, doing: 'connecting', hide }
  try {
    return await connect(target, options, hide, isCommand(target.server) ? 'legacy' : 'auto')
  } catch (error) {
    const negotiationFailed = error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed
    if (!negotiationFailed) throw toMcpError(error, scene)
  }
  // An older server that answers what it does not know with a failure of its own: asked again in its way.
  return connect(target, options, hide, 'legacy').catch((error: unknown) => {
    throw toMcpError(error, scene)
  })
}

const connect = async (
  target: McpTarget,
  { limits, egress, clientInfo }: ConnectionOptions,
  hide: HideText,
  mode: 'auto' | 'legacy',
): Promise<Connection> => {
  const transport = transportOf(target, limits, egress)
  const client = new Client(clientInfo, {
    versionNegotiation: { mode, probe: { timeoutMs: limits.connectTimeoutMs } },
    // A server that asks the user something asks nobody here: the call fails with what it wanted.
    inputRequired: { autoFulfill: false },
  })
  let isClosed = false
  client.onclose = () => {
    isClosed = true
  }
  // What is no answer to anything is passed over.
  client.onerror = () => {}
  const connection: Connection = {
    client,
    hide,
    get sessionId() {
      return transport.sessionId
    },
    get isClosed() {
      return isClosed
    },
    onToolsChanged: undefined,
    setHeld: (held) => transport.setHeld(held),
    close: async () => {
      isClosed = true
      if ('endSession' in transport) await endSession(transport.endSession as () => Promise<void>)
      await client.close().catch(() => {})
    },
  }
  client.setNotificationHandler('notifications/tools/list_changed', () => connection.onToolsChanged?.())
  const inner = hiding(transport, hide)
  try {
    await client.connect(inner, { timeout: limits.connectTimeoutMs })
  } catch (error) {
    await Promise.all([client.close().catch(() => {}), transport.close().catch(() => {})])
    throw error
  }
  return connection
}

const transportOf = (
  { server, trusted }: McpTarget,
  { maxMessageBytes, maxCallMs }: Required<McpLimits>,
  egress: EgressPolicy,
): HoldableTransport => {
  if (isCommand(server)) return createProcessTransport(server, maxMessageBytes)
  const send: FetchLike = trusted
    ? (url, init) => fetch(url, init)
    : // Bodies are bounded message by message; a stream of them may be long.
      createEgressFetch(egress, { maxBytes: Infinity, timeoutMs: maxCallMs, idleTimeoutMs: maxCallMs })
  return createHttpTransport(server, send, maxMessageBytes)
}

/** Takes the secrets out of everything that a server tells, before anybody reads it. */
const hiding = (transport: HoldableTransport, hide: HideText): HoldableTransport =>
  new Proxy(transport, {
    set: (target, key, value) => {
      if (key !== 'onmessage' || typeof value !== 'function') return Reflect.set(target, key, value)
      target.onmessage = (message, extra) => value(hideInJson(message, hide), extra)
      return true
    },
  })

/** Tells the server that the session is over; it need not answer. */
const endSession = async (end: () => Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 2_000)
  })
  await Promise.race([end().catch(() => {}), late])
  clearTimeout(timer)
}
