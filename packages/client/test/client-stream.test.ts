import { createClient, outputText, type ResponseEvent, type ResponseStream } from '@antiphon/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recordingServer, sendEvents, sendEventsAndCut, sendJson } from './recording-server.ts'
import { sampleEvents, sampleResponse } from './sample-response.ts'

const request = { model: 'm', input: 'hi' }

const streamOf = async (events: readonly object[], open = false) => {
  const server = await recordingServer((_, response) => sendEvents(response, events, open))
  return { server, stream: createClient({ baseURL: server.baseURL }).responses.stream(request) }
}

const collect = async (stream: ResponseStream): Promise<{ seen: ResponseEvent[]; error?: unknown }> => {
  const seen: ResponseEvent[] = []
  try {
    for await (const event of stream) seen.push(event)
    return { seen }
  } catch (error) {
    return { seen, error }
  }
}

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason)
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', onUnhandled)
})
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

describe('a stream', () => {
  it('gives every event in order, then the whole response', async () => {
    const { stream, server } = await streamOf(sampleEvents(['a', 'b', 'c']))
    const { seen } = await collect(stream)
    expect(seen.map((event) => ({ ...event }))).toMatchObject(sampleEvents(['a', 'b', 'c']))
    expect(seen).toHaveLength(sampleEvents(['a', 'b', 'c']).length)
    expect(outputText(await stream.response())).toBe('abc')
    expect(stream.id).toBe('resp_1')
    expect(stream.lastSequenceNumber).toBe(seen.length - 1)
    expect(server.requests[0]?.body).toEqual({ ...request, stream: true })
  })

  it('gives the response without iteration, and the events afterwards', async () => {
    const { stream } = await streamOf(sampleEvents(['a', 'b']))
    expect(outputText(await stream.response())).toBe('ab')
    expect((await collect(stream)).seen).toHaveLength(sampleEvents(['a', 'b']).length)
    expect((await collect(stream)).seen).toEqual([])
  })

  it('answers reads that were asked for before their events came', async () => {
    const { stream } = await streamOf(sampleEvents([]))
    const reads = stream[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 12 }, () => reads.next()))
    const types = results.map(({ value }) => value?.type)
    expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
    expect(new Set(results.flatMap(({ value }) => (value ? [value] : []))).size).toBe(sampleEvents([]).length)
    expect(results.at(-1)).toEqual({ done: true, value: undefined })
  })

  it('gives each event to one of two readers', async () => {
    const { stream } = await streamOf(sampleEvents())
    const [one, two] = await Promise.all([collect(stream), collect(stream)])
    const numbers = [...one.seen, ...two.seen].map(
      (event) => (event as { sequence_number: number }).sequence_number,
    )
    expect(numbers.sort((a, b) => a - b)).toEqual(sampleEvents().map((_, index) => index))
  })

  it('tells its id and number while it runs', async () => {
    const { stream } = await streamOf(sampleEvents().slice(0, 3), true)
    expect(stream.id).toBeUndefined()
    for await (const event of stream) {
      if ((event as { sequence_number: number }).sequence_number === 2) break
    }
    expect(stream.id).toBe('resp_1')
    expect(stream.lastSequenceNumber).toBe(2)
  })

  it('takes a JSON answer', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request)
    expect((await collect(stream)).seen.at(-1)?.type).toBe('response.completed')
    expect(await stream.response()).toMatchObject({ id: 'resp_1', output: sampleResponse().output })
  })
})

describe('leaving a stream', () => {
  it('aborts the request, and the failure that causes is no news', async () => {
    const { stream, server } = await streamOf(sampleEvents().slice(0, 4), true)
    for await (const _ of stream) break
    await server.requests[0]?.aborted
    await expect(stream.response()).rejects.toMatchObject({ code: 'aborted', name: 'AbortError' })
  })

  it('by abort() fails pending reads', async () => {
    const { stream, server } = await streamOf(sampleEvents().slice(0, 4), true)
    const pending = collect(stream)
    const reason = new Error('enough')
    setTimeout(() => stream.abort(reason), 10)
    expect((await pending).error).toMatchObject({ code: 'aborted', cause: reason })
    await server.requests[0]?.aborted
  })

  it('by a signal fails pending reads', async () => {
    const server = await recordingServer((_, response) =>
      sendEvents(response, sampleEvents().slice(0, 4), true),
    )
    const controller = new AbortController()
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, {
      signal: controller.signal,
    })
    for await (const _ of stream) {
      controller.abort()
      break
    }
    await server.requests[0]?.aborted
  })

  it('at once, before anything was sent, sends nothing more', async () => {
    const { stream } = await streamOf(sampleEvents())
    stream.abort()
    expect((await collect(stream)).error).toMatchObject({ code: 'aborted' })
  })

  it('by await using aborts the request', async () => {
    const { stream, server } = await streamOf(sampleEvents().slice(0, 4), true)
    await stream[Symbol.asyncIterator]().next()
    await stream[Symbol.asyncDispose]()
    await server.requests[0]?.aborted
  })

  it('after its end changes nothing', async () => {
    const { stream } = await streamOf(sampleEvents(['a']))
    for await (const event of stream) if (event.type === 'response.completed') break
    stream.abort()
    expect(outputText(await stream.response())).toBe('a')
  })
})

describe('a stream that fails', () => {
  it('reports it in the iterator after the events that came, and in response()', async () => {
    const { stream } = await streamOf(sampleEvents().slice(0, -1))
    const { seen, error } = await collect(stream)
    expect(seen).toHaveLength(sampleEvents().length - 1)
    expect(error).toMatchObject({ code: 'stream_truncated' })
    await expect(stream.response()).rejects.toBe(error)
  })

  it('reports a connection cut in the middle, and is never repeated', async () => {
    for (let k = 1; k < sampleEvents().length; k++) {
      const server = await recordingServer((_, response) =>
        sendEventsAndCut(response, sampleEvents().slice(0, k)),
      )
      const { seen, error } = await collect(
        createClient({ baseURL: server.baseURL }).responses.stream(request),
      )
      expect(seen).toHaveLength(k)
      expect(error).toMatchObject({ retryable: true })
      expect(server.requests).toHaveLength(1)
    }
  })

  it('reports a refusal', async () => {
    const server = await recordingServer((_, response) =>
      sendJson(response, { error: { message: 'no such model' } }, 404),
    )
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request)
    expect((await collect(stream)).error).toMatchObject({ code: 'not_found', status: 404 })
  })

  it('and that nobody looks at is no unhandled rejection', async () => {
    const server = await recordingServer((_, response) =>
      sendJson(response, { error: { message: 'no' } }, 400),
    )
    const client = createClient({ baseURL: server.baseURL })
    client.responses.stream(request)
    client.responses.stream(request).response()
    await expect.poll(() => server.requests.length).toBe(2)
    await settled()
    expect(server.requests).toHaveLength(2)
  })
})
