import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { ServeError } from '../request/serve-error.ts'
import { errorEvent, tellable } from './error-reply.ts'
import { FrameStream } from './frame-stream.ts'
import { parseJson } from './read-body.ts'
import type { Reply } from './reply.ts'
import type { SocketAnswer, SocketConnection } from './socket-answer.ts'
import { socketOutlet, withStreamId } from './socket-frames.ts'

/** What a conversation over a WebSocket is made of. */
export interface SocketParts {
  readonly webSocket: WebSocket
  readonly socket: Duplex
  readonly connection: SocketConnection
  readonly answer: SocketAnswer
  readonly limits: {
    readonly maxQueued: number
    readonly maxStreams: number
    readonly maxDepth: number | undefined
    readonly limitMs: number
  }
  readonly onError: (error: unknown) => void
}

type Fields = Readonly<Record<string, unknown>>

const STREAM_ID = /^[\w.-]{1,256}$/
const UNSUPPORTED_DATA = 1003
const GOING_AWAY = 1001

/** Requests and answers over one WebSocket: one at a time, in their order, or one per `stream_id`. */
export class SocketConversation {
  readonly #parts: SocketParts
  /** What waits, by stream. A stream is here while it has something to answer. */
  readonly #lanes = new Map<string | undefined, Fields[]>()
  readonly #streams = new Set<FrameStream>()
  readonly #gone = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #overFns: (() => void)[] = []
  #queued = 0
  #isAlive = true
  /** Why nothing more is taken. */
  #end: { readonly code: number; readonly reason: string } | undefined

