import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import {
  closeConnections,
  fetchTransport,
  type Transport,
  type TransportRequest,
  undiciTransport,
} from '@antiphon/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { closedPort, serve, serveBytes, serveSilence } from './loopback.ts'

interface Exchanged {
  status?: number
  header(name: string): string | null
  chunks: string[]
  body: string
  error?: unknown
}

const request = (origin: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'POST',
  origin,
  path: '/v1/x?a=1',
  headers: ['x-one', '1', 'content-type', 'application/json'],
  body: '{"é":1}',
  ...more,
})

/** Runs one exchange to its end; never rejects. */
const exchange = (
  transport: Transport,
  sent: TransportRequest,
  onChunk?: (chunk: string) => void,
): Promise<Exchanged> =>
  new Promise((resolve) => {
    const got: Exchanged = { header: () => null, chunks: [], body: '' }
    const done = (): void => resolve({ ...got, body: got.chunks.join('') })
    transport(sent, {
      onHeaders(status, headers) {
        got.status = status
        got.header = (name) => headers.get(name)
      },
      onData(chunk) {
        const text = Buffer.from(chunk).toString()
        got.chunks.push(text)
        onChunk?.(text)
      },
      onEnd: done,
      onError(error) {
        got.error = error
        done()
      },
    })
  })

describe.each([
  ['undici', undiciTransport()],
  ['fetch', fetchTransport()],
])('the %s transport', (_name, transport) => {
  it('sends the request as given and hands on the answer', async () => {
    const server = await serve((response) => {
      response.writeHead(201, { 'X-Request-Id': 'req_1', 'content-type': 'text/plain' })
      response.write('héllo ')
      response.end('world')
    })
    const got = await exchange(transport, request(server.origin))
    expect(got).toMatchObject({ status: 201, body: 'héllo world' })
    expect(got.header('x-request-id')).toBe('req_1')
    expect(got.header('x-absent')).toBeNull()
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: '/v1/x?a=1', body: '{"é":1}' })
    expect(server.seen[0]?.headers).toMatchObject({ 'x-one': '1', 'content-length': '8' })
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ])('reads a body that came as %s, though nobody asked for it', async (encoding, compress) => {
    const bytes = Buffer.from(compress(Buffer.from('plain text '.repeat(5_000))))
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': encoding })
      response.write(bytes.subarray(0, 7))
      setImmediate(() => response.end(bytes.subarray(7)))
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.error).toBeUndefined()
    expect(got.body).toBe('plain text '.repeat(5_000))
  })

  it('reports a compressed body that is broken', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end('this is not gzip')
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.error).toBeInstanceOf(Error)
    expect(got.body).toBe('')
  })

  it('sends bytes, and a request without a body', async () => {
    const server = await serve((response) => response.end())
    await exchange(transport, request(server.origin, { body: new TextEncoder().encode('bytes') }))
    await exchange(transport, request(server.origin, { method: 'GET', body: undefined }))
    expect(server.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'bytes'],
      ['GET', ''],
    ])
  })

  it('does not follow a redirect, which would take the key along', async () => {
    const server = await serve((response) => {
      response.writeHead(307, { location: '/elsewhere' })
      response.end()
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.status).toBe(307)
    expect(got.header('location')).toBe('/elsewhere')
    expect(server.seen).toHaveLength(1)
  })

  it('reports a refused connection through onError and does not throw', async () => {
    const got = await exchange(transport, request(`http://127.0.0.1:${await closedPort()}`))
    expect(got.error).toBeInstanceOf(Error)
    expect(got.status).toBeUndefined()
  })

  it('reports a body that is cut', async () => {
    const server = await serveBytes((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
    })
    const got = await exchange(transport, request(server.origin))
    expect(got).toMatchObject({ status: 200, body: 'half' })
    expect(got.error).toBeInstanceOf(Error)
  })

  it.each(['onHeaders', 'onData', 'onEnd'] as const)(
    'closes the connection when %s throws, and reports that',
    async (where) => {
      const server = await serveBytes((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n')
        socket.write(where === 'onEnd' ? 'full' : 'ha')
      })
      const boom = new Error('the handler failed')
      const calls: string[] = []
      const error = await new Promise((resolve) => {
        const step = (name: string) => (): void => {
          calls.push(name)
          if (name === where) throw boom
        }
        transport(request(server.origin), {
          onHeaders: step('onHeaders'),
          onData: step('onData'),
          onEnd: step('onEnd'),
          onError: resolve,
        })
      })
      expect(error).toBe(boom)
      expect(calls.at(-1)).toBe(where)
      if (where !== 'onEnd') await server.closed(1)
    },
  )

  it('stops in the middle of an answer: the connection is closed and no callback comes', async () => {
    const server = await serve((response) => {
      response.writeHead(200)
      response.write('first')
    })
    const calls: string[] = []
    await new Promise<void>((resolve) => {
      const stop = transport(request(server.origin), {
        onHeaders: () => calls.push('headers'),
        onData() {
          calls.push('data')
          stop(new Error('enough'))
          resolve()
        },
        onEnd: () => calls.push('end'),
        onError: () => calls.push('error'),
      })
    })
    await server.closed(1)
    expect(calls).toEqual(['headers', 'data'])
  })

  it('stops before the answer began', async () => {
    const server = await serveSilence()
    const calls: string[] = []
    const stop = transport(request(server.origin), {
      onHeaders: () => calls.push('headers'),
      onData: () => calls.push('data'),
      onEnd: () => calls.push('end'),
      onError: () => calls.push('error'),
    })
    while (server.seen.length === 0) await new Promise(setImmediate)
    stop(new Error('enough'))
    stop(new Error('twice is allowed'))
    await server.closed(1)
    expect(calls).toEqual([])
  })

  it('survives being stopped at once', async () => {
    const server = await serve((response) => response.end('late'))
    const calls: string[] = []
    const note = (): void => {
      calls.push('callback')
    }
    transport(request(server.origin), { onHeaders: note, onData: note, onEnd: note, onError: note })(
      new Error('never mind'),
    )
    const after = await exchange(transport, request(server.origin))
    expect(after.body).toBe('late')
    expect(calls).toEqual([])
  })

  it('keeps two answers apart that stream at the same time', async () => {
    const server = await serve((response, seen) => {
      response.write(`${seen.url} a;`)
      setImmediate(() => response.end(`${seen.url} b`))
    })
    const paths = Array.from({ length: 20 }, (_, i) => `/p${i}`)
    const got = await Promise.all(paths.map((path) => exchange(transport, request(server.origin, { path }))))
    expect(got.map(({ body }) => body)).toEqual(paths.map((path) => `${path} a;${path} b`))
  })
})

