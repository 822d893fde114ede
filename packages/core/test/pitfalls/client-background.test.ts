import { createClient } from '@antiphon/client'
import { call, checkLifecycle, collect, fakeUpstream, type UpstreamFaults } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

const PARTS = { reasoning: 'Hm.', text: 'One two', calls: [call('f', { a: 1 }, 'c1')] }
const REQUEST = { model: 'm', input: 'Hi', background: true }
const FAST = { reconnectDelayMs: 1 }

const follow = async (faultsOf: (n: number) => UpstreamFaults | undefined) => {
  await using upstream = await fakeUpstream({ answers: [PARTS], faults: (_request, n) => faultsOf(n) })
  const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 0 })
  const stream = client.responses.stream(REQUEST, FAST)
  const events = await collect(stream)
  return { events, response: await stream.response(), requests: upstream.requests }
}

const WHOLE = await follow(() => undefined)

describe('a background stream', () => {
  it('is taken up again wherever it was cut, each event once', async () => {
    for (const cutMode of ['destroy', 'end'] as const) {
      for (let cutAfterEvents = 1; cutAfterEvents < WHOLE.events.length; cutAfterEvents++) {
        const { events, response, requests } = await follow((n) =>
          n === 0 ? { cutAfterEvents, cutMode } : undefined,
        )
        expect(events).toEqual(WHOLE.events)
        expect(response).toEqual(WHOLE.response)
        expect(checkLifecycle(events)).toEqual([])
        expect(requests[1]?.query.get('starting_after')).toBe(String(cutAfterEvents - 1))
      }
    }
  })

  it('is whole although every connection brings one event only', async () => {
    const { events, response } = await follow(() => ({ cutAfterEvents: 1 }))
    expect(events).toEqual(WHOLE.events)
    expect(response).toEqual(WHOLE.response)
  })

  it('survives a server that fails in between', async () => {
    const { events } = await follow((n) => {
      if (n === 0) return { cutAfterEvents: 3 }
      return n < 3 ? { status: 503, body: 'later' } : undefined
    })
    expect(events).toEqual(WHOLE.events)
  })

  it('is read at last, when it is not streamed', async () => {
    await using upstream = await fakeUpstream({ answers: [PARTS], backgroundPolls: 1 })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    const queued = await client.responses.create(REQUEST)
    expect(queued).toMatchObject({ status: 'queued', output: [] })
    const done = await client.responses.poll(queued.id, { intervalMs: 1 })
    expect(done.output).toEqual(WHOLE.response.output)
  })
})
