import { getEventListeners } from 'node:events'
import { createClient, type RequestOptions, type ResponseEvent } from '@antiphon/client'
import { collect, fakeUpstream, type UpstreamReply } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

const REQUEST = { model: 'm', input: 'Hi' }

type Client = ReturnType<typeof createClient>

/** The doors that a signal can close. */
const doors: [string, (client: Client, options: RequestOptions) => Promise<unknown>][] = [
  ['create', (client, options) => client.responses.create(REQUEST, options)],
  ['stream', (client, options) => collect(client.responses.stream(REQUEST, options))],
  ['push', (client, options) => client.responses.push(REQUEST, () => undefined, options)],
]

/** When the abort comes; what the server does until then. */
const phases: [string, UpstreamReply][] = [
  ['while the server is silent', { never: true }],
  ['between headers and body', { text: 'One', firstEventDelayMs: 60_000 }],
  ['inside the body', { text: 'One two', chunkBytes: 40, cutMode: 'end', stallAfterEvents: 2 }],
  ['while it waits for a retry', { status: 503, headers: { 'retry-after': '60' }, body: 'later' }],
]

describe('an abort', () => {
  describe.each(phases)('%s', (_phase, reply) => {
    it.each(doors)('ends %s at once, with nothing left behind', async (door, ask) => {
      // As JSON the body comes in one piece: to be inside it, it has to be held back.
      const held = door === 'create' && typeof reply === 'object' && 'stallAfterEvents' in reply
      await using upstream = await fakeUpstream({
        answers: held ? { text: 'One', firstEventDelayMs: 60_000 } : reply,
      })
      const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 2 })
      const leaving = new AbortController()
      const asked = ask(client, { signal: leaving.signal }).then(
        () => 'resolved',
        (error: unknown) => error,
      )
      const [request] = await upstream.waitForRequests(1)
      // Gives the answer of the server time to arrive; too early is another phase, and as good.
      await new Promise((resolve) => setTimeout(resolve, 20))
      leaving.abort(new Error('enough'))
      expect(await asked).toMatchObject({ code: 'aborted', retryable: false })
      expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0)
      await expect.poll(() => request?.outcome).not.toBe('open')
      expect(upstream.requests).toHaveLength(1)
    })
  })

  it.each(doors)('before %s sends nothing', async (_door, ask) => {
    await using upstream = await fakeUpstream()
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    const asked = ask(client, { signal: AbortSignal.abort() })
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    expect(upstream.requests).toHaveLength(0)
  })

  it.each(doors)(
    'after %s changes nothing, and no listener stays on a signal that lives on',
    async (_door, ask) => {
      await using upstream = await fakeUpstream()
      const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
      const leaving = new AbortController()
      for (let n = 0; n < 20; n++) await ask(client, { signal: leaving.signal })
      expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0)
      leaving.abort()
      expect(upstream.requests.map((request) => request.outcome)).not.toContain('aborted')
    },
  )

  it('by leaving the loop closes the connection', async () => {
    await using upstream = await fakeUpstream({ answers: { text: 'One two', stallAfterEvents: 3 } })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    for await (const event of client.responses.stream(REQUEST)) if (event) break
    await expect.poll(() => upstream.requests[0]?.outcome).toBe('aborted')
  })
})

describe('a sink that throws', () => {
  it('fails the call with what it threw, and closes the connection', async () => {
    await using upstream = await fakeUpstream({ answers: { text: 'One two', eventDelayMs: 1 } })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 2 })
    const seen: ResponseEvent[] = []
    const pushed = client.responses.push(REQUEST, (event) => {
      seen.push(event)
      throw new Error('in the sink')
    })
    await expect(pushed).rejects.toThrow('in the sink')
    expect(seen).toHaveLength(1)
    await expect.poll(() => upstream.requests[0]?.outcome).toBe('aborted')
    expect(upstream.requests).toHaveLength(1)
  })
})