  constructor(parts: SocketParts) {
    this.#parts = parts
    const { webSocket, limits } = parts
    webSocket.on('message', (data, isBinary) => this.#take(data, isBinary))
    webSocket.on('pong', () => {
      this.#isAlive = true
    })
    webSocket.on('close', () => this.#closed())
    // Such as a message over the limit: the connection is closed with a code that says it.
    webSocket.on('error', ignore)
    this.#timer = setTimeout(() => this.#reachLimit(), limits.limitMs)
    this.#timer.unref()
  }

  onOver(fn: () => void): void {
    this.#overFns.push(fn)
  }

  /** Asks the peer whether it is there; cuts the connection when it did not answer the last time. */
  ping(): void {
    const { webSocket } = this.#parts
    if (this.#isAlive) {
      this.#isAlive = false
      webSocket.ping(ignore)
    } else {
      // Where this process was busy, the answer lies in the system's buffers: it is read first.
      setImmediate(() => {
        if (!this.#isAlive) this.cut()
      })
    }
  }

  /** Takes no more requests, and closes when the last one is answered. */
  finish(code: number, reason: string): void {
    this.#end ??= { code, reason }
    this.#closeWhenIdle()
  }

  cut(): void {
    this.#parts.webSocket.terminate()
  }

  #take(data: RawData, isBinary: boolean): void {
    if (isBinary)
      return this.#parts.webSocket.close(UNSUPPORTED_DATA, 'Messages are JSON texts, not binary data.')
    let streamId: string | undefined
    try {
      const { type, stream_id: given, ...fields } = this.#objectOf(String(data))
      if (given !== undefined) streamId = this.#streamIdOf(given)
      if (type !== 'response.create')
        throw invalid(`Only 'response.create' is taken here, not ${told(type)}.`, 'type', 'invalid_value')
      this.#enqueue(streamId, fields)
    } catch (error) {
      this.#refuse(error, streamId)
    }
  }

  #objectOf(text: string): Fields {
    const value = parseJson(text, this.#parts.limits.maxDepth)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
    throw invalid('A message must be a JSON object.', null, 'invalid_type')
  }

  #streamIdOf(given: unknown): string {
    if (this.#parts.limits.maxStreams === 0)
      throw invalid(
        '`stream_id` is not offered here: one response at a time.',
        'stream_id',
        'unsupported_parameter',
      )
    if (typeof given === 'string' && STREAM_ID.test(given)) return given
    throw invalid(
      '`stream_id` must be 1 to 256 letters, digits or any of "_.-".',
      'stream_id',
      'invalid_value',
    )
  }

  #enqueue(streamId: string | undefined, fields: Fields): void {
    const { maxQueued, maxStreams } = this.#parts.limits
    if (this.#end !== undefined) throw invalid(this.#end.reason, null, 'connection_closing')
    const lane = this.#lanes.get(streamId)
    if (lane !== undefined) {
      if (this.#queued >= maxQueued) throw tooMany(`${maxQueued} requests wait on this connection already.`)
      lane.push(fields)
      this.#queued++
      return
    }
    if (this.#lanes.size >= Math.max(1, maxStreams))
      throw tooMany(`There are ${this.#lanes.size} streams on this connection already.`)
    const own: Fields[] = []
    this.#lanes.set(streamId, own)
    void this.#run(streamId, fields, own)
  }

  async #run(streamId: string | undefined, first: Fields, lane: Fields[]): Promise<void> {
    for (let fields: Fields | undefined = first; fields !== undefined; fields = lane.shift()) {
      if (fields !== first) this.#queued--
      if (this.#gone.signal.aborted) break
      await this.#answer(streamId, fields)
    }
    this.#lanes.delete(streamId)
    this.#closeWhenIdle()
  }

  async #answer(streamId: string | undefined, fields: Fields): Promise<void> {
    const { answer, connection } = this.#parts
    // Its own, so that what listens to it goes with the request.
    const controller = new AbortController()
    const abort = (): void => controller.abort(this.#gone.signal.reason)
    this.#gone.signal.addEventListener('abort', abort, { once: true })
    try {
      const reply = await answer(fields, { connection, signal: controller.signal })
      if (reply.kind === 'stream') await this.#stream(streamId, reply)
      else this.#send(reply.status < 400 ? reply.body : errorReply(reply), streamId)
    } catch (error) {
      this.#refuse(error, streamId)
    }
    this.#gone.signal.removeEventListener('abort', abort)
  }

  #stream(streamId: string | undefined, reply: Reply & { kind: 'stream' }): Promise<void> {
    const { webSocket, socket, onError } = this.#parts
    return new Promise((resolve, reject) => {
      const stream: FrameStream = new FrameStream(
        socketOutlet(webSocket, socket, streamId, { drained: () => stream.drained(), ended: resolve }),
        { onError },
      )
      this.#streams.add(stream)
      stream.onOver(() => void this.#streams.delete(stream))
      stream.onClose(resolve)
      try {
        const over = reply.open(stream)
        if (typeof over === 'function') stream.onOver(over)
      } catch (error) {
        reject(error)
        stream.end()
      }
      if (this.#gone.signal.aborted) stream.closed()
    })
  }

  #refuse(error: unknown, streamId: string | undefined): void {
    const isOurs = error instanceof ServeError
    if (!isOurs && !this.#gone.signal.aborted) this.#parts.onError(error)
    const refusal = tellable(error, this.#parts.connection.id)
    this.#send({ ...errorEvent(refusal), status: refusal.status }, streamId)
  }

  #send(message: unknown, streamId: string | undefined): void {
    const { webSocket } = this.#parts
    if (webSocket.readyState === webSocket.OPEN)
      webSocket.send(withStreamId(JSON.stringify(message), streamId), ignore)
  }

  #reachLimit(): void {
    const reason = 'This connection has reached its time limit. Open a new one.'
    this.#refuse(invalid(reason, null, 'websocket_connection_limit_reached'), undefined)
    this.finish(GOING_AWAY, reason)
  }

  #closeWhenIdle(): void {
    if (this.#end === undefined || this.#lanes.size > 0) return
    this.#parts.webSocket.close(this.#end.code, this.#end.reason)
  }

  #closed(): void {
    clearTimeout(this.#timer)
    this.#gone.abort(new Error('The client has gone.'))
    for (const stream of this.#streams) stream.closed()
    for (const fn of this.#overFns) fn()
  }
}

const ignore = (): void => undefined

const told = (type: unknown): string => (typeof type === 'string' ? `'${type.slice(0, 100)}'` : typeof type)

/** An error that was answered, as an event. */
const errorReply = ({ status, body }: Reply & { kind: 'json' }): unknown => {
  const { error } = (body ?? {}) as { error?: Record<string, unknown> }
  return { type: 'error', ...error, ...(error && { type: 'error', error }), status }
}

const invalid = (message: string, param: string | null, code: string): ServeError =>
  new ServeError(400, { message, type: 'invalid_request_error', param, code })

const tooMany = (message: string): ServeError =>
  new ServeError(429, { message, type: 'rate_limit_error', code: 'rate_limit_exceeded' })
