import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { ServeError } from '../request/serve-error.ts'
import type { Principal } from '../tenants/principal.ts'
import { report, requestIdOf } from './answer.ts'
import { tellable } from './error-reply.ts'
import { type HttpOptions, LOCAL, type RequestFacts } from './http-options.ts'
import { DEFAULT_BODY_LIMIT_BYTES } from './read-body.ts'
import { refuseSocket } from './refuse-socket.ts'
import { tidyBasePath } from './router.ts'
import type { SocketAnswer, SocketConnection } from './socket-answer.ts'
import { SocketConversation } from './socket-conversation.ts'

/** WebSocket mode. */
export interface WebSocketOptions {
  readonly answer: SocketAnswer
  /** Requests that may wait on one connection. @defaultValue 16 */
  readonly maxQueued?: number
  /** Responses that a connection may have at once, each with a `stream_id` of its own; 0 refuses `stream_id`. @defaultValue 0 */
  readonly maxStreams?: number
  /** How long a connection takes requests. @defaultValue 60 minutes */
  readonly limitMs?: number
  /** A peer that does not answer a ping until the next one is cut off; 0 for no pings. @defaultValue 30,000 */
  readonly pingMs?: number
}

/** The end of all WebSocket connections of a server. */
export interface WebSocketEnd {
  /** For the event `upgrade` of a Node server. Every request for an upgrade is answered. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Takes no more requests; what is going on may end within the grace. */
  close(graceMs: number): void
  /** Cuts all connections. */
  cut(): void
}

const DEFAULT_LIMIT_MS = 60 * 60 * 1000
const DEFAULT_PING_MS = 30_000

/** Makes the end for WebSocket connections, on the path of create. `guard` throws for requests that nobody may send. */
export const createWebSocketEnd = (
  http: HttpOptions,
  options: WebSocketOptions,
  guard?: (headers: Headers) => void,
): WebSocketEnd => {
  const ours = `${tidyBasePath(http.basePath ?? '/v1')}/responses`
  const maxPayload = http.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES
  const server = new WebSocketServer({ noServer: true, maxPayload, clientTracking: false })
  const open = new Set<SocketConversation>()
  let isClosing = false
  const pingMs = options.pingMs ?? DEFAULT_PING_MS
  let pings: ReturnType<typeof setInterval> | undefined

  const enter = (conversation: SocketConversation): void => {
    open.add(conversation)
    conversation.onOver(() => {
      open.delete(conversation)
      if (open.size > 0) return
      clearInterval(pings)
      pings = undefined
    })
    if (pingMs === 0 || pings !== undefined) return
    pings = setInterval(() => {
      for (const each of open) each.ping()
    }, pingMs)
    pings.unref()
  }

  const admit = async (path: string, headers: Headers): Promise<Principal> => {
    if (isClosing) throw refusal(503, 'The server is going down.', 'server_closing')
    guard?.(headers)
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket')
      throw refusal(400, 'Only an upgrade to websocket is offered. Send no `Upgrade`.', 'invalid_upgrade')
    if (path.replace(/\/$/, '') !== ours)
      throw refusal(404, `There is no WebSocket on this path, only on ${ours}.`, 'unknown_url')
    return (await http.authenticate?.(headers)) ?? LOCAL
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const lost = (): void => void socket.destroy()
    socket.on('error', lost)
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
    const id = requestIdOf(headers)
    const path = (request.url ?? '/').split('?')[0] as string
    const facts: RequestFacts = { requestId: id, method: 'GET', path }
    const onError = (error: unknown): void => report(http, error, facts)
    let principal: Principal
    try {
      principal = await admit(path, headers)
    } catch (error) {
      if (!(error instanceof ServeError)) onError(error)
      return refuseSocket(socket, tellable(error, id), { 'x-request-id': id })
    }
    if (socket.destroyed) return
    socket.off('error', lost)
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection: SocketConnection = { id, principal, headers }
      const limits = {
        maxQueued: options.maxQueued ?? 16,
        maxStreams: options.maxStreams ?? 0,
        maxDepth: http.maxDepth,
        limitMs: options.limitMs ?? DEFAULT_LIMIT_MS,
      }
      enter(
        new SocketConversation({ webSocket, socket, connection, answer: options.answer, limits, onError }),
      )
    })
  }

  return {
    upgrade: (request, socket, head) => void upgrade(request, socket, head),
    close: (graceMs) => {
      isClosing = true
      for (const each of open) each.finish(1001, 'The server is going down.')
      setTimeout(() => {
        for (const each of open) each.cut()
      }, graceMs).unref()
    },
    cut: () => {
      for (const each of open) each.cut()
    },
  }
}

const refusal = (status: number, message: string, code: string): ServeError =>
  new ServeError(status, {
    message,
    type: status >= 500 ? 'server_error' : 'invalid_request_error',
    code,
  })