describe('the undici transport alone', () => {
  const transport = undiciTransport()

  it('opens no connection in the place of one that was closed on purpose', async () => {
    const server = await serve((response) => {
      response.write('first')
    })
    await new Promise<void>((resolve) => {
      const stop = transport(request(server.origin), {
        onHeaders: () => undefined,
        onData() {
          stop(new Error('enough'))
          resolve()
        },
        onEnd: () => undefined,
        onError: () => undefined,
      })
    })
    await server.closed(1)
    // Time enough for a connection that should not be there: a whole exchange with another server.
    const after = await serve((response) => response.end())
    await exchange(transport, request(after.origin))
    expect(server.connections()).toBe(1)
  })

  it('joins the chunks that came in one socket read', async () => {
    const server = await serveBytes((socket) => {
      socket.end(
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n',
      )
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.chunks).toEqual(['onetwothree'])
  })

  it('hands on what was read before a cut', async () => {
    const server = await serveBytes((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n')
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.body).toBe('one')
    expect(got.error).toMatchObject({ code: 'UND_ERR_SOCKET' })
  })

  it('ignores informational answers', async () => {
    const server = await serveBytes((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
    expect(await exchange(transport, request(server.origin))).toMatchObject({ status: 200, body: 'ok' })
  })

  it('uses a connection again, and opens no more than asked for', async () => {
    const server = await serve((response) => setImmediate(() => response.end('ok')))
    const one = undiciTransport({ connections: 1 })
    const got = await Promise.all([1, 2, 3].map(() => exchange(one, request(server.origin))))
    expect(got.map(({ body }) => body)).toEqual(['ok', 'ok', 'ok'])
    expect(server.connections()).toBe(1)
  })

  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

  it.each(['a reset', 'a silent close'])(
    'repeats a request that met %s of a kept-alive connection',
    async (how) => {
      const server = await serveBytes((socket, number) => {
        if (number !== 2) socket.write(answer)
        else if (how === 'a reset') socket.resetAndDestroy()
        else socket.end()
      })
      const one = undiciTransport({ connections: 1 })
      const bodies = [
        await exchange(one, request(server.origin)),
        await exchange(one, request(server.origin)),
      ]
      expect(bodies.map(({ body, error }) => error ?? body)).toEqual(['ok', 'ok'])
      expect(server.seen.map(({ connection }) => connection)).toEqual([1, 1, 2])
    },
  )

  it('does not repeat a request that met a reset on its own new connection', async () => {
    const server = await serveBytes((socket) => socket.resetAndDestroy())
    const got = await exchange(transport, request(server.origin))
    expect(got.error).toMatchObject({ code: 'ECONNRESET' })
    expect(server.seen).toHaveLength(1)
  })

  it('does not repeat a request whose answer had begun', async () => {
    const server = await serveBytes((socket, number) => {
      if (number === 1) socket.write(answer)
      else socket.end('HTTP/1.1 200 OK\r\ncontent-le')
    })
    await exchange(transport, request(server.origin))
    await new Promise(setImmediate)
    const got = await exchange(transport, request(server.origin))
    expect(got.error).toBeInstanceOf(Error)
    expect(server.seen).toHaveLength(2)
  })

  it('gives up a connection that is being opened when it is stopped', async () => {
    const server = await serveSilence()
    const calls: string[] = []
    const note = (): void => {
      calls.push('callback')
    }
    // The TLS handshake never ends, so the connection is never open.
    const origin = `https://127.0.0.1:${server.port}`
    const stop = transport(request(origin), { onHeaders: note, onData: note, onEnd: note, onError: note })
    while (server.connections() === 0) await new Promise(setImmediate)
    stop(new Error('enough'))
    await server.closed(1)
    expect(calls).toEqual([])
  })

  it('reports a request that undici refuses', async () => {
    const server = await serve((response) => response.end())
    const got = await exchange(transport, request(server.origin, { path: 'no slash' }))
    expect(got.error).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
  })

  it('closes idle connections when asked, and opens new ones after that', async () => {
    const server = await serve((response) => response.end('ok'))
    await exchange(transport, request(server.origin))
    expect(server.open()).toBe(1)
    await closeConnections()
    await server.closed(1)
    const again = await exchange(transport, request(server.origin))
    expect(again.body).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  it('refuses a body in an encoding that nobody knows', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'zstd9' })
      response.end('?')
    })
    const got = await exchange(transport, request(server.origin))
    expect(got.error).toMatchObject({ code: 'UNKNOWN_CONTENT_ENCODING' })
    await server.closed(1)
  })

  it('is stopped inside a compressed body without a further callback', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end(gzipSync('x'.repeat(1_000_000)))
    })
    const calls: string[] = []
    await new Promise<void>((resolve) => {
      const stop = transport(request(server.origin), {
        onHeaders: () => calls.push('headers'),
        onData() {
          calls.push('data')
          stop(new Error('enough'))
          setTimeout(resolve, 20)
        },
        onEnd: () => calls.push('end'),
        onError: () => calls.push('error'),
      })
    })
    expect(calls).toEqual(['headers', 'data'])
  })

  it('holds the process during an exchange only: idle connections do not', async () => {
    const script = `
      const server = require('node:http').createServer((_, response) => {
        response.write('o')
        setTimeout(() => response.end('k'), 30)
      })
      server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
    // In a process of its own, so that the only sockets here are those of the transport.
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill())
    const [port] = await once(child.stdout, 'data')
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = sockets()
    let during = 0
    const going = exchange(transport, request(`http://127.0.0.1:${String(port).trim()}`), () => {
      during ||= sockets()
    })
    expect((await going).body).toBe('ok')
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect([during - before, sockets() - before]).toEqual([1, 0])
  })

  it('lets an answer finish while connections are being closed', async () => {
    const server = await serve((response) => {
      response.write('slow ')
      setTimeout(() => response.end('end'), 50)
    })
    let closing: Promise<void> | undefined
    const got = await exchange(transport, request(server.origin), () => {
      closing ??= closeConnections()
    })
    await closing
    expect(got.body).toBe('slow end')
  })

  it('reports an exchange on a destroyed socket once', async () => {
    const server = await serve((response) => {
      response.writeHead(200)
      response.write('x')
      once(response, 'close').then(() => undefined)
      setImmediate(() => response.destroy())
    })
    let errors = 0
    await new Promise<void>((resolve) => {
      transport(request(server.origin), {
        onHeaders: () => undefined,
        onData: () => undefined,
        onEnd: () => undefined,
        onError: () => {
          errors++
          setImmediate(resolve)
        },
      })
    })
    expect(errors).toBe(1)
  })
})
