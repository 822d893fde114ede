import { createClient, type ResponseEvent } from '@antiphon/client'
import { call, collect, fakeUpstream, SSE_FRAMINGS, type UpstreamFaults } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askClient } from './ask-client.ts'

const PARTS = { text: 'Grüße an alle 🌍, "quoted" \\ and\nnew lines', calls: [call('f', { a: 'ß' }, 'c1')] }

const PLAIN = await askClient([PARTS])

describe('pitfall 25: every legal framing, and what gateways put in between', () => {
  it.each(SSE_FRAMINGS)('reads the same events in framing %s', async (framing) => {
    for (const chunkBytes of [undefined, 1, 17, 1000]) {
      const { events, response, error } = await askClient([
        { ...PARTS, framing, doneMarker: true, chunkBytes },
      ])
      expect(error).toBeUndefined()
      expect(events).toEqual(PLAIN.events)
      expect(response).toEqual(PLAIN.response)
    }
  })

  it('hands events on as they come, in every framing', async () => {
    for (const framing of SSE_FRAMINGS) {
      await using upstream = await fakeUpstream({ answers: { ...PARTS, framing, stallAfterEvents: 4 } })
      const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
      const stream = client.responses.stream({ model: 'm', input: 'Hi' })
      const seen: ResponseEvent[] = []
      for await (const event of stream) {
        seen.push(event)
        // A line end of its own may still belong to the last event, so the last one may wait for the next.
        if (seen.length === 3) break
      }
      expect(seen).toEqual(PLAIN.events.slice(0, 3))
    }
  })
})

describe('any chunking', () => {
  it('gives the same answer, whatever the text, the framing and the pieces', async () => {
    const answer = fc.record({
      text: fc.string({ unit: 'binary' }),
      framing: fc.constantFrom(...SSE_FRAMINGS),
      chunkBytes: fc.integer({ min: 1, max: 300 }),
      doneMarker: fc.boolean(),
    })
    let reply: UpstreamFaults & { text: string } = { text: '' }
    await using upstream = await fakeUpstream({ answers: () => reply })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 0 })
    await fc.assert(
      fc.asyncProperty(answer, async (given) => {
        reply = given
        const stream = client.responses.stream({ model: 'm', input: 'Hi' })
        const events = await collect(stream)
        const deltas = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
        expect(deltas.join('')).toBe(given.text)
        expect(await stream.response()).toMatchObject({ output: [{ content: [{ text: given.text }] }] })
      }),
      { numRuns: 150 },
    )
  })
})
