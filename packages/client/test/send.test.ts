import { once } from 'node:events'
import { createSender, fetchTransport } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { failure, frame, json, serve, serveBytes, stream } from './loopback.ts'

const post = { method: 'POST', path: '/responses', body: { model: 'm' } }
const created = { type: 'response.created', sequence_number: 0 }
const completed = { type: 'response.completed', sequence_number: 1 }

describe('where a call goes', () => {
  it.each([
    ['', '/responses'],
    ['/', '/responses'],
    ['/v1', '/v1/responses'],
    ['/v1//', '/v1/responses'],
    ['/openai/v1/?api-version=preview', '/openai/v1/responses?api-version=preview'],
  ])('a base URL ending in "%s"', async (base, expected) => {
    const server = await serve((response) => json(response, 200, {}))
    await createSender({ baseURL: server.origin + base }).json(post)
    expect(server.seen[0]?.url).toBe(expected)
  })

  it('adds the query of the call to that of the base URL; an array repeats its name, undefined is left out', async () => {
    const server = await serve((response) => json(response, 200, {}))
    const sender = createSender({ baseURL: `${server.origin}/v1?api-version=1` })
    const query = { 'include[]': ['a b', 'c&d'], stream: true, after: undefined, limit: 3 }
    await sender.json({ method: 'GET', path: '/responses/resp_1', query })
    expect(server.seen[0]?.url).toBe(
      '/v1/responses/resp_1?api-version=1&include%5B%5D=a%20b&include%5B%5D=c%26d&stream=true&limit=3',
    )
  })

  it.each(['nowhere', 'ftp://host/v1', 'http://user:hunter22@host/v1', ''])(
    'refuses the base URL "%s"',
    (baseURL) => {
      const make = (): unknown => createSender({ baseURL })
      expect(make).toThrow(expect.objectContaining({ code: 'invalid_base_url' }))
      expect(make).not.toThrow(/hunter22/)
    },
  )

  it.each(['responses', '/a b', '/a\r\nb', '/ü', '/a#b'])('refuses the path %j', async (path) => {
    const sender = createSender({ baseURL: 'http://127.0.0.1:1' })
    expect(await failure(sender.json({ method: 'GET', path }))).toMatchObject({ code: 'invalid_path' })
  })
})

