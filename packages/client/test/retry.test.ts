import { createSender, fetchTransport, type Retry, type SenderOptions } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { backoffMs, readRetryAfter } from '../src/send/backoff.ts'
import { closedPort, failure, frame, json, serve, serveBytes, stream } from './loopback.ts'

const post = { method: 'POST', path: '/responses', body: { model: 'm' } }
const created = { type: 'response.created', sequence_number: 0 }
const completed = { type: 'response.completed', sequence_number: 1 }
const soon = { 'retry-after-ms': '1' }
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** A sender that notes its retries. */
const noting = (options: SenderOptions): { sender: ReturnType<typeof createSender>; retries: Retry[] } => {
  const retries: Retry[] = []
  return { sender: createSender({ ...options, onRetry: (retry) => retries.push(retry) }), retries }
}

describe('a failed attempt is repeated', () => {
  it.each([408, 409, 429, 500, 502, 503, 504, 529])('on status %d, with the same bytes', async (status) => {
    const server = await serve((response, _request, number) => {
      if (number < 3) json(response, status, { error: { message: 'later' } }, soon)
      else stream(response, completed)
    })
    const { sender, retries } = noting({ baseURL: server.origin })
    const events: unknown[] = []
    await sender.events({ ...post, headers: { 'idempotency-key': 'k' } }, (event) => events.push(event))
    expect(events).toEqual([completed])
    expect(server.seen.map(({ body, headers }) => [body, headers['idempotency-key']])).toEqual(
      Array(3).fill(['{"model":"m"}', 'k']),
    )
    expect(retries.map(({ attempt, waitMs, error }) => [attempt, waitMs, error])).toEqual([
      [1, 1, expect.objectContaining({ status })],
      [2, 1, expect.objectContaining({ status })],
    ])
  })

  it('as often as asked for, and no more', async () => {
    const server = await serve((response) => json(response, 500, { error: { message: 'broken' } }, soon))
    const sender = createSender({ baseURL: server.origin, retries: 1 })
    expect(await failure(sender.json(post))).toMatchObject({ code: 'server_error' })
    expect(server.seen).toHaveLength(2)
    expect(await failure(sender.json({ ...post, retries: 0 }))).toMatchObject({ code: 'server_error' })
    expect(server.seen).toHaveLength(3)
  })

  it('when the server says so, whatever the status', async () => {
    const server = await serve((response, _request, number) => {
      if (number === 1) json(response, 400, {}, { ...soon, 'x-should-retry': 'true' })
      else json(response, 200, { ok: true })
    })
    expect(await createSender({ baseURL: server.origin }).json(post)).toEqual({ ok: true })
  })

  it.each([
    ['undici', undefined],
    ['fetch', fetchTransport()],
  ])('when the connection is reset before the answer (%s)', async (_name, transport) => {
    const server = await serveBytes((socket, number) => {
      if (number < 2) socket.resetAndDestroy()
      else socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}`)
    })
    const { sender, retries } = noting({ baseURL: server.origin, transport })
    expect(await sender.json(post)).toEqual({})
    expect(retries.map(({ error }) => (error as { code?: string }).code)).toEqual(['connection_failed'])
  })

  it('when the head of the answer is cut', async () => {
    const server = await serveBytes((socket, number) => {
      if (number === 1) socket.end('HTTP/1.1 200 OK\r\ncontent-ty')
      else socket.end(`${head}${chunk(frame(completed))}0\r\n\r\n`)
    })
    const events: unknown[] = []
    await createSender({ baseURL: server.origin }).events(post, (event) => events.push(event))
    expect(events).toEqual([completed])
    expect(server.seen).toHaveLength(2)
  })

  it.each([
    ['after the head', ''],
    ['after a comment', chunk(': ping\n\n')],
    ['inside the first event', chunk('data: {"type":"resp')],
  ])('when the stream is cut %s', async (_where, sent) => {
    const server = await serveBytes((socket, number) => {
      if (number === 1) socket.end(head + sent)
      else socket.end(`${head}${chunk(frame(completed))}0\r\n\r\n`)
    })
    const { sender, retries } = noting({ baseURL: server.origin })
    const events: unknown[] = []
    await sender.events(post, (event) => events.push(event))
    expect(events).toEqual([completed])
    expect(retries).toMatchObject([{ error: { code: 'stream_cut' } }])
  })

  it('when a JSON body is cut, for nothing of it was handed on', async () => {
    const server = await serveBytes((socket, number) => {
      const body = '{"id":"resp_1"}'
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${number === 1 ? '{"id' : body}`)
    })
    expect(await createSender({ baseURL: server.origin }).json(post)).toEqual({ id: 'resp_1' })
  })

  it('when an answer is empty', async () => {
    const server = await serve((response, _request, number) => {
      if (number === 1) stream(response)
      else stream(response, completed)
    })
    const { sender, retries } = noting({ baseURL: server.origin })
    const events: unknown[] = []
    await sender.events(post, (event) => events.push(event))
    expect(events).toEqual([completed])
    expect(retries).toMatchObject([{ error: { code: 'empty_answer' } }])
  })

  it('when the very first event is a passing error', async () => {
    const overloaded = { type: 'error', error: { code: 'server_error', message: 'overloaded' } }
    const server = await serve((response, _request, number) => {
      if (number === 1) stream(response, overloaded, { type: 'response.failed' })
      else stream(response, created, completed)
    })
    const { sender, retries } = noting({ baseURL: server.origin })
    const events: unknown[] = []
    await sender.events(post, (event) => events.push(event))
    expect(events).toEqual([created, completed])
    expect(retries).toMatchObject([{ error: { code: 'server_error', apiCode: 'server_error' } }])
    events.length = 0
    server.seen.length = 0
  })

  it('when an error object comes under status 200', async () => {
    const server = await serve((response, _request, number) => {
      if (number === 1) json(response, 200, { error: { message: 'busy', type: 'upstream_error' } })
      else json(response, 200, { id: 'resp_1' })
    })
    expect(await createSender({ baseURL: server.origin }).json(post)).toEqual({ id: 'resp_1' })
  })
})

