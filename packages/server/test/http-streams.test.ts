import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FrameSink, Reply } from '../src/http/reply.ts'
import type { Route } from '../src/http/router.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { echo, gate, json, RawClient, startServer } from './http-server.ts'

const frame = (n: number, text = ''): string =>
  `event: tick\ndata: {"type":"tick","sequence_number":${n},"text":"${text}"}\n\n`

/** A route whose streams are handed to the test. */
const streaming = (open: (Reply & { kind: 'stream' })['open']): Route => ({
  method: 'GET',
  path: '/stream',
  handle: async () => ({ kind: 'stream', open }),
})

describe('a stream on Node', () => {
  it('has its headers at once, and each tick as one chunk of whole frames', async () => {
    const sinks: FrameSink[] = []
    const { port } = await startServer([streaming((sink) => void sinks.push(sink))])
    const client = new RawClient(port).get('/v1/stream')
    const head = await client.until(/\r\n\r\n/)
    for (const line of [
      'content-type: text/event-stream; charset=utf-8',
      'cache-control: no-cache',
      'x-accel-buffering: no',
      'x-request-id: req_',
    ])
      expect(head).toContain(line)
    const both = frame(1) + frame(2)
    expect(sinks[0]?.write(frame(1))).toBe(true)
    expect(sinks[0]?.write(frame(2))).toBe(true)
    await client.until(new RegExp(`\r\n${both.length.toString(16)}\r\n${both.replace(/[{}]/g, '\\$&')}\r\n$`))
    sinks[0]?.write(frame(3))
    sinks[0]?.end()
    sinks[0]?.end()
    expect(sinks[0]?.write(frame(4))).toBe(false)
    const text = await client.until(/\r\n0\r\n\r\n$/)
    expect(text).toContain(frame(3))
    expect(text).not.toContain(frame(4))
  })

  it('tells a writer that its reader does not read, and when it reads again', async () => {
    const total = 2000
    let written = 0
    let refusals = 0
    const { port } = await startServer([
      streaming((sink) => {
        const fill = (): void => {
          while (written < total)
            if (!sink.write(frame(written++, 'x'.repeat(50_000)))) {
              refusals++
              return
            }
          sink.end()
        }
        sink.onDrain(fill)
        fill()
      }),
      { method: 'GET', path: '/short', handle: async () => json('ok') },
    ])
    const client = new RawClient(port).get('/v1/stream')
    await client.until(/\r\n\r\n/)
    client.socket.pause()
    // The server has time for others, and for all that it would write.
    for (let n = 0; n < 50; n++) await new RawClient(port).get('/v1/short').until(/"ok"/)
    // No system takes 100 MB that nobody reads.
    expect(written).toBeLessThan(total)
    let frames = 0
    client.socket.on('data', (bytes) => {
      frames += bytes.toString('latin1').split('event: tick').length - 1
      client.text = client.text.slice(-10)
    })
    client.socket.resume()
    await client.until(/\r\n0\r\n\r\n$/)
    expect(written).toBe(total)
    expect(refusals).toBeGreaterThan(1)
    expect(frames).toBeGreaterThan(0)
  })

  it('cuts off a reader that takes nothing for too long', async () => {
    const gone = gate()
    const { port } = await startServer(
      [
        streaming((sink) => {
          sink.onClose(gone.resolve)
          const fill = (): void => {
            while (sink.write(frame(0, 'x'.repeat(100_000))));
          }
          sink.onDrain(fill)
          fill()
        }),
      ],
      { keepAliveMs: 32, stallTimeoutMs: 1 },
    )
    const client = new RawClient(port)
    client.socket.pause()
    client.get('/v1/stream')
    await gone.promise
    client.socket.resume()
    await client.closed
  })

  it('tells once that the client has gone, and never after the end', async () => {
    const told: string[] = []
    const gone = gate()
    const over = gate()
    const { port } = await startServer([
      streaming((sink) => {
        sink.onClose(() => told.push('closed'))
        sink.onClose(gone.resolve)
        return () => {
          told.push('over')
          over.resolve()
        }
      }),
      {
        method: 'GET',
        path: '/short',
        handle: async () => ({
          kind: 'stream',
          open: (sink) => {
            sink.onClose(() => told.push('closed after the end'))
            sink.write(frame(0))
            sink.end()
          },
        }),
      },
    ])
    const client = new RawClient(port).get('/v1/stream')
    await client.until(/\r\n\r\n/)
    client.socket.destroy()
    await Promise.all([gone.promise, over.promise])
    const short = new RawClient(port).get('/v1/short')
    await short.until(/0\r\n\r\n$/)
    short.socket.destroy()
    await short.closed
    // Behind the close of the other end.
    const next = new RawClient(port).get('/v1/short')
    await next.until(/0\r\n\r\n$/)
    expect(told.sort()).toEqual(['closed', 'over'])
  })

  it('takes a half-closed connection for one whose client has gone', async () => {
    const gone = gate()
    const { port } = await startServer([streaming((sink) => sink.onClose(gone.resolve))])
    const client = new RawClient(port, { allowHalfOpen: true }).get('/v1/stream')
    await client.until(/\r\n\r\n/)
    client.socket.end()
    await gone.promise
    await client.closed
  })

  it('aborts the signal of a request whose client leaves before its answer', async () => {
    const aborted = gate()
    const called = gate()
    const { port, errors } = await startServer([
      {
        method: 'POST',
        path: '/responses',
        handle: async (call) => {
          await call.json()
          call.signal.addEventListener('abort', () => aborted.resolve())
          called.resolve()
          await aborted.promise
          throw call.signal.reason
        },
      },
    ])
    const client = new RawClient(port).post('/v1/responses', '{}')
    await called.promise
    client.socket.destroy()
    await aborted.promise
    expect(errors).toEqual([])
  })

  it('tells the writer of a stream that opens behind a client which has gone', async () => {
    const [called, left, gone] = [gate(), gate(), gate()]
    const { port } = await startServer([
      {
        method: 'GET',
        path: '/late',
        handle: async (call) => {
          call.signal.addEventListener('abort', () => left.resolve())
          called.resolve()
          await left.promise
          return { kind: 'stream', open: (sink) => sink.onClose(gone.resolve) }
        },
      },
    ])
    const client = new RawClient(port).get('/v1/late')
    await called.promise
    client.socket.destroy()
    await gone.promise
  })

  it('sends an error of a stream that has begun as an event, flat and nested, and ends', async () => {
    const { port, errors } = await startServer([
      streaming((sink) => {
        sink.write(frame(0))
        throw new Error('the password is swordfish')
      }),
      {
        method: 'GET',
        path: '/refused',
        handle: async () => ({
          kind: 'stream',
          open: () => {
            throw new ServeError(400, {
              message: 'No.',
              type: 'invalid_request_error',
              param: 'p',
              code: 'c',
            })
          },
        }),
      },
    ])
    const text = await new RawClient(port).get('/v1/stream').until(/0\r\n\r\n$/)
    expect(text).not.toContain('swordfish')
    expect(text).toMatch(
      /event: error\ndata: \{"type":"error","code":"server_error","message":"Internal error/,
    )
    expect(text).toContain('data: [DONE]\n\n')
    expect(errors).toEqual([new Error('the password is swordfish')])
    const refused = await new RawClient(port).get('/v1/refused').until(/0\r\n\r\n$/)
    const data = /event: error\ndata: (.*)\n/.exec(refused)?.[1] ?? ''
    const facts = { code: 'c', message: 'No.', param: 'p' }
    expect(JSON.parse(data)).toEqual({
      type: 'error',
      ...facts,
      sequence_number: 0,
      error: { type: 'invalid_request_error', ...facts },
    })
  })

  it('keeps quiet streams alive by comments, between events too', async () => {
    const sinks: FrameSink[] = []
    const { port } = await startServer([streaming((sink) => void sinks.push(sink))], { keepAliveMs: 16 })
    const client = new RawClient(port).get('/v1/stream')
    await client.until(/: keepalive\n\n/)
    sinks[0]?.write(frame(7))
    await client.until(/event: tick[\s\S]*: keepalive\n\n[\s\S]*: keepalive\n\n/)
  })

  it('answers pipelined requests in their order, and forgets them with their connection', async () => {
    const sinks: FrameSink[] = []
    const gone = gate()
    let closed = 0
    const { port } = await startServer([
      echo,
      streaming((sink) => {
        sinks.push(sink)
        sink.onClose(() => {
          closed++
          if (closed === 2) gone.resolve()
        })
      }),
    ])
    const client = new RawClient(port).get('/v1/stream').post('/v1/responses', '{"n":1}').get('/v1/nothing')
    await client.until(/text\/event-stream/)
    expect(client.text).not.toContain('{"n":1}')
    sinks[0]?.write(frame(0))
    sinks[0]?.end()
    await client.until(/event: tick[\s\S]*200 OK[\s\S]*\{"n":1\}[\s\S]*404 Not Found/)
    client.get('/v1/stream').get('/v1/stream')
    await expect.poll(() => sinks.length).toBe(3)
    client.socket.destroy()
    await gone.promise
  })

  it('holds 2,000 idle streams with one timer, and lets all of them go', async () => {
    const count = 2000
    const sinks = new Set<FrameSink>()
    const [allOpen, allGone] = [gate(), gate()]
    const { port } = await startServer(
      [
        streaming((sink) => {
          sinks.add(sink)
          if (sinks.size === count) allOpen.resolve()
          return () => {
            sinks.delete(sink)
            if (sinks.size === 0) allGone.resolve()
          }
        }),
        { method: 'GET', path: '/short', handle: async () => json('ok') },
      ],
      { keepAliveMs: 500 },
    )
    let comments = 0
    const allAlive = gate()
    const sockets = Array.from({ length: count }, () => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      let isAlive = false
      socket.on('data', (bytes) => {
        if (isAlive || !bytes.includes(': keepalive\n\n')) return
        isAlive = true
        if (++comments === count) allAlive.resolve()
      })
      socket.write('GET /v1/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
      return socket
    })
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    await allOpen.promise
    await new RawClient(port).get('/v1/short').until(/"ok"/)
    await allAlive.promise
    for (const socket of sockets) socket.destroy()
    await allGone.promise
  })
})
