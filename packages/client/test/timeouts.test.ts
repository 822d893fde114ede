import { createSender, fetchTransport, type Timeouts } from '@antiphon/client'
import { describe, expect, it, vi } from 'vitest'
import { Stopwatch } from '../src/send/stopwatch.ts'
import { failure, frame, json, serve, serveSilence, stream } from './loopback.ts'

const post = { method: 'POST', path: '/responses', body: {} }
const created = { type: 'response.created' }
const ignore = (): void => undefined

const sender = (baseURL: string, timeouts: Timeouts, more: object = {}): ReturnType<typeof createSender> =>
  createSender({ baseURL, timeouts, retries: 0, ...more })

describe('connect', () => {
  it('a TLS handshake that does not end', async () => {
    const server = await serveSilence()
    const error = await failure(sender(`https://127.0.0.1:${server.port}`, { connectMs: 50 }).json(post))
    expect(error).toMatchObject({
      name: 'TimeoutError',
      code: 'connect_timeout',
      limitMs: 50,
      retryable: true,
    })
    await server.closed(1)
  })

  it('may be unlimited', async () => {
    const server = await serve((response) => json(response, 200, {}))
    const limits = {
      connectMs: Number.POSITIVE_INFINITY,
      firstEventMs: Number.POSITIVE_INFINITY,
      idleMs: Number.POSITIVE_INFINITY,
    }
    expect(await sender(server.origin, limits).json(post)).toEqual({})
  })
})

describe.each([
  ['undici', undefined],
  ['fetch', fetchTransport()],
])('first event (%s)', (_name, transport) => {
  it('no answer at all', async () => {
    const server = await serveSilence()
    const error = await failure(sender(server.origin, { firstEventMs: 50 }, { transport }).json(post))
    expect(error).toMatchObject({ code: 'first_event_timeout', limitMs: 50, retryable: true })
    expect(error.message).toContain(`POST /responses to 127.0.0.1:${server.port}`)
    await server.closed(1)
  })

  it('a stream of comments only', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write(': ping\n\n'), 10)
      response.on('close', () => clearInterval(timer))
    })
    const error = await failure(
      sender(server.origin, { firstEventMs: 80 }, { transport }).events(post, ignore),
    )
    expect(error).toMatchObject({ code: 'first_event_timeout' })
    await server.closed(1)
  })
})

describe('first event', () => {
  it('is tried again, each attempt with its own limit', async () => {
    const server = await serve((response, _request, number) => {
      if (number > 1) json(response, 200, { attempt: number })
    })
    const onRetry = vi.fn()
    const answer = sender(server.origin, { firstEventMs: 500 }, { retries: 1, onRetry }).json(post)
    expect(await answer).toEqual({ attempt: 2 })
    expect(onRetry).toHaveBeenCalledTimes(1)
    await server.closed(1)
  })

  it('does not limit what comes after it', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created))
      setTimeout(() => response.end(frame(created)), 800)
    })
    const events: unknown[] = []
    await sender(server.origin, { firstEventMs: 500 }).events(post, (event) => events.push(event))
    expect(events).toEqual([created, created])
  })
})

describe('idle', () => {
  it('a stream that stands still after its first event', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created))
    })
    const events: unknown[] = []
    const call = sender(server.origin, { idleMs: 50 }, { retries: 2 }).events(post, (event) =>
      events.push(event),
    )
    expect(await failure(call)).toMatchObject({ code: 'idle_timeout', limitMs: 50, retryable: true })
    expect(events).toEqual([created])
    expect(server.seen).toHaveLength(1)
    await server.closed(1)
  })

  it('a JSON body that stands still', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"id":')
    })
    const error = await failure(sender(server.origin, { idleMs: 50 }).json(post))
    expect(error).toMatchObject({ code: 'idle_timeout' })
  })

  it('comments count as life', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame(created))
      let left = 75
      const timer = setInterval(() => {
        if (left-- > 0) response.write(': thinking\n\n')
        else response.end(frame(created))
        if (left < 0) clearInterval(timer)
      }, 20)
    })
    const events: unknown[] = []
    await sender(server.origin, { idleMs: 1_000 }).events(post, (event) => events.push(event))
    expect(events).toHaveLength(2)
  })
})