describe('what a call carries', () => {
  it('the key, JSON, no compression, and nothing about the machine', async () => {
    const server = await serve((response) => stream(response, created))
    const sender = createSender({
      baseURL: server.origin,
      apiKey: 'sk-1234',
      organization: 'org',
      project: 'proj',
    })
    await sender.events(post, () => undefined)
    expect(server.seen[0]?.body).toBe('{"model":"m"}')
    expect(server.seen[0]?.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      accept: 'text/event-stream, application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'content-length': '13',
      'user-agent': 'antiphon',
      authorization: 'Bearer sk-1234',
      'openai-organization': 'org',
      'openai-project': 'proj',
    })
  })

  it('no authorization without a key, no content type without a body', async () => {
    const server = await serve((response) => json(response, 200, {}))
    await createSender({ baseURL: server.origin }).json({ method: 'GET', path: '/x' })
    expect(Object.keys(server.seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
  })

  it('headers of the call over those of the sender over the built-in ones, whatever their case', async () => {
    const server = await serve((response) => json(response, 200, {}))
    const sender = createSender({
      baseURL: server.origin,
      apiKey: 'sk-1234',
      headers: { AUTHORIZATION: undefined, 'api-key': 'azure', 'User-Agent': 'mine', 'x-a': 'sender' },
    })
    await sender.json({ ...post, headers: { 'X-A': 'call', 'Idempotency-Key': 'once' } })
    await sender.json(post)
    expect(server.seen[0]?.headers).toMatchObject({
      'api-key': 'azure',
      'user-agent': 'mine',
      'x-a': 'call',
      'idempotency-key': 'once',
    })
    expect(server.seen[0]?.headers.authorization).toBeUndefined()
    expect(server.seen[1]?.headers).toMatchObject({ 'x-a': 'sender' })
    expect(server.seen[1]?.headers['idempotency-key']).toBeUndefined()
  })

  it.each([
    ['a line break', { 'x-a': 'v\r\nx-evil: 1' }],
    ['a null byte', { 'x-a': 'v\0' }],
    ['a character outside Latin-1', { 'x-a': '…' }],
    ['a space in the name', { 'x a': 'v' }],
    ['a line break in the name', { 'x\r\na': 'v' }],
    ['a header that frames the message', { 'Transfer-Encoding': 'chunked' }],
    ['a second length', { 'content-length': '0' }],
  ])('refuses %s in a header', async (_what, headers) => {
    const server = await serve((response) => json(response, 200, {}))
    expect(() => createSender({ baseURL: server.origin, headers })).toThrow(
      expect.objectContaining({ code: 'invalid_header' }),
    )
    const sender = createSender({ baseURL: server.origin })
    expect(await failure(sender.json({ ...post, headers }))).toMatchObject({ code: 'invalid_header' })
    expect(server.seen).toHaveLength(0)
  })

  it('refuses a key that ends in a line break, without showing it', () => {
    const make = (): unknown => createSender({ baseURL: 'http://127.0.0.1:1', apiKey: 'sk-secret-key\n' })
    expect(make).toThrow(/authorization/)
    expect(make).not.toThrow(/sk-secret/)
  })

  it('the bytes of an encoded body as they are', async () => {
    const server = await serve((response) => json(response, 200, {}))
    const whole = new TextEncoder().encode('xx{"a":"é"}yy')
    await createSender({ baseURL: server.origin }).json({
      ...post,
      body: whole.subarray(2, whole.length - 2),
    })
    expect(server.seen[0]?.body).toBe('{"a":"é"}')
  })

  it.each([{ a: 1n }, cycle()])('refuses a body that is not JSON', async (body) => {
    const sender = createSender({ baseURL: 'http://127.0.0.1:1' })
    expect(await failure(sender.json({ ...post, body }))).toMatchObject({ code: 'invalid_body' })
  })

  it.each([
    { retries: -1 },
    { retries: 1.5 },
    { timeouts: { idleMs: 0 } },
    { timeouts: { totalMs: Number.NaN } },
  ])('refuses the option %j', async (option) => {
    const invalid = { code: 'invalid_option' }
    const baseURL = 'http://127.0.0.1:1'
    expect(() => createSender({ baseURL, ...option })).toThrow(expect.objectContaining(invalid))
    expect(await failure(createSender({ baseURL }).json({ ...post, ...option }))).toMatchObject(invalid)
  })
})

describe('a JSON answer', () => {
  it('is parsed, with a byte order mark and without a content type, too', async () => {
    const server = await serve((response) => response.end('\ufeff {"id":"resp_1"}'))
    const sender = createSender({ baseURL: server.origin })
    expect(await sender.json(post)).toEqual({ id: 'resp_1' })
  })

  it('may come in many pieces that cut a character', async () => {
    const bytes = Buffer.from('{"text":"🙂🙂🙂"}')
    const server = await serve((response) => {
      const next = (at: number): void => {
        if (at >= bytes.length) response.end()
        else response.write(bytes.subarray(at, at + 3), () => setImmediate(next, at + 3))
      }
      next(0)
    })
    expect(await createSender({ baseURL: server.origin }).json(post)).toEqual({ text: '🙂🙂🙂' })
  })

  it.each([
    [200, 'DELETE'],
    [204, 'POST'],
  ])('may be empty with status %d on %s', async (status, method) => {
    const server = await serve((response) => {
      response.writeHead(status)
      response.end()
    })
    expect(await createSender({ baseURL: server.origin }).json({ method, path: '/x' })).toBeUndefined()
  })

  it.each([
    ['text', 'text/plain', 'Hello there', /not JSON.*Hello there/],
    [
      'a web page',
      'text/html',
      '<!doctype html><title>One API &amp; more</title><p>Login',
      /web page \("One API & more"\).*\/v1/,
    ],
    ['a stream', 'text/event-stream', frame(created), /not JSON.*event-stream/],
    ['half a body', 'application/json', '{"id":"resp', /not JSON/],
  ])('is a clear error when it is %s', async (_what, type, body, message) => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': type })
      response.end(body)
    })
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({ code: 'invalid_answer', retryable: false })
    expect(error.message).toMatch(message)
    expect(server.seen).toHaveLength(1)
  })

  it('tells its head before its body', async () => {
    const server = await serve((response) =>
      json(response, 200, {}, { 'x-oneapi-request-id': 'req_9', 'x-ratelimit-remaining-tokens': '7' }),
    )
    const heads: unknown[] = []
    await createSender({ baseURL: server.origin }).json({
      ...post,
      onAnswer: ({ status, requestId, headers }) =>
        heads.push([status, requestId, headers.get('x-ratelimit-remaining-tokens')]),
    })
    expect(heads).toEqual([[200, 'req_9', '7']])
  })
})

