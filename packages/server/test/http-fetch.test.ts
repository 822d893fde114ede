import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createFetchHandler } from '../src/http/fetch-handler.ts'
import type { FrameSink, Reply } from '../src/http/reply.ts'
import type { Route } from '../src/http/router.ts'
import { echo, gate } from './http-server.ts'

const BASE = 'http://server.example/v1'

const streaming = (open: (Reply & { kind: 'stream' })['open']): Route => ({
  method: 'GET',
  path: '/stream',
  handle: async () => ({ kind: 'stream', open }),
})

const post = (body: RequestInit['body'], init: RequestInit = {}): Request =>
  new Request(`${BASE}/responses`, { method: 'POST', body, ...init })

describe('the fetch handler', () => {
  it('answers requests, and errors as the wire has them', async () => {
    const handle = createFetchHandler({ routes: [echo], bodyLimitBytes: 100 })
    const response = await handle(post('{"a":1}', { headers: { 'content-type': 'application/json' } }))
    expect(await response.json()).toEqual({ a: 1 })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect((await handle(new Request(`${BASE}/nothing`))).status).toBe(404)
    expect((await handle(new Request(`${BASE}/responses`))).status).toBe(405)
    expect((await handle(post(Buffer.from([0xff])))).status).toBe(400)
    expect((await handle(post(Buffer.from(`"${'x'.repeat(200)}"`)))).status).toBe(413)
    const socket = new Request(`${BASE}/responses`, { headers: { upgrade: 'websocket' } })
    expect((await handle(socket)).status).toBe(426)
  })

  it('stops reading a body that is over the limit', async () => {
    const cancelled = gate()
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++
        controller.enqueue(new Uint8Array(1000))
      },
      cancel: () => cancelled.resolve(),
    })
    const handle = createFetchHandler({ routes: [echo], bodyLimitBytes: 5000 })
    const response = await handle(post(body, { duplex: 'half' } as RequestInit))
    expect(response.status).toBe(413)
    await cancelled.promise
    expect(pulled).toBeLessThan(20)
  })

  it('streams with backpressure, and ends', async () => {
    let written = 0
    const handle = createFetchHandler({
      routes: [
        streaming((sink) => {
          const fill = (): void => {
            while (written < 500) if (!sink.write(`data: ${written++} ${'x'.repeat(1000)}\n\n`)) return
            sink.end()
          }
          sink.onDrain(fill)
          fill()
        }),
      ],
    })
    const response = await handle(new Request(`${BASE}/stream`))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const first = await reader.read()
    const afterFirst = written
    expect(afterFirst).toBeLessThan(100)
    let text = new TextDecoder().decode(first.value)
    for (let next = await reader.read(); !next.done; next = await reader.read())
      text += new TextDecoder().decode(next.value)
    expect([...text.matchAll(/data: (\d+) /g)].map(([, n]) => Number(n))).toEqual(
      Array.from({ length: 500 }, (_, n) => n),
    )
  })

  it('tells once that the reader has gone: by its stream, by its signal, by both', async () => {
    for (const how of ['stream', 'signal', 'both'] as const) {
      const told: string[] = []
      let sink: FrameSink | undefined
      const handle = createFetchHandler({
        routes: [
          streaming((given) => {
            sink = given
            given.onClose(() => told.push('closed'))
            return () => void told.push('over')
          }),
        ],
      })
      const controller = new AbortController()
      const response = await handle(new Request(`${BASE}/stream`, { signal: controller.signal }))
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      if (how !== 'signal') await reader.cancel()
      if (how !== 'stream') controller.abort()
      if (how === 'signal') await expect(reader.read()).rejects.toThrow('gone')
      expect(told.sort()).toEqual(['closed', 'over'])
      expect(sink?.write('data: 1\n\n')).toBe(false)
      sink?.end()
    }
  })

  it('leaves no listener on the signals of 100 requests', async () => {
    const handle = createFetchHandler({ routes: [streaming(() => undefined), echo] })
    let listeners = 0
    const counted = (request: Request): Request => {
      const { signal } = request
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners++
        add(...args)
      }
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners--
        remove(...args)
      }
      return request
    }
    for (let n = 0; n < 100; n++) {
      const stream = await handle(counted(new Request(`${BASE}/stream`)))
      expect(listeners).toBe(1)
      await stream.body?.cancel()
      await handle(counted(post(Buffer.from('{}'))))
      expect(listeners).toBe(0)
    }
  })

  it('aborts the signal of a handler whose client leaves', async () => {
    const called = gate()
    const handle = createFetchHandler({
      routes: [
        {
          method: 'GET',
          path: '/slow',
          handle: async ({ signal }) => {
            called.resolve()
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            throw signal.reason
          },
        },
      ],
    })
    const controller = new AbortController()
    const response = handle(new Request(`${BASE}/slow`, { signal: controller.signal }))
    await called.promise
    controller.abort()
    expect((await response).status).toBe(500)
  })

  it('tells the writer of a stream that opens behind a client which has gone', async () => {
    const told: string[] = []
    const controller = new AbortController()
    const handle = createFetchHandler({
      routes: [
        {
          method: 'GET',
          path: '/late',
          handle: async () => {
            controller.abort()
            return {
              kind: 'stream',
              open: (sink) => {
                sink.onClose(() => told.push('closed'))
                return () => void told.push('over')
              },
            }
          },
        },
      ],
    })
    const response = await handle(new Request(`${BASE}/late`, { signal: controller.signal }))
    await expect(response.text()).rejects.toThrow('gone')
    expect(told.sort()).toEqual(['closed', 'over'])
  })

  it('keeps quiet streams alive', async () => {
    const handle = createFetchHandler({ routes: [streaming(() => undefined)], keepAliveMs: 16 })
    const response = await handle(new Request(`${BASE}/stream`))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(': keepalive\n\n')
    await reader.cancel()
  })

  it('mounts in Hono', async () => {
    const handle = createFetchHandler({ routes: [echo], basePath: '/api/ai' })
    const app = new Hono().all('/api/ai/*', (context) => handle(context.req.raw))
    const response = await app.request('/api/ai/responses', { method: 'POST', body: Buffer.from('[1]') })
    expect(await response.json()).toEqual([1])
  })
})
