import { createServer, request } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createNodeHandler } from '../src/http/node-handler.ts'
import { createNodeServer } from '../src/http/node-server.ts'
import type { FrameSink } from '../src/http/reply.ts'
import type { Route } from '../src/http/router.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { echo, gate, json, RawClient, startServer } from './http-server.ts'

const quiet: Route = {
  method: 'GET',
  path: '/quiet',
  handle: async () => ({ kind: 'stream', open: () => {} }),
}

describe('connections', () => {
  it('ends those that send their headers too slowly', async () => {
    const { port } = await startServer([echo], { headersTimeoutMs: 40 })
    const client = new RawClient(port).write('POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ')
    await client.until(/^HTTP\/1.1 408 [\s\S]*request_timeout/)
    await client.closed
  })

  it('ends those that send their body too slowly, and the handler is done with', async () => {
    const done = gate<unknown>()
    const { port, errors } = await startServer(
      [{ ...echo, handle: (call) => call.json().then(json, (error) => Promise.reject(done.resolve(error))) }],
      { requestTimeoutMs: 1000 },
    )
    const client = new RawClient(port)
    client.write('POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{')
    await client.until(/^HTTP\/1.1 408 [\s\S]*request_timeout/)
    await client.closed
    expect(await done.promise).toBeInstanceOf(Error)
    expect(errors).toEqual([])
  })

  it('refuses headers that are too large, and what is no HTTP', async () => {
    const { port } = await startServer([echo])
    const large = new RawClient(port).write(
      `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    await large.until(/^HTTP\/1.1 431 [\s\S]*headers_too_large/)
    await large.closed
    const nonsense = new RawClient(port).write('\x16\x03\x01 hello\r\n\r\n')
    await nonsense.until(/^HTTP\/1.1 400 [\s\S]*invalid_http/)
    await nonsense.closed
  })

  it('writes nothing of its own into a stream when nonsense follows the request', async () => {
    const { port } = await startServer([quiet])
    const client = new RawClient(port).get('/v1/quiet')
    await client.until(/\r\n\r\n/)
    client.write('nonsense\r\n\r\n')
    await client.closed
    expect(client.text.match(/HTTP\/1.1/g)).toHaveLength(1)
  })

  it('are no more than they may be', async () => {
    const { port } = await startServer([quiet, echo], { maxConnections: 2 })
    const held = [new RawClient(port).get('/v1/quiet'), new RawClient(port).get('/v1/quiet')]
    for (const client of held) await client.until(/200 OK/)
    const third = new RawClient(port).get('/v1/quiet')
    await third.closed
    expect(third.text).toBe('')
  })

  it('leave no listener behind when 100 streams on them were aborted', async () => {
    let opened = 0
    let over = 0
    const handle = createNodeHandler({
      routes: [
        {
          method: 'GET',
          path: '/stream',
          handle: async (call) => ({
            kind: 'stream',
            open: (sink) => {
              opened++
              sink.write(': hello\n\n')
              call.signal.addEventListener('abort', () => undefined)
              return () => void over++
            },
          }),
        },
        { method: 'GET', path: '/short', handle: async ({ query }) => json(`n${query.get('n')}`) },
      ],
    })
    const sockets = new Set<Socket>()
    const server = createServer(handle)
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    for (let n = 0; n < 100; n++) {
      const client = new RawClient(port).get('/v1/stream')
      await client.until(/hello/)
      client.socket.destroy()
    }
    await expect.poll(() => over).toBe(100)
    expect(opened).toBe(100)
    await expect.poll(() => sockets.size).toBe(0)

    // One connection, many requests: its listeners do not grow.
    const client = new RawClient(port)
    const countOf = (): number => {
      const [socket] = sockets
      return socket?.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0) ?? 0
    }
    const counts: number[] = []
    for (let n = 1; n <= 30; n++) {
      await client.get(`/v1/short?n=${n}`).until(new RegExp(`"n${n}"$`))
      counts.push(countOf())
    }
    expect(counts.at(-1)).toBe(counts[1])
  })
})

describe('answers', () => {
  it('tell of unexpected errors only that they happened', async () => {
    const { url, errors } = await startServer([
      { method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('secret')) },
      {
        method: 'GET',
        path: '/thrown',
        handle: () => {
          throw new Error('secret')
        },
      },
      {
        method: 'GET',
        path: '/cycle',
        handle: async () => {
          const a: unknown[] = []
          a.push(a)
          return json(a)
        },
      },
    ])
    for (const path of ['broken', 'thrown', 'cycle']) {
      const response = await fetch(`${url}/v1/${path}`)
      expect(response.status).toBe(500)
      const text = await response.text()
      expect(text).not.toContain('secret')
      expect(JSON.parse(text)).toEqual({
        error: {
          message: expect.stringContaining(response.headers.get('x-request-id') ?? '?'),
          type: 'server_error',
          param: null,
          code: 'server_error',
        },
      })
    }
    expect(errors).toHaveLength(3)
  })

  it('have the headers of a refusal, warnings, and how long it took; and no header ends before its time', async () => {
    const warned: string[] = []
    const { url } = await startServer(
      [
        {
          method: 'GET',
          path: '/warned',
          handle: async (call) => {
            call.warn('`seed` is left out\r\nx-evil: 1')
            call.warn('second ä')
            return {
              kind: 'json',
              status: 201,
              body: 1,
              headers: { 'X-Own': 'a\nb', 'x-request-id': 'not this' },
            }
          },
        },
        {
          method: 'GET',
          path: '/limited',
          handle: async () => {
            throw new ServeError(429, {
              message: 'Wait.',
              type: 'rate_limit_error',
              headers: { 'retry-after': '3' },
            })
          },
        },
        {
          method: 'DELETE',
          path: '/gone',
          handle: async () => ({ kind: 'json', status: 204, body: undefined }),
        },
      ],
      { tellsTime: true, onWarning: (text) => void warned.push(text) },
    )
    const response = await fetch(`${url}/v1/warned`)
    expect(response.status).toBe(201)
    expect(response.headers.get('x-antiphon-warning')).toBe('`seed` is left out??x-evil: 1; second ?')
    expect(response.headers.get('x-evil')).toBeNull()
    expect(response.headers.get('x-own')).toBe('a?b')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/)
    expect(warned).toHaveLength(2)
    const limited = await fetch(`${url}/v1/limited`)
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3'])
    const gone = await fetch(`${url}/v1/gone`, { method: 'DELETE' })
    expect([gone.status, await gone.text()]).toEqual([204, ''])
  })

  it('that were given leave their requests alone when the connection ends later', async () => {
    const signals: AbortSignal[] = []
    const left = gate()
    const { port } = await startServer([
      {
        method: 'GET',
        path: '/short',
        handle: async ({ signal }) => {
          signals.push(signal)
          return json(signals.length)
        },
      },
      { method: 'GET', path: '/stream', handle: async () => ({ kind: 'stream', open: () => left.resolve }) },
    ])
    const client = new RawClient(port).get('/v1/short')
    await client.until(/\r\n\r\n1$/)
    await client.get('/v1/short').until(/\r\n\r\n2$/)
    await client.get('/v1/stream').until(/event-stream/)
    client.socket.destroy()
    await left.promise
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
  })

  it('are for whom the keys say', async () => {
    const { url } = await startServer(
      [
        { method: 'GET', path: '/me', handle: async ({ principal }) => json(principal) },
        { method: 'GET', path: '/health', isPublic: true, handle: async () => json('ok') },
      ],
      {
        authenticate: async (headers) => {
          if (headers.get('authorization') === 'Bearer k') return { tenant: 'a' }
          throw new ServeError(401, { message: 'No.', type: 'authentication_error' })
        },
      },
    )
    expect((await fetch(`${url}/v1/me`)).status).toBe(401)
    expect((await fetch(`${url}/v1/health`)).status).toBe(200)
    expect(await (await fetch(`${url}/v1/me`, { headers: { authorization: 'Bearer k' } })).json()).toEqual({
      tenant: 'a',
    })
  })
})

describe('inside of another server', () => {
  it('speaks HTTP/2 too', async () => {
    const [opened, gone] = [gate(), gate()]
    const handle = createNodeHandler({
      routes: [
        echo,
        {
          method: 'GET',
          path: '/stream',
          handle: async () => ({
            kind: 'stream',
            open: (sink) => {
              sink.write('data: 1\n\n')
              sink.onClose(gone.resolve)
              opened.resolve()
            },
          }),
        },
      ],
    })
    // The compatibility API of Node is what handlers for HTTP/1 take.
    const server = createHttp2Server(handle as unknown as Parameters<typeof createHttp2Server>[1])
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => session.destroy())
    const post = session.request({ ':method': 'POST', ':path': '/v1/responses' })
    post.end('{"a":1}')
    let text = ''
    for await (const bytes of post) text += bytes
    expect(text).toBe('{"a":1}')
    const stream = session.request({ ':path': '/v1/stream' })
    await new Promise((resolve) => stream.once('data', resolve))
    await opened.promise
    stream.close()
    await gone.promise
  })

  it('takes a body that a framework has parsed', async () => {
    const handle = createNodeHandler({ routes: [echo], basePath: '/' })
    const server = createServer((incoming, response) => {
      let text = ''
      incoming.on('data', (bytes) => {
        text += bytes
      })
      incoming.on('end', () => {
        Object.assign(incoming, { body: JSON.parse(text) })
        // Frameworks go on when the stream has been read to its end.
        setImmediate(() => handle(incoming, response))
      })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    })
    expect(await response.json()).toEqual({ a: 1 })
  })

  it('takes whole URLs, and paths that look like hosts', async () => {
    const { port } = await startServer([echo])
    const whole = new RawClient(port).post('http://127.0.0.1/v1/responses?x=1', '{}')
    await whole.until(/200 OK/)
    await new RawClient(port).post('//v1/responses', '{}').until(/404 Not Found/)
    await new RawClient(port).write('OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n').until(/404 Not Found/)
  })
})

describe('close()', () => {
  it('accepts no more, lets a request end, and streams until the grace is over', async () => {
    const [called, release, told] = [gate(), gate(), gate()]
    const server = createNodeServer({
      isOpen: true,
      graceMs: 100,
      routes: [
        {
          method: 'GET',
          path: '/slow',
          handle: async () => {
            called.resolve()
            await release.promise
            return json('late')
          },
        },
        {
          method: 'GET',
          path: '/stream',
          handle: async () => ({ kind: 'stream', open: (sink: FrameSink) => sink.onClose(told.resolve) }),
        },
      ],
    })
    const { port } = await server.listen(0)
    const slow = new RawClient(port).get('/v1/slow')
    const stream = new RawClient(port).get('/v1/stream')
    await Promise.all([called.promise, stream.until(/200 OK/)])
    const closed = server.close()
    expect(server.close()).toBe(closed)
    release.resolve()
    await slow.until(/connection: close[\s\S]*"late"/i)
    const refused = new RawClient(port)
    await refused.closed
    const text = await stream.until(/0\r\n\r\n$/)
    expect(text).toMatch(/event: error\ndata: .*"server_closing"/)
    expect(text).toContain('data: [DONE]\n\n')
    await Promise.all([told.promise, closed, stream.closed])
  })

  it('is possible before anything listens, and of a port that is taken one hears', async () => {
    const { port } = await startServer([])
    const server = createNodeServer({ isOpen: true, routes: [] })
    await expect(server.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await server.close()
  })

  it('does not wait for connections that are kept for later', async () => {
    const { server, port } = await startServer([echo], { graceMs: 60_000 })
    const client = new RawClient(port).post('/v1/responses', '{}')
    await client.until(/200 OK/)
    await server.close()
    await client.closed
  })
})

it('a client of Node gets all of a stream', async () => {
  const { port } = await startServer([
    {
      method: 'GET',
      path: '/many',
      handle: async () => ({
        kind: 'stream',
        open: (sink) => {
          let n = 0
          const fill = (): void => {
            while (n < 5000) if (!sink.write(`data: ${n++} ${'y'.repeat(200)}\n\n`)) return
            sink.end()
          }
          sink.onDrain(fill)
          fill()
        },
      }),
    },
  ])
  const text = await new Promise<string>((resolve) => {
    request({ port, host: '127.0.0.1', path: '/v1/many' }, (response) => {
      let all = ''
      response.on('data', (bytes) => {
        all += bytes
      })
      response.on('end', () => resolve(all))
    }).end()
  })
  expect([...text.matchAll(/data: (\d+) /g)].map(([, n]) => Number(n))).toEqual(
    Array.from({ length: 5000 }, (_, n) => n),
  )
})