describe.each([
  ['undici', undefined],
  ['fetch', fetchTransport()],
])('a stream over %s', (_name, transport) => {
  it('hands on its events in order and resolves at its end', async () => {
    const server = await serve((response) => stream(response, created, completed))
    const events: unknown[] = []
    await createSender({ baseURL: server.origin, transport }).events(post, (event) => events.push(event))
    expect(events).toEqual([created, completed])
  })

  it('resolves at end(), though the server keeps the connection open, and hands on nothing after it', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created) + frame(completed) + frame({ type: 'late' }))
    })
    const events: unknown[] = []
    await createSender({ baseURL: server.origin, transport }).events(post, (event, end) => {
      events.push(event.type)
      if (event.type === 'response.completed') end()
    })
    expect(events).toEqual(['response.created', 'response.completed'])
    // The rest is awaited for a while, then the connection is given up.
    await server.closed(1)
  })

  it('resolves at end() called later, outside an event', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created))
    })
    await createSender({ baseURL: server.origin, transport }).events(post, (_event, end) => setImmediate(end))
    await server.closed(1)
    expect(server.seen).toHaveLength(1)
  })

  it('goes by its first character when the content type says nothing', async () => {
    const bodies = [`\n: hello\n\n${frame(created)}`, ' {"id":"resp_1"}', '\ufeff{"id":"resp_2"}']
    const server = await serve((response, _request, number) => {
      response.writeHead(200, number === 1 ? { 'content-type': 'application/octet-stream' } : {})
      response.end(bodies[number - 1])
    })
    const sender = createSender({ baseURL: server.origin, transport })
    const got: unknown[] = []
    for (const _ of bodies) {
      await sender.events(
        post,
        (event) => got.push(event),
        (body) => got.push(body),
      )
    }
    expect(got).toEqual([created, { id: 'resp_1' }, { id: 'resp_2' }])
  })

  it('is what the sink throws, when it throws', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created))
    })
    const boom = new Error('the sink failed')
    const error = await failure(
      createSender({ baseURL: server.origin, transport }).events(post, () => {
        throw boom
      }),
    )
    expect(error).toBe(boom)
    await server.closed(1)
    expect(server.seen).toHaveLength(1)
  })
})

describe('a stream', () => {
  it('that is one JSON body goes whole to onJson', async () => {
    const server = await serve((response) => json(response, 200, { id: 'resp_1', object: 'response' }))
    const sender = createSender({ baseURL: server.origin })
    const bodies: unknown[] = []
    const events: unknown[] = []
    await sender.events(
      post,
      (event) => events.push(event),
      (body) => bodies.push(body),
    )
    expect({ bodies, events }).toEqual({ bodies: [{ id: 'resp_1', object: 'response' }], events: [] })
    expect(await failure(sender.events(post, () => undefined))).toMatchObject({ code: 'invalid_answer' })
  })

  it('that is a web page names its title', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end('<html><head><title>Dashboard</title>')
    })
    const error = await failure(createSender({ baseURL: server.origin }).events(post, () => undefined))
    expect(error).toMatchObject({ code: 'invalid_answer' })
    expect(error.message).toMatch(/Dashboard/)
  })

  it('keeps its connection for the next call when the rest comes promptly', async () => {
    let ended: Promise<unknown> = Promise.resolve()
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(completed))
      ended = once(response, 'finish')
      setImmediate(() => response.end('data: [DONE]\n\n'))
    })
    const sender = createSender({ baseURL: server.origin })
    for (let i = 0; i < 3; i++) {
      await sender.events(post, (_event, end) => end())
      await ended
      // What the server has sent is read in one of the next turns of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 20))
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    }
    expect(server.connections()).toBe(1)
  })

  it('ignores a cut after its terminal event', async () => {
    const server = await serveBytes((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n${frame(completed)}`,
      )
      setImmediate(() => socket.resetAndDestroy())
    })
    const events: unknown[] = []
    await createSender({ baseURL: server.origin }).events(post, (event, end) => {
      events.push(event)
      end()
    })
    await server.closed(1)
    expect(events).toEqual([completed])
  })

  it('may be cut right after a terminal event that lacks its blank line', async () => {
    const server = await serveBytes((socket) => {
      const text = frame(created) + frame(completed).trimEnd()
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n${text}`)
    })
    const events: unknown[] = []
    await createSender({ baseURL: server.origin }).events(post, (event, end) => {
      events.push(event)
      if (event.type === 'response.completed') end()
    })
    expect(events).toEqual([created, completed])
  })

  it('cut at any byte gives the events before the cut, then an error, or all of them', async () => {
    const second = { type: 'response.output_text.delta', delta: 'é\n' }
    const body = Buffer.from(frame(created) + frame(second) + frame(completed))
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n`
    const server = await serveBytes((socket, number) => {
      socket.write(head)
      socket.end(body.subarray(0, number - 1))
    })
    const sender = createSender({ baseURL: server.origin, retries: 0 })
    const all = [created, second, completed]
    for (let cut = 0; cut < body.length; cut++) {
      const events: unknown[] = []
      let ended = false
      const call = sender.events(post, (event, end) => {
        events.push(event)
        if (event.type === 'response.completed') {
          ended = true
          end()
        }
      })
      const outcome = await call.then(
        () => 'resolved',
        (error) => error.code,
      )
      expect([cut, outcome]).toEqual([cut, ended ? 'resolved' : 'stream_cut'])
      expect(events).toEqual(all.slice(0, events.length))
    }
    expect(server.seen).toHaveLength(body.length)
  })

  it('that is taken up again may have nothing left', async () => {
    const server = await serve((response) => stream(response))
    const events: unknown[] = []
    await createSender({ baseURL: server.origin }).events(
      { method: 'GET', path: '/responses/resp_1' },
      (event) => events.push(event),
    )
    expect(events).toEqual([])
  })
})

function cycle(): object {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  return loop
}