describe('a failed attempt is not repeated', () => {
  it.each([300, 400, 401, 402, 403, 404, 405, 413, 415, 422, 501])('on status %d', async (status) => {
    const server = await serve((response) => json(response, status, { error: { message: 'no' } }, soon))
    expect(await failure(createSender({ baseURL: server.origin }).json(post))).toMatchObject({
      status,
      retryable: false,
    })
    expect(server.seen).toHaveLength(1)
  })

  it('when the server says so', async () => {
    const server = await serve((response) => json(response, 500, {}, { ...soon, 'x-should-retry': 'false' }))
    expect(await failure(createSender({ baseURL: server.origin }).json(post))).toMatchObject({
      retryable: false,
    })
    expect(server.seen).toHaveLength(1)
  })

  it('when the quota is used up, whatever the server says', async () => {
    const body = { error: { message: 'no credit', code: 'insufficient_quota' } }
    const server = await serve((response) => json(response, 429, body, { ...soon, 'x-should-retry': 'true' }))
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({ code: 'quota_exceeded', retryable: false })
    expect(server.seen).toHaveLength(1)
  })

  it('after an event was handed on: a cut stream is a retryable error for the caller', async () => {
    const server = await serveBytes((socket) => socket.end(head + chunk(frame(created))))
    const events: unknown[] = []
    const error = await failure(
      createSender({ baseURL: server.origin }).events(post, (event) => events.push(event)),
    )
    expect(error).toMatchObject({ code: 'stream_cut', retryable: true, host: '127.0.0.1', port: server.port })
    expect(events).toEqual([created])
    expect(server.seen).toHaveLength(1)
  })

  it('when it is an error event after other events: that is handed on', async () => {
    const error = { type: 'error', code: 'server_error', message: 'x' }
    const server = await serve((response) => stream(response, created, error))
    const events: unknown[] = []
    await createSender({ baseURL: server.origin }).events(post, (event) => events.push(event))
    expect(events).toEqual([created, error])
    expect(server.seen).toHaveLength(1)
  })

  it('when a first error event is final, or no attempt is left: that is handed on', async () => {
    const final = { type: 'error', error: { code: 'invalid_prompt', message: 'x' } }
    const passing = { type: 'error', code: 'server_error', message: 'x' }
    const server = await serve((response, request) =>
      stream(response, request.url === '/final' ? final : passing),
    )
    const sender = createSender({ baseURL: server.origin })
    const events: unknown[] = []
    await sender.events({ ...post, path: '/final' }, (event) => events.push(event))
    await sender.events({ ...post, retries: 0 }, (event) => events.push(event))
    expect(events).toEqual([final, passing])
    expect(server.seen).toHaveLength(2)
  })

  it('when an event cannot be read', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('data: {"type":\n\n')
    })
    const error = await failure(createSender({ baseURL: server.origin }).events(post, () => undefined))
    expect(error).toMatchObject({ code: 'invalid_event' })
    expect(server.seen).toHaveLength(1)
  })

  it('when the port does not speak HTTP', async () => {
    const server = await serveBytes((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({ code: 'connection_failed', reason: 'protocol', retryable: false })
    expect(server.seen).toHaveLength(1)
  })

  it('when the listener of retries throws', async () => {
    const server = await serve((response) => json(response, 500, {}, soon))
    const boom = new Error('the listener failed')
    const sender = createSender({
      baseURL: server.origin,
      onRetry() {
        throw boom
      },
    })
    expect(await failure(sender.json(post))).toBe(boom)
    expect(server.seen).toHaveLength(1)
  })
})