describe('total', () => {
  it('covers the answer', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write(frame(created)), 10)
      response.on('close', () => clearInterval(timer))
    })
    const error = await failure(sender(server.origin, { totalMs: 300 }).events(post, ignore))
    expect(error).toMatchObject({ code: 'total_timeout', limitMs: 300, retryable: false })
    await server.closed(1)
  })

  it('covers attempts and waits, and tells the last failure', async () => {
    const server = await serve((response) =>
      json(response, 503, { error: { message: 'busy' } }, { 'retry-after': '50' }),
    )
    const call = sender(server.origin, { totalMs: 600 }, { retries: 5 }).json(post)
    const error = await failure(call)
    expect(error).toMatchObject({ code: 'total_timeout', cause: { code: 'server_error' } })
    expect(server.seen).toHaveLength(1)
  })

  it('of a call goes over that of the sender', async () => {
    const server = await serveSilence()
    const slow = sender(server.origin, { totalMs: 600_000, firstEventMs: 600_000 })
    const error = await failure(slow.json({ ...post, timeouts: { totalMs: 30 } }))
    expect(error).toMatchObject({ code: 'total_timeout', limitMs: 30 })
  })
})

it('an error whose body does not end is reported by its status', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  let head: () => void = ignore
  const arrived = new Promise<void>((resolve) => {
    head = resolve
  })
  let closedWith: unknown
  const hanging = createSender({
    baseURL: 'http://example.test',
    retries: 0,
    transport: (_request, handler) => {
      queueMicrotask(() => {
        handler.onHeaders(400, { get: () => null })
        handler.onData(new TextEncoder().encode('{"error":{"message":"half'))
        head()
      })
      return (reason) => {
        closedWith = reason
      }
    },
  })
  try {
    const failed = failure(hanging.json(post))
    await arrived
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await failed).toMatchObject({ code: 'bad_request', status: 400 })
    expect(closedWith).toBeInstanceOf(Error)
  } finally {
    vi.useRealTimers()
  }
})

describe('the stopwatch', () => {
  const watching = (run: (expired: number[], advance: (ms: number) => void) => void): void => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      run([], (ms) => vi.advanceTimersByTime(ms))
    } finally {
      vi.useRealTimers()
    }
  }

  it('counts from the last touch, with one timer', () =>
    watching((expired, advance) => {
      const watch = new Stopwatch({ onExpired: (limit: number) => expired.push(limit) })
      watch.start(100)
      advance(90)
      watch.touch()
      advance(90)
      watch.touch()
      expect(vi.getTimerCount()).toBe(1)
      advance(99)
      expect(expired).toEqual([])
      advance(2)
      expect(expired).toEqual([100])
      expect(vi.getTimerCount()).toBe(0)
    }))

  it('may be given a shorter or a longer limit', () =>
    watching((expired, advance) => {
      const watch = new Stopwatch({ onExpired: (limit: number) => expired.push(limit) })
      watch.start(1000)
      watch.start(10)
      advance(11)
      expect(expired).toEqual([10])
      watch.start(10)
      watch.start(1000)
      advance(500)
      expect(expired).toEqual([10])
      advance(501)
      expect(expired).toEqual([10, 1000])
    }))

  it('is silent when stopped, or without a limit, and can be started again', () =>
    watching((expired, advance) => {
      const watch = new Stopwatch({ onExpired: (limit: number) => expired.push(limit) })
      watch.start(Number.POSITIVE_INFINITY)
      expect(vi.getTimerCount()).toBe(0)
      watch.start(10)
      watch.stop()
      advance(100)
      expect(expired).toEqual([])
      watch.start(10)
      advance(11)
      expect(expired).toEqual([10])
    }))
})

it('no timer is left when a call is done', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const server = await serve((response) => stream(response, created))
  const limited = sender(server.origin, { totalMs: 60_000 })
  const before = timers()
  await limited.events(post, ignore)
  await failure(
    limited.events(post, () => {
      throw new Error('the sink failed')
    }),
  )
  // A timer of before may have ended meanwhile.
  expect(timers()).toBeLessThanOrEqual(before)
})
