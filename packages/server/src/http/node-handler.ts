import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Answer, createAnswer, type Incoming, type Outgoing } from './answer.ts'
import { Connections, type Exchange } from './connections.ts'
import { type FrameOutlet, FrameStream } from './frame-stream.ts'
import type { HttpOptions } from './http-options.ts'
import { withinLimit } from './read-body.ts'
import { nodePieces, readNodeBody } from './read-node-body.ts'
import { tidyBasePath } from './router.ts'
import { createStreams, type Streams } from './streams.ts'

/** Answers a request of Node's `http`, `https` or `http2`. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** What the requests of one server share. */
export interface NodeShared {
  readonly answer: Answer
  readonly connections: Connections
  readonly streams: Streams
  /** What stands before the paths of all routes. */
  readonly basePath: string
  /** Nothing more is to come on a connection. */
  isClosing(): boolean
  readonly onError: NonNullable<HttpOptions['onError']>
}

/** Makes the handler for a Node server that is there already, Express included. `streams` may be ended by `shutAll()`. */
export const createNodeHandler = (
  options: HttpOptions,
  streams: Streams = createStreams(options),
): NodeHandler =>
  handlerOf(sharedOf(options, { answer: createAnswer(options), streams, isClosing: () => false }))

/** What the requests of one server share. */
export const sharedOf = (
  options: HttpOptions,
  own: Pick<NodeShared, 'answer' | 'streams' | 'isClosing'>,
): NodeShared => ({
  ...own,
  basePath: tidyBasePath(options.basePath ?? '/v1'),
  connections: new Connections(),
  onError: (error, facts) => options.onError?.(error, facts),
})

/** The handler over what is shared. `mustContinue`: the client waits for a word before it sends its body. */
export const handlerOf =
  (shared: NodeShared, mustContinue = false): NodeHandler =>
  (request, response) => {
    const exchange = new NodeExchange(request, response, shared, mustContinue)
    void shared.answer(exchange).then((outgoing) => exchange.send(outgoing))
  }

/** How long a refused upload is still read, so that its sender sees the answer before the connection closes. */
const LINGER_MS = 5000
/** So much of a body that nobody reads is worth keeping the connection for. */
const SMALL_BODY_BYTES = 65_536

class NodeExchange implements Incoming, Exchange, FrameOutlet {
  readonly method: string
  readonly path: string
  readonly search: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #shared: NodeShared
  readonly #mustContinue: boolean
  #controller: AbortController | undefined
  #stream: FrameStream | undefined
  #headers: Headers | undefined
  #isGone = false

  constructor(request: IncomingMessage, response: ServerResponse, shared: NodeShared, mustContinue: boolean) {
    this.#mustContinue = mustContinue
    const target = targetOf(request, shared.basePath)
    const end = target.indexOf('?')
    this.method = request.method ?? 'GET'
    this.path = end === -1 ? target : target.slice(0, end)
    this.search = end === -1 ? '' : target.slice(end)
    this.#request = request
    this.#response = response
    this.#socket = request.socket
    this.#shared = shared
    // A write behind a lost connection is an error of its own, and a lost connection is told by its end.
    response.on('error', ignore)
    request.on('error', ignore)
    if (this.#isHttp2) response.once('close', () => this.gone())
    else shared.connections.enter(this.#socket, this)
  }

  get headers(): Headers {
    this.#headers ??= headersOf(this.#request)
    return this.#headers
  }

  get isBegun(): boolean {
    return this.#response.headersSent
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isGone) this.#controller.abort(clientGone())
    return this.#controller.signal
  }

  get #isHttp2(): boolean {
    return this.#request.httpVersionMajor > 1
  }

