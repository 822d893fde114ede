import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { NodeServerOptions } from '../src/http/node-server.ts'
import type { FrameSink, ResponseReply } from '../src/http/reply.ts'
import type { SocketCall } from '../src/http/socket-answer.ts'
import { jsonTextsIn } from '../src/http/socket-frames.ts'
import type { WebSocketOptions } from '../src/http/websocket.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { gate, json, RawClient, startServer } from './http-server.ts'

type Message = Record<string, unknown> & { type: string }

const start = (webSocket: WebSocketOptions, options: Partial<NodeServerOptions> = {}) =>
  startServer([], { webSocket, ...options })

/** A connection that keeps what it was told. */
class Peer {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #told = (): void => undefined

  constructor(url: string, headers: Record<string, string> = {}, options: { autoPong?: boolean } = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`, { headers, ...options })
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)))
      this.#told()
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: String(reason) })
        this.#told()
      }),
    )
    onTestFinished(() => this.socket.terminate())
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject))
    return this
  }

  send(message: unknown): this {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    return this
  }

  async until(count: number): Promise<Message[]> {
    while (this.messages.length < count) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('It was closed before that.')
      await new Promise<void>((told) => {
        this.#told = told
      })
    }
    return this.messages
  }
}

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

const stream = (open: (sink: FrameSink) => void): ResponseReply => ({ kind: 'stream', open })

/** Answers with the request, in two events. */
const mirror = async (request: Readonly<Record<string, unknown>>): Promise<ResponseReply> =>
  stream((sink) => {
    sink.write(event('response.created', { request }))
    sink.write(`: keepalive\n\n${event('response.completed')}data: [DONE]\n\n`)
    sink.end()
  })

const create = (fields: object = {}): object => ({ type: 'response.create', ...fields })

describe('WebSocket mode', () => {
  it('answers requests with bare events, one after the other, in their order', async () => {
    const connections = new Set<SocketCall['connection']>()
    const { url } = await start({
      answer: (request, { connection }) => {
        connections.add(connection)
        return mirror(request)
      },
    })
    const peer = await new Peer(url, { 'x-request-id': 'mine' }).open()
    peer.send(create({ input: 'a' })).send(create({ input: 'b\n\ndata: {"c":1}' }))
    expect(await peer.until(4)).toEqual([
      { type: 'response.created', request: { input: 'a' } },
      { type: 'response.completed' },
      { type: 'response.created', request: { input: 'b\n\ndata: {"c":1}' } },
      { type: 'response.completed' },
    ])
    expect([...connections]).toMatchObject([{ id: 'mine', principal: { tenant: 'local' } }])
  })

  it('begins a request when the one before has ended, and holds no more than it may', async () => {
    const sinks: FrameSink[] = []
    const { url } = await start({
      maxQueued: 2,
      answer: async () => stream((sink) => void sinks.push(sink)),
    })
    const peer = await new Peer(url).open()
    for (let n = 0; n < 4; n++) peer.send(create({ n }))
    expect(await peer.until(1)).toMatchObject([
      { type: 'error', status: 429, code: 'rate_limit_exceeded', error: { code: 'rate_limit_exceeded' } },
    ])
    expect(sinks).toHaveLength(1)
    for (let n = 0; n < 3; n++) {
      await expect.poll(() => sinks.length).toBe(n + 1)
      sinks[n]?.write(event('done', { n }))
      sinks[n]?.end()
    }
    expect((await peer.until(4)).slice(1)).toEqual([0, 1, 2].map((n) => ({ type: 'done', n })))
    // And there is room again.
    for (let n = 4; n < 8; n++) peer.send(create({ n }))
    expect((await peer.until(5)).slice(4)).toMatchObject([{ type: 'error', status: 429 }])
    await expect.poll(() => sinks.length).toBe(4)
  })

  it('refuses what it does not understand, and goes on', async () => {
    const { url, errors } = await start({
      answer: async ({ fault }) => {
        if (fault === 'refused')
          throw new ServeError(404, { message: 'No.', type: 'invalid_request_error', param: 'p', code: 'c' })
        if (fault === 'thrown') throw new Error('secret')
        if (fault === 'replied')
          return json({ error: { message: 'M', type: 't', param: null, code: 'x' } }, 409)
        return stream(() => {
          throw new Error('secret')
        })
      },
    })
    const peer = await new Peer(url).open()
    peer
      .send('{')
      .send('[]')
      .send(`${'['.repeat(65)}${']'.repeat(65)}`)
      .send({ type: 'response.inject' })
      .send({})
      .send(create({ stream_id: 'a' }))
    const refused = await peer.until(6)
    for (const [at, fields] of [
      { code: 'invalid_json' },
      { code: 'invalid_type' },
      { code: 'invalid_json' },
      { code: 'invalid_value', param: 'type' },
      { code: 'invalid_value', param: 'type' },
      { code: 'unsupported_parameter', param: 'stream_id' },
    ].entries())
      expect(refused[at]).toMatchObject({ type: 'error', status: 400, ...fields, error: fields })

    peer.send(create({ fault: 'refused' })).send(create({ fault: 'thrown' }))
    peer.send(create({ fault: 'replied' })).send(create({ fault: 'opening' }))
    const told = (await peer.until(10)).slice(6)
    const facts = { message: 'No.', param: 'p', code: 'c' }
    expect(told[0]).toEqual({
      type: 'error',
      status: 404,
      ...facts,
      error: { ...facts, type: 'invalid_request_error' },
    })
    expect(told[1]).toMatchObject({ type: 'error', status: 500, code: 'server_error' })
    expect(told[2]).toMatchObject({ type: 'error', status: 409, code: 'x', error: { type: 't' } })
    expect(told[3]).toMatchObject({ type: 'error', status: 500 })
    expect(JSON.stringify(told)).not.toContain('secret')
    expect(errors).toHaveLength(2)
  })

  it('has a response per stream_id at once, where that is offered', async () => {
    const sinks = new Map<unknown, FrameSink>()
    const { url } = await start({
      maxStreams: 2,
      answer: async ({ n }) => stream((sink) => void sinks.set(n, sink)),
    })
    const peer = await new Peer(url).open()
    peer.send(create({ n: 1, stream_id: 'a' })).send(create({ n: 2, stream_id: 'b' }))
    peer.send(create({ n: 3, stream_id: 'b' })).send(create({ n: 4, stream_id: 'c' }))
    peer.send(create({ n: 5, stream_id: 'not sane' }))
    expect(await peer.until(2)).toMatchObject([
      { type: 'error', status: 429, stream_id: 'c' },
      { type: 'error', status: 400, param: 'stream_id' },
    ])
    await expect.poll(() => [...sinks.keys()]).toEqual([1, 2])
    sinks.get(2)?.write(event('of b'))
    sinks.get(2)?.end()
    sinks.get(1)?.write(event('of a'))
    expect((await peer.until(4)).slice(2)).toEqual([
      { stream_id: 'b', type: 'of b' },
      { stream_id: 'a', type: 'of a' },
    ])
    await expect.poll(() => sinks.has(3)).toBe(true)
  })

  it('tells everybody when the connection is lost, once', async () => {
    const told: string[] = []
    const [begun, aborted] = [gate(), gate()]
    const { url, errors } = await start({
      maxStreams: 2,
      answer: async ({ stays }, { signal }) => {
        if (stays === true) {
          begun.resolve()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          aborted.resolve()
          throw signal.reason
        }
        return stream((sink) => {
          sink.onClose(() => told.push('closed'))
        })
      },
    })
    const peer = await new Peer(url).open()
    peer.send(create({ stream_id: 'a' })).send(create({ stays: true, stream_id: 'b' }))
    await begun.promise
    peer.socket.terminate()
    await aborted.promise
    await expect.poll(() => told).toEqual(['closed'])
    expect(errors).toEqual([])
  })

  it('tells a writer that its peer does not read', async () => {
    const total = 1000
    let written = 0
    const { url, port } = await start({
      pingMs: 0,
      answer: async () =>
        stream((sink) => {
          const fill = (): void => {
            while (written < total)
              if (!sink.write(event('tick', { n: written++, text: 'x'.repeat(100_000) }))) return
            sink.end()
          }
          sink.onDrain(fill)
          fill()
        }),
    })
    const peer = await new Peer(url).open()
    peer.socket.pause()
    peer.send(create())
    for (let n = 0; n < 50; n++) await new RawClient(port).get('/').until(/404/)
    // No system takes 100 MB that nobody reads.
    expect(written).toBeLessThan(total)
    peer.socket.resume()
    expect((await peer.until(total)).map(({ n }) => n)).toEqual(Array.from({ length: total }, (_, n) => n))
  })

  it('ends after its time, with the code of the wire, when the last response has ended', async () => {
    let sink: FrameSink | undefined
    const begun = gate()
    const { url } = await start({
      limitMs: 60_000,
      answer: async () =>
        stream((given) => {
          sink = given
          begun.resolve()
        }),
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const peer = await new Peer(url).open()
    peer.send(create())
    await begun.promise
    vi.advanceTimersByTime(60_000)
    expect(await peer.until(1)).toMatchObject([
      { type: 'error', status: 400, code: 'websocket_connection_limit_reached' },
    ])
    peer.send(create())
    expect((await peer.until(2))[1]).toMatchObject({ type: 'error', code: 'connection_closing' })
    sink?.write(event('response.completed'))
    sink?.end()
    expect((await peer.until(3))[2]).toEqual({ type: 'response.completed' })
    expect((await peer.closed).code).toBe(1001)
  })

  it('closes for binary messages, for invalid UTF-8, and for messages over the limit', async () => {
    const { url } = await start({ answer: mirror }, { bodyLimitBytes: 1000 })
    const binary = await new Peer(url).open()
    binary.socket.send(Buffer.from('{}'), { binary: true })
    expect((await binary.closed).code).toBe(1003)
    const broken = await new Peer(url).open()
    broken.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false })
    expect((await broken.closed).code).toBe(1007)
    const large = await new Peer(url).open()
    large.send('x'.repeat(1001))
    expect((await large.closed).code).toBe(1009)
  })

  it('cuts off a peer that answers no ping, and keeps the others', async () => {
    const { url } = await start({ answer: mirror, pingMs: 30 })
    const alive = await new Peer(url).open()
    const dead = await new Peer(url, {}, { autoPong: false }).open()
    expect((await dead.closed).code).toBe(1006)
    await new Promise((resolve) => alive.socket.once('ping', resolve))
    alive.send(create())
    await alive.until(2)
  })

  it('closes with the server, after what is going on', async () => {
    const sinks: FrameSink[] = []
    const { url, server } = await start(
      { answer: async () => stream((sink) => void sinks.push(sink)) },
      { graceMs: 60_000 },
    )
    const [idle, ending] = [await new Peer(url).open(), await new Peer(url).open()]
    ending.send(create())
    await expect.poll(() => sinks.length).toBe(1)
    const closed = server.close()
    expect((await idle.closed).code).toBe(1001)
    sinks[0]?.write(event('response.completed'))
    sinks[0]?.end()
    expect((await ending.closed).code).toBe(1001)
    expect(ending.messages).toEqual([{ type: 'response.completed' }])
    await closed
  })

  it('is cut off at the end of the grace', async () => {
    const [begun, gone] = [gate(), gate()]
    const { url, server } = await start({
      answer: async () =>
        stream((sink) => {
          sink.onClose(gone.resolve)
          begun.resolve()
        }),
    })
    const peer = await new Peer(url).open()
    peer.send(create())
    await begun.promise
    await Promise.all([server.close(), gone.promise])
    expect((await peer.closed).code).toBe(1006)
  })
})

describe('the upgrade', () => {
  const upgrade = (path: string, headers: Record<string, string> = {}): string => {
    const all = {
      host: '127.0.0.1',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  }

  it('is refused with the body of the wire', async () => {
    const { port } = await start(
      { answer: mirror },
      {
        authenticate: async (headers) => {
          if (headers.get('authorization') === 'Bearer k') return { tenant: 'a' }
          throw new ServeError(401, { message: 'No.', type: 'authentication_error', code: 'invalid_api_key' })
        },
      },
    )
    for (const [request, pattern] of [
      [upgrade('/v1/responses'), /^HTTP\/1.1 401 [\s\S]*x-request-id: [\s\S]*invalid_api_key/],
      [upgrade('/v1/other'), /^HTTP\/1.1 404 [\s\S]*unknown_url/],
      [upgrade('/v1/responses', { upgrade: 'h2c' }), /^HTTP\/1.1 400 [\s\S]*invalid_upgrade/],
      [upgrade('/v1/responses', { origin: 'https://evil.com' }), /^HTTP\/1.1 403 [\s\S]*foreign_origin/],
      [upgrade('/v1/responses', { host: 'evil.com' }), /^HTTP\/1.1 403 [\s\S]*foreign_origin/],
    ] as const) {
      const client = new RawClient(port).write(request)
      await client.until(pattern)
      await client.closed
    }
    const allowed = new RawClient(port).write(upgrade('/v1/responses/', { authorization: 'Bearer k' }))
    await allowed.until(/^HTTP\/1.1 101 /)
  })

  it('gets a 426 where there is no WebSocket mode', async () => {
    const { port } = await startServer([])
    await new RawClient(port)
      .write(upgrade('/v1/responses'))
      .until(/^HTTP\/1.1 426 [\s\S]*websocket_not_supported/)
    await new RawClient(port).write(upgrade('/v1/other')).until(/^HTTP\/1.1 404 /)
  })
})

it('finds the JSON texts of frames', () => {
  expect(jsonTextsIn(': a\n\ndata: {"n":1}\n\nevent: e\ndata: {"t":"a\\n\\n"}\n\ndata: [DONE]\n\n')).toEqual([
    '{"n":1}',
    '{"t":"a\\n\\n"}',
  ])
  expect(jsonTextsIn('')).toEqual([])
})
