import { createClient, outputText, type ResponseEvent, type ResponseStream } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { type Recorded, recordingServer, sendEvents, sendEventsAndCut, sendJson } from './recording-server.ts'
import { sampleEvents, sampleResponse } from './sample-response.ts'

const events = sampleEvents(['On', 'ce ', 'upon', ' a time'], { background: true })
const request = { model: 'm', input: 'hi', background: true }
const quick = { reconnectDelayMs: 1, retries: 0 }

const numberOf = (event: ResponseEvent) => (event as { sequence_number: number }).sequence_number
const startingAfter = ({ query }: Recorded) => Number(query.starting_after?.[0] ?? -1)

const collect = async (stream: ResponseStream): Promise<ResponseEvent[]> => {
  const seen: ResponseEvent[] = []
  for await (const event of stream) seen.push({ ...event })
  return seen
}

/** A server that cuts the first connection after `k` events; `replays` makes it ignore `starting_after`. */
const cuttingServer = (k: number, replays = false) =>
  recordingServer((recorded, response) => {
    if (recorded.method === 'POST') sendEventsAndCut(response, events.slice(0, k))
    else
      sendEvents(
        response,
        replays ? events : events.filter((event) => numberOf(event) > startingAfter(recorded)),
      )
  })

describe.each([
  ['resumes after starting_after', false],
  ['replays from the first event', true],
])('a background stream cut after any event, with a server that %s', (_, replays) => {
  it.each(events.slice(0, -1).map((__, index) => index + 1))('%i', async (k) => {
    const server = await cuttingServer(k, replays)
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
    const seen = await collect(stream)
    expect(seen.map(numberOf)).toEqual(events.map(numberOf))
    expect(seen).toMatchObject(events)
    expect(outputText(await stream.response())).toBe('Once upon a time')
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /responses',
      'GET /responses/resp_1',
    ])
    expect(server.requests[1]?.query).toEqual({ stream: ['true'], starting_after: [String(k - 1)] })
  })
})

describe('a background stream', () => {
  it('survives a cut after every single event', async () => {
    const server = await recordingServer((recorded, response) => {
      const next = startingAfter(recorded) + 1
      sendEventsAndCut(response, events.slice(next, next + 1))
    })
    const seen = await collect(
      createClient({ baseURL: server.baseURL }).responses.stream(request, { ...quick, reconnects: 1 }),
    )
    expect(seen.map(numberOf)).toEqual(events.map(numberOf))
    expect(server.requests).toHaveLength(events.length)
  })

  it('is whole although keep-alives and unknown events come between', async () => {
    const extra = [{ type: 'keepalive' }, { type: 'acme:note' }]
    const server = await recordingServer((recorded, response) => {
      if (recorded.method === 'POST') sendEventsAndCut(response, [...events.slice(0, 3), ...extra])
      else sendEvents(response, [...extra, ...events])
    })
    const seen = await collect(createClient({ baseURL: server.baseURL }).responses.stream(request, quick))
    expect(seen.filter((event) => numberOf(event) !== undefined)).toMatchObject(events)
  })

  it('is taken up after a truncated end and after an error event, too', async () => {
    for (const tail of [[], [{ type: 'error', code: 'server_error', message: 'lost the worker' }]]) {
      const server = await recordingServer((recorded, response) => {
        if (recorded.method === 'POST') sendEvents(response, [...events.slice(0, 4), ...tail])
        else sendEvents(response, events)
      })
      const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
      expect(outputText(await stream.response())).toBe('Once upon a time')
    }
  })

  it('ends although the server gives every event the same number', async () => {
    const same = events.map((event) => ({ ...event, sequence_number: 1 }))
    const server = await recordingServer((recorded, response) => {
      if (recorded.method === 'POST') sendEventsAndCut(response, same.slice(0, 4))
      else sendEvents(response, same)
    })
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
    expect(outputText(await stream.response())).toBe('Once upon a time')
  })

  it('gives up after a bounded number of attempts that bring nothing new', async () => {
    const server = await recordingServer((_, response) =>
      sendEventsAndCut(response, [...events.slice(0, 2), { type: 'keepalive' }]),
    )
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, {
      ...quick,
      reconnects: 3,
    })
    await expect(collect(stream)).rejects.toMatchObject({ retryable: true })
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'GET'])
  })

  it('reports a refusal to resume instead of asking again', async () => {
    const server = await recordingServer((recorded, response) => {
      if (recorded.method === 'POST') sendEventsAndCut(response, events.slice(0, 3))
      else sendJson(response, { error: { message: 'not found' } }, 404)
    })
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
    await expect(collect(stream)).rejects.toMatchObject({ code: 'not_found' })
    expect(server.requests).toHaveLength(2)
  })

  it('reports the loss when no event told the response’s id or number', async () => {
    const { response: begun, type } = events[0] as { response: object; type: string }
    for (const script of [[{ type: 'keepalive' }], [{ type, response: begun }]]) {
      const server = await recordingServer((_, response) => sendEventsAndCut(response, script))
      const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
      await expect(collect(stream)).rejects.toMatchObject({ retryable: true })
      expect(server.requests).toHaveLength(1)
    }
  })

  it('does not reconnect when the sink threw or reconnects is 0', async () => {
    const server = await cuttingServer(3)
    const client = createClient({ baseURL: server.baseURL })
    const boom = Object.assign(new Error('boom'), { code: 'boom', retryable: true })
    await expect(
      client.responses.push(
        request,
        () => {
          throw boom
        },
        quick,
      ),
    ).rejects.toBe(boom)
    await expect(
      collect(client.responses.stream(request, { ...quick, reconnects: 0 })),
    ).rejects.toMatchObject({ retryable: true })
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })

  it('stops while it waits to reconnect, by leaving, by abort and by signal', async () => {
    const slow = { retries: 0, reconnectDelayMs: 60_000 }
    const server = await cuttingServer(3)
    const client = createClient({ baseURL: server.baseURL })
    const afterTheLast = (stop: () => void) => (event: ResponseEvent) => {
      if (numberOf(event) === 2) setTimeout(stop, 20)
    }
    const left = client.responses.stream(request, slow)
    for await (const event of left) if (numberOf(event) === 2) break
    await expect(left.response()).rejects.toMatchObject({ code: 'aborted' })

    const controller = new AbortController()
    const bySignal = afterTheLast(() => controller.abort())
    const signalled = client.responses.push(request, bySignal, { ...slow, signal: controller.signal })
    await expect(signalled).rejects.toMatchObject({ code: 'aborted' })

    let cancel: ((reason: Error) => void) | undefined
    const onAbort = (stop: (reason: Error) => void) => {
      cancel = stop
    }
    const byCancel = afterTheLast(() => cancel?.(new Error('enough')))
    const cancelled = client.responses.push(request, byCancel, { ...slow, onAbort })
    await expect(cancelled).rejects.toMatchObject({ code: 'aborted' })
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
  })

  it('aborts the connection it reconnected to', async () => {
    const server = await recordingServer((recorded, response) => {
      if (recorded.method === 'POST') sendEventsAndCut(response, events.slice(0, 2))
      else sendEvents(response, events.slice(2, 4), true)
    })
    const stream = createClient({ baseURL: server.baseURL }).responses.stream(request, quick)
    for await (const event of stream) if (numberOf(event) === 3) break
    await server.requests[1]?.aborted
    await expect(stream.response()).rejects.toMatchObject({ code: 'aborted' })
  })

  it('leaves no listener on the caller’s signal', async () => {
    const { signal } = new AbortController()
    const counts = { added: 0, removed: 0 }
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      counts.added++
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      counts.removed++
      removeEventListener.apply(signal, args)
    }
    const server = await cuttingServer(3)
    await collect(createClient({ baseURL: server.baseURL }).responses.stream(request, { ...quick, signal }))
    expect(counts.added).toBeGreaterThan(0)
    expect(counts.removed).toBe(counts.added)
  })
})

