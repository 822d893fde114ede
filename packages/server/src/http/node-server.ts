import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ServeError } from '../request/serve-error.ts'
import { createAnswer } from './answer.ts'
import type { Connections } from './connections.ts'
import type { HttpOptions } from './http-options.ts'
import { handlerOf, sharedOf } from './node-handler.ts'
import { checkBinding, checkOpenRequest } from './open-door.ts'
import { refuseSocket } from './refuse-socket.ts'
import { createStreams, shutAll } from './streams.ts'
import { createWebSocketEnd, type WebSocketOptions } from './websocket.ts'

/** A server of its own. */
export interface NodeServerOptions extends HttpOptions {
  /** Nobody needs a key: only loopback is listened on, and pages of a browser are kept out. */
  readonly isOpen: boolean
  /** Without it there is no WebSocket mode. */
  readonly webSocket?: WebSocketOptions
  /** How long a client may take for its headers. @defaultValue 15,000 */
  readonly headersTimeoutMs?: number
  /** How long a client may take for its whole request. @defaultValue 120,000 */
  readonly requestTimeoutMs?: number
  /** How long a connection without a request is kept. @defaultValue 60,000 */
  readonly idleTimeoutMs?: number
  /** Connections at once; more are closed as they come. @defaultValue no limit */
  readonly maxConnections?: number
  /** How long `close()` lets streams go on. @defaultValue 10,000 */
  readonly graceMs?: number
}

/** A server that may listen. */
export interface NodeServer {
  /**
   * Listens; port 0 is any free one.
   *
   * @throws ConfigError `invalid_config` for another host than loopback where nobody needs a key. Rejects with the error of Node when the port is taken.
   */
  listen(port: number, host?: string): Promise<Listening>
  /** Stops accepting, lets short requests end, and ends streams after the grace. Any number of times. */
  close(): Promise<void>
}

/** A server that listens. */
interface Listening {
  readonly host: string
  readonly port: number
  /** Such as `http://127.0.0.1:8080`, without the base path. */
  readonly url: string
}

/** Streams have so long to send their last words. */
const LAST_WORDS_MS = 1000

/** Makes a server on `node:http`. Nothing listens yet. */
export const createNodeServer = (options: NodeServerOptions): NodeServer => {
  const guard = options.isOpen ? (headers: Headers) => checkOpenRequest(headers, options) : undefined
  let closing: Promise<void> | undefined
  const shared = sharedOf(options, {
    answer: createAnswer(options, guard),
    streams: createStreams(options),
    isClosing: () => closing !== undefined,
  })
  const server = boundedServer(options)
  server.on('request', handlerOf(shared))
  server.on('checkContinue', handlerOf(shared, true))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuseClient(error, socket as Socket, shared.connections),
  )
  const plain = new Set<Socket>()
  server.on('connection', (socket) => {
    plain.add(socket)
    socket.once('close', () => plain.delete(socket))
  })
  const sockets = options.webSocket && createWebSocketEnd(options, options.webSocket, guard)
  // A listener for upgrades takes them all, so there is none without WebSockets.
  if (sockets !== undefined)
    server.on('upgrade', (request, socket, head) => {
      plain.delete(socket as Socket)
      sockets.upgrade(request, socket, head)
    })

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    // Node ends connections that have had a request; clients also open some that have had none yet.
    for (const socket of plain) if (shared.connections.open(socket).size === 0) socket.destroy()
    const graceMs = options.graceMs ?? 10_000
    sockets?.close(graceMs)
    let last: ReturnType<typeof setTimeout> | undefined
    const grace = setTimeout(() => {
      shutAll(shared.streams)
      last = setTimeout(() => {
        sockets?.cut()
        server.closeAllConnections()
      }, LAST_WORDS_MS)
    }, graceMs)
    await closed
    clearTimeout(grace)
    clearTimeout(last)
  }

  return {
    listen: async (port, host = '127.0.0.1') => {
      checkBinding(host, options.isOpen)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), () => {
          server.off('error', reject)
          resolve()
        })
      })
      const { address, port: given, family } = server.address() as AddressInfo
      const name = family === 'IPv6' ? `[${address}]` : address
      return { host: address, port: given, url: `http://${name}:${given}` }
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

const boundedServer = (options: NodeServerOptions): Server => {
  const { headersTimeoutMs = 15_000, requestTimeoutMs = 120_000, idleTimeoutMs = 60_000 } = options
  const server = createServer({
    noDelay: true,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.max(10, Math.min(5000, headersTimeoutMs / 2, requestTimeoutMs / 2)),
  })
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections
  return server
}

/** What came is no HTTP, too large, or too slow. */
const refuseClient = (error: NodeJS.ErrnoException, socket: Socket, connections: Connections): void => {
  const open = [...connections.open(socket)]
  const isSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  // Words of ours would be taken for a part of an answer that is on its way.
  const mayTell = open.length === 0 || (isSlow && open.length === 1 && !open[0]?.isBegun)
  if (!mayTell || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  refuseSocket(socket, clientRefusal(error.code, isSlow))
}

const clientRefusal = (code: string | undefined, isSlow: boolean): ServeError => {
  const type = 'invalid_request_error'
  if (isSlow)
    return new ServeError(408, {
      message: 'The request took too long to arrive.',
      type,
      code: 'request_timeout',
    })
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ServeError(431, { message: 'The headers are too large.', type, code: 'headers_too_large' })
  return new ServeError(400, { message: 'This is no HTTP request.', type, code: 'invalid_http' })
}
