import { getEventListeners } from 'node:events'
import { AbortedError, createSender, fetchTransport, type Retry } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { failure, frame, json, serve, serveBytes, serveSilence, stream } from './loopback.ts'

const post = { method: 'POST', path: '/responses', body: {} }
const created = { type: 'response.created' }
const ignore = (): void => undefined

/** The two ways to stop a call, each as options and the function that stops. */
const ways = {
  signal() {
    const controller = new AbortController()
    return { options: { signal: controller.signal }, stop: (reason: Error) => controller.abort(reason) }
  },
  onAbort() {
    let cancel: (reason: Error) => void = ignore
    const onAbort = (given: typeof cancel): void => {
      cancel = given
    }
    return { options: { onAbort }, stop: (reason: Error) => cancel(reason) }
  },
}

const transports = { undici: undefined, fetch: fetchTransport() }
const cases = (['signal', 'onAbort'] as const).flatMap((way) =>
  (['undici', 'fetch'] as const).map((name) => [way, name] as const),
)

describe.each(cases)('a call stopped by %s over %s', (way, name) => {
  const reason = new Error('the user went away')
  const transport = transports[name]

  const expectAborted = (error: unknown): void => {
    expect(error).toBeInstanceOf(AbortedError)
    expect(error).toMatchObject({ name: 'AbortError', code: 'aborted', retryable: false })
    expect((error as Error).cause).toBe(reason)
  }

  it('before the answer', async () => {
    const server = await serveSilence()
    const { options, stop } = ways[way]()
    const call = failure(createSender({ baseURL: server.origin, transport }).json({ ...post, ...options }))
    while (server.seen.length === 0) await new Promise(setImmediate)
    stop(reason)
    expectAborted(await call)
    await server.closed(1)
    expect(server.seen).toHaveLength(1)
  })

  it('while it is being sent', async () => {
    const server = await serve((response) => json(response, 200, {}))
    const { options, stop } = ways[way]()
    const sender = createSender({ baseURL: server.origin, transport })
    const call = failure(sender.json({ ...post, ...options }))
    stop(reason)
    expectAborted(await call)
    expect(await sender.json(post)).toEqual({})
  })

  it('between two events, from inside the sink: nothing more is handed on', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created) + frame(created))
    })
    const { options, stop } = ways[way]()
    const events: unknown[] = []
    const sender = createSender({ baseURL: server.origin, transport })
    const call = sender.events({ ...post, ...options }, (event) => {
      events.push(event)
      stop(reason)
    })
    expectAborted(await failure(call))
    expect(events).toEqual([created])
    await server.closed(1)
  })

  it('inside a JSON body', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"id":')
    })
    const { options, stop } = ways[way]()
    const sender = createSender({ baseURL: server.origin, transport })
    const onAnswer = (): void => void setImmediate(() => stop(reason))
    expectAborted(await failure(sender.json({ ...post, ...options, onAnswer })))
    await server.closed(1)
  })

  it('inside the body of an error', async () => {
    const server = await serve((response) => {
      response.writeHead(500)
      response.write('{"error":')
      setTimeout(() => stop(reason), 20)
    })
    const { options, stop } = ways[way]()
    expectAborted(
      await failure(createSender({ baseURL: server.origin, transport }).json({ ...post, ...options })),
    )
    await server.closed(1)
  })

  it('during the wait before a retry', async () => {
    const server = await serve((response) => json(response, 503, {}, { 'retry-after': '60' }))
    const { options, stop } = ways[way]()
    const sender = createSender({ baseURL: server.origin, transport })
    const onRetry = ({ waitMs }: Retry): void => {
      expect(waitMs).toBe(60_000)
      setImmediate(() => stop(reason))
    }
    expectAborted(await failure(sender.json({ ...post, ...options, onRetry })))
    expect(server.seen).toHaveLength(1)
  })

  it('from inside the listener of retries', async () => {
    const server = await serve((response) => json(response, 503, {}, { 'retry-after-ms': '0' }))
    const { options, stop } = ways[way]()
    const sender = createSender({ baseURL: server.origin, transport })
    expectAborted(await failure(sender.json({ ...post, ...options, onRetry: () => stop(reason) })))
    expect(server.seen).toHaveLength(1)
  })

  it('after its end: nothing happens', async () => {
    const server = await serve((response) => stream(response, created))
    const { options, stop } = ways[way]()
    const sender = createSender({ baseURL: server.origin, transport })
    await sender.events({ ...post, ...options }, ignore)
    stop(reason)
    expect(server.seen).toHaveLength(1)
  })
})

it('a signal that is aborted already sends nothing', async () => {
  const server = await serve((response) => json(response, 200, {}))
  const signal = AbortSignal.abort('stopped')
  const error = await failure(createSender({ baseURL: server.origin }).json({ ...post, signal }))
  expect(error).toMatchObject({ code: 'aborted', cause: 'stopped' })
  await new Promise(setImmediate)
  expect(server.connections()).toBe(0)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('a connection that is being opened is given up', async () => {
  const server = await serveSilence()
  const controller = new AbortController()
  const sender = createSender({ baseURL: `https://127.0.0.1:${server.port}` })
  const call = failure(sender.json({ ...post, signal: controller.signal }))
  while (server.connections() === 0) await new Promise(setImmediate)
  controller.abort()
  expect(await call).toMatchObject({ code: 'aborted' })
  await server.closed(1)
})

it('a thousand calls on one long-lived signal leave no listener, however they end', async () => {
  const { signal } = new AbortController()
  const server = await serveBytes((socket, number) => {
    const ends = [
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 33\r\n\r\ndata: {"type":"response.created"}\n',
      'HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}',
      'HTTP/1.1 500 Oops\r\nretry-after-ms: 0\r\ncontent-length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99\r\n\r\ndata: {"type":"response.created"}\n\n',
    ]
    const answer = ends[number % ends.length]!
    socket.write(answer)
    if (answer.includes('99')) socket.end()
  })
  const sender = createSender({ baseURL: server.origin, retries: 1 })
  let most = 0
  let settled = 0
  for (let round = 0; round < 100; round++) {
    const calls = Array.from({ length: 10 }, (_, i) =>
      sender.events({ ...post, signal }, (_event, end) => {
        if (i === 3) end()
        if (i === 4) throw new Error('the sink failed')
      }),
    )
    most = Math.max(most, getEventListeners(signal, 'abort').length)
    settled += (await Promise.allSettled(calls)).length
  }
  expect(settled).toBe(1000)
  expect(most).toBe(10)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})