describe('resuming in a new process', () => {
  it.each([
    ['after a number', 3, false],
    ['after a number, of a server that replays', 3, true],
    ['from the first event', undefined, false],
  ])('%s', async (_, after, replays) => {
    const server = await cuttingServer(0, replays)
    const stream = createClient({ baseURL: server.baseURL }).responses.resume('resp_1', {
      startingAfter: after,
      ...quick,
    })
    expect((await collect(stream)).map(numberOf)).toEqual(
      events.map(numberOf).filter((number) => number > (after ?? -1)),
    )
    expect(outputText(await stream.response())).toBe('Once upon a time')
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/responses/resp_1' })
    expect(server.requests[0]?.query).toEqual(
      after === undefined ? { stream: ['true'] } : { stream: ['true'], starting_after: [String(after)] },
    )
  })

  it('reconnects by itself, while retrieveStream does not', async () => {
    const server = await recordingServer((recorded, response) => {
      const next = startingAfter(recorded) + 1
      if (next < 5) sendEventsAndCut(response, events.slice(next, 5))
      else sendEvents(response, events.slice(next))
    })
    const { responses } = createClient({ baseURL: server.baseURL })
    expect((await collect(responses.resume('resp_1', quick))).map(numberOf)).toEqual(events.map(numberOf))
    expect(server.requests).toHaveLength(2)
    await expect(collect(responses.retrieveStream('resp_1', { retries: 0 }))).rejects.toMatchObject({
      retryable: true,
    })
    expect(server.requests).toHaveLength(3)
    expect(
      await collect(responses.retrieveStream('resp_1', { startingAfter: 5, include: ['a', 'b'] })),
    ).toHaveLength(events.length - 6)
    expect(server.requests[3]?.query).toEqual({
      stream: ['true'],
      starting_after: ['5'],
      'include[]': ['a', 'b'],
    })
  })

  it('reads the response when the server has no more events to tell', async () => {
    const server = await recordingServer((recorded, response) => {
      if (recorded.query.stream) sendEvents(response, [])
      else sendJson(response, sampleResponse())
    })
    const stream = createClient({ baseURL: server.baseURL }).responses.resume('resp_1', {
      startingAfter: 99,
      ...quick,
    })
    expect((await collect(stream)).map(({ type }) => type)).toEqual(['response.completed'])
    expect(await stream.response()).toMatchObject({ id: 'resp_1', output: sampleResponse().output })
  })

  it('asks for the output when the last event has none', async () => {
    const bare = { ...events.at(-1), response: sampleResponse({ output: [] }) }
    const server = await recordingServer((recorded, response) => {
      if (recorded.query.stream) sendEvents(response, [bare])
      else sendJson(response, sampleResponse())
    })
    const stream = createClient({ baseURL: server.baseURL }).responses.resume('resp_1', {
      startingAfter: 8,
      ...quick,
    })
    expect(outputText(await stream.response())).toBe('Four.')
  })

  it('refuses an id or a number that cannot be one', () => {
    const { responses } = createClient({ baseURL: 'http://127.0.0.1:9/v1' })
    expect(() => responses.resume('')).toThrow(/`id`/)
    expect(() => responses.resume('resp_1', { startingAfter: 1.5 })).toThrow(/startingAfter/)
  })
})