  read(limitBytes: number): Promise<Uint8Array> {
    if (this.#mustContinue) this.#response.writeContinue()
    return readNodeBody(this.#request, limitBytes)
  }

  pieces(limitBytes: number): AsyncIterable<Uint8Array> {
    if (this.#mustContinue) this.#response.writeContinue()
    return withinLimit(nodePieces(this.#request), limitBytes)
  }

  gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#controller?.abort(clientGone())
    this.#stream?.closed()
  }

  send(outgoing: Outgoing): void {
    if (this.#isGone || this.#response.headersSent || this.#response.destroyed) {
      this.#drop(outgoing)
      return
    }
    try {
      if (outgoing.kind === 'full') this.#sendFull(outgoing)
      else if (outgoing.kind === 'content') this.#sendContent(outgoing)
      else this.#sendStream(outgoing)
    } catch (error) {
      this.#shared.onError(error, {
        requestId: outgoing.headers['x-request-id'] ?? '',
        method: this.method,
        path: this.path,
      })
      this.#drop(outgoing)
      this.#response.destroy()
    }
  }

  /** Nobody is there any more. The writer of a stream has begun already: it learns it only here. */
  #drop(outgoing: Outgoing): void {
    if (outgoing.kind === 'stream') (this.#stream ?? this.#begin(outgoing)).closed()
    this.#done()
  }

  #sendFull({ status, headers, body }: Outgoing & { kind: 'full' }): void {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const isUnread = this.#hasMuchUnread
    const response = this.#response
    response.writeHead(status, { ...headers, ...length, ...this.#closeHeader(isUnread) })
    this.#done()
    if (isUnread && !this.#isHttp2) this.#linger(body)
    else response.end(body)
  }

  #sendContent({ status, headers, content }: Outgoing & { kind: 'content' }): void {
    const response = this.#response
    response.writeHead(status, { ...headers, ...this.#closeHeader(this.#hasMuchUnread) })
    if (content instanceof Uint8Array) response.end(content)
    // Half of a file must not look like the whole: the connection is cut.
    else pipeline(Readable.from(content), response).catch(() => response.destroy())
    response.once('close', () => this.#done())
  }

  #sendStream(outgoing: Outgoing & { kind: 'stream' }): void {
    const response = this.#response
    if (!this.#isHttp2) this.#socket.setNoDelay(true)
    response.writeHead(200, { ...outgoing.headers, ...this.#closeHeader(false) })
    const stream = this.#begin(outgoing)
    response.on('drain', () => stream.drained())
    // Headers go out with the first frames when those come in the same turn of the event loop, and alone when they do not.
    setImmediate(() => {
      if (!stream.isOver && response.writableLength === 0) response.flushHeaders()
    })
  }

  #begin(outgoing: Outgoing & { kind: 'stream' }): FrameStream {
    // It may go on for long, and needs them no more.
    this.#headers = undefined
    const stream = new FrameStream(this, this.#shared.streams)
    this.#stream = stream
    stream.onOver(() => this.#done())
    outgoing.open(stream)
    return stream
  }

  push(text: string): boolean {
    return this.#response.write(text)
  }

  end(): void {
    this.#response.end(() => this.#closeConnection())
  }

  cut(): void {
    this.#response.destroy()
  }

  /** The headers of a stream said nothing of closing when it began. */
  #closeConnection(): void {
    const { isClosing, connections } = this.#shared
    if (isClosing() && !this.#isHttp2 && connections.open(this.#socket).size === 0) this.#socket.end()
  }

  /** Closing at once would reset the connection, and the sender of a large body would never see why. */
  #linger(body: string | undefined): void {
    const response = this.#response
    const request = this.#request
    response.write(body ?? '')
    const end = (): void => {
      clearTimeout(timer)
      request.off('end', end).off('close', end)
      response.end()
    }
    const timer = setTimeout(end, LINGER_MS)
    request.on('end', end).on('close', end).resume()
  }

  get #hasMuchUnread(): boolean {
    if (this.#request.complete) return false
    const declared = this.#request.headers['content-length']
    return declared === undefined || Number(declared) > SMALL_BODY_BYTES
  }

  #closeHeader(isForced: boolean): { connection?: 'close' } {
    return (isForced || this.#shared.isClosing()) && !this.#isHttp2 ? { connection: 'close' } : {}
  }

  #done(): void {
    this.#shared.connections.leave(this.#socket, this)
  }
}

/** Path and query that were asked for. Express cuts off the path that a handler is mounted at, and keeps the whole in `originalUrl`. */
const targetOf = (request: IncomingMessage, basePath: string): string => {
  const url = request.url ?? '/'
  // A request to a proxy has the whole URL.
  const target = url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
  const { originalUrl } = request as { originalUrl?: unknown }
  if (typeof originalUrl !== 'string' || target.startsWith(`${basePath}/`)) return target
  return originalUrl.endsWith(basePath + target) ? basePath + target : target
}

const ignore = (): void => undefined

const clientGone = (): Error => new Error('The client has gone.')

const headersOf = ({ headers }: IncomingMessage): Headers => {
  const read = new Headers()
  for (const name in headers) {
    const value = headers[name]
    // Those of HTTP/2 that are no headers.
    if (value === undefined || name.startsWith(':')) continue
    if (typeof value === 'string') read.append(name, value)
    else for (const one of value) read.append(name, one)
  }
  return read
}