describe('the wait', () => {
  it('is reported before it begins, and grows', async () => {
    const port = await closedPort()
    const waits: number[] = []
    const stop = new AbortController()
    const sender = createSender({ baseURL: `http://127.0.0.1:${port}` })
    const onRetry = ({ waitMs }: Retry): void => {
      waits.push(waitMs)
      if (waits.length === 2) stop.abort()
    }
    expect(await failure(sender.json({ ...post, signal: stop.signal, onRetry }))).toMatchObject({
      code: 'aborted',
    })
    expect(waits[0]).toBeGreaterThanOrEqual(375)
    expect(waits[0]).toBeLessThanOrEqual(500)
    expect(waits[1]).toBeGreaterThanOrEqual(750)
    expect(waits[1]).toBeLessThanOrEqual(1000)
  })

  it.each([
    [1, 0, 500],
    [1, 1, 375],
    [2, 0, 1000],
    [4, 0, 4000],
    [5, 0, 8000],
    [50, 1, 6000],
  ])('after %d failures, with chance %d, is %d ms', (failed, chance, expected) => {
    expect(backoffMs(failed, undefined, () => chance)).toBe(expected)
  })

  it('is what the server asks for, up to a minute', () => {
    expect(backoffMs(1, 0)).toBe(0)
    expect(backoffMs(1, 60_000)).toBe(60_000)
    expect(backoffMs(1, 60_001, () => 0)).toBe(500)
  })

  const now = (): number => Date.parse('2026-01-01T00:00:00Z')
  it.each<[Record<string, string>, number | undefined]>([
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
    [{ 'retry-after': ' 2.5 ' }, 2500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Thu, 01 Jan 2025 00:00:07 GMT' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'Infinity' }, undefined],
    [{ 'retry-after': 'tomorrow' }, undefined],
    [{}, undefined],
  ])('%j asks for %s ms', (headers, expected) => {
    expect(readRetryAfter({ get: (name) => headers[name] ?? null }, now)).toBe(expected)
  })
})
