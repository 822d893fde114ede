import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { createDecompressor, type Decompressor, type DecompressorTarget } from './decompress.ts'
import { type ConnectionUser, type Pool, poolOf } from './pool.ts'
import type { ResponseHeaders, Transport, TransportHandler, TransportRequest } from './transport.ts'
import type { Connection } from './undici-client.ts'

/** Options of {@link undiciTransport}. */
export interface UndiciTransportOptions {
  /** Most connections per origin; requests beyond it wait. @defaultValue no limit */
  readonly connections?: number
}

const defaultConnectTimeoutMs = 10_000
// A request that meets a connection which the server was just closing goes out again this often before it is an error.
const maxReplays = 2
const lostConnection = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

// A microtask; `queueMicrotask` makes an AsyncResource for each, which costs ten times as much.
const soon = Promise.resolve()

type RawHeaders = readonly (Buffer | string)[]

// Header values are Latin-1 by contract; most are never read, so nothing is decoded before it is asked for.
const lazyHeaders = (raw: RawHeaders): ResponseHeaders => ({
  get(name) {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const entry = raw[i]!
      if (entry.length === name.length && entry.toString('latin1').toLowerCase() === name) {
        return raw[i + 1]!.toString('latin1')
      }
    }
    return null
  },
})

/** One exchange: undici's handler on one side, ours on the other. */
class Exchange implements ConnectionUser {
  private readonly request: TransportRequest
  private readonly handler: TransportHandler
  private readonly connections: number | undefined
  done = false
  private stopped = false
  private replays = 0
  /** The exchange opened its connection itself, so its loss is no race with keep-alive. */
  private fresh = false
  private answered = false
  private opening: Socket | undefined
  private pool: Pool | undefined
  private connection: Connection | undefined
  private cut: ((reason?: Error) => void) | undefined
  private decompressor: Decompressor | undefined
  private parts: Buffer[] = []
  private flushing = false
  private readonly flushSoon = (): void => this.guard(() => this.flush())

  constructor(request: TransportRequest, handler: TransportHandler, connections: number | undefined) {
    this.request = request
    this.handler = handler
    this.connections = connections
  }

  start(): void {
    const { origin, connectTimeoutMs } = this.request
    try {
      this.pool = poolOf(origin, connectTimeoutMs ?? defaultConnectTimeoutMs, this.connections)
      this.pool.take(this)
    } catch (error) {
      this.failLater(error)
    }
  }

  use(connection: Connection): void {
    const { path, method, headers, body } = this.request
    const options = { path, method: method as Dispatcher.HttpMethod, headers: headers as string[], body }
    this.connection = connection
    this.fresh = false
    connection.waiting = this
    connection.client.dispatch(options, this as Dispatcher.DispatchHandler)
  }

  stop(reason: Error): void {
    this.stopped = true
    if (this.done) return
    this.done = true
    this.parts = []
    if (this.cut) this.cut(reason)
    else this.opening?.destroy(reason)
  }

  onOpening(socket: Socket): void {
    this.fresh = true
    this.opening = socket
  }

  onConnect(cut: (reason?: Error) => void): void {
    if (this.done) {
      this.leave(true)
      // Thrown before a byte is sent, so undici drops the request and keeps the connection.
      throw new Error('stopped')
    }
    this.opening = undefined
    this.cut = cut
    if (this.connection !== undefined) this.connection.waiting = undefined
  }

  onResponseStarted(): void {
    this.answered = true
  }

  onHeaders(status: number, raw: RawHeaders): boolean {
    if (status < 200 || this.done) return true
    const headers = lazyHeaders(raw)
    this.guard(() => {
      const encoding = headers.get('content-encoding')
      if (encoding !== null) this.decompressor = createDecompressor(encoding, this.plainBody())
      this.handler.onHeaders(status, headers)
    })
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.done) return true
    // One socket read often holds several chunks: they are joined before they are decoded, and decoded outside undici's parser.
    this.parts.push(chunk)
    if (!this.flushing) {
      this.flushing = true
      void soon.then(this.flushSoon)
    }
    return true
  }

  onComplete(): void {
    this.leave(true)
    this.guard(() => {
      this.flush()
      if (this.decompressor) this.decompressor.end()
      else this.finish()
    })
  }

  onError(error: Error): void {
    this.leave(false)
    if (this.done) return
    if (this.lostToKeepAlive(error)) {
      this.replays++
      this.cut = undefined
      // Outside undici's own handling of the lost connection.
      queueMicrotask(() => {
        if (!this.done) this.start()
      })
      return
    }
    this.failLater(error)
  }

  private leave(reusable: boolean): void {
    const { pool, connection } = this
    if (pool === undefined || connection === undefined) return
    this.connection = undefined
    connection.waiting = undefined
    if (reusable) pool.giveBack(connection)
    else pool.drop(connection)
  }

  private lostToKeepAlive(error: Error): boolean {
    const { code } = error as { code?: string }
    return !this.answered && !this.fresh && this.replays < maxReplays && lostConnection.has(code ?? '')
  }

  // Data of the last read is handed on before the error that came with it, and dispatch() has returned by then.
  private failLater(error: unknown): void {
    queueMicrotask(() => {
      this.guard(() => this.flush())
      if (this.done) return
      this.done = true
      this.handler.onError(error)
    })
  }

  private flush(): void {
    this.flushing = false
    const { parts } = this
    if (parts.length === 0 || this.done) return
    this.parts = []
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    if (this.decompressor) this.decompressor.push(bytes)
    else this.handler.onData(bytes)
  }

  private finish(): void {
    if (this.done) return
    this.done = true
    this.handler.onEnd()
  }

  private plainBody(): DecompressorTarget {
    return {
      onData: (chunk) => {
        if (!this.done) this.guard(() => this.handler.onData(chunk))
      },
      onEnd: () => this.guard(() => this.finish()),
      onError: (error) => {
        if (this.done) return
        this.stop(error)
        this.handler.onError(error)
      },
    }
  }

  private guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      if (this.stopped) return // whoever stopped the exchange has its result already
      this.stop(new Error('the handler of the answer failed'))
      this.handler.onError(error)
    }
  }
}

// One exchange stays alive, so that a full collection between two answers does not throw away the code that was optimised for its class.
const kept: Exchange[] = []
const NO_REQUEST: TransportRequest = {
  method: 'POST',
  origin: '',
  path: '',
  headers: [],
  body: undefined,
  connectTimeoutMs: 0,
}
const nothing = (): void => undefined
const NO_HANDLER: TransportHandler = { onHeaders: nothing, onData: nothing, onEnd: nothing, onError: nothing }

/**
 * The transport of Node: one undici pool per origin, shared by every sender of the process.
 *
 * A request that went out on a kept-alive connection which the server closed at that moment, before any byte of the
 * answer, is sent again on another connection; the caller does not notice.
 */
export const undiciTransport = (options: UndiciTransportOptions = {}): Transport => {
  const { connections } = options
  if (kept.length === 0) kept.push(new Exchange(NO_REQUEST, NO_HANDLER, connections))
  return (request, handler) => {
    const exchange = new Exchange(request, handler, connections)
    exchange.start()
    return (reason) => exchange.stop(reason)
  }
}
