import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as tick } from 'node:timers/promises'
import { type ServeOptions, serve } from '@antiphon/server'
import { sqlite } from '@antiphon/store/sqlite'
import type { Model, ModelContext } from 'antiphon'
import { lifecycleEvents } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RawClient } from './http-server.ts'
import { problemsOfEvents } from './valid-response.ts'

interface Facts {
  begun: number
  running: number
  /** Who waits for news of a response. */
  watchers: number
  readonly sockets: Set<Socket>
  readonly port: number
}

/** A server on sockets and a store that the test can look at. */
const watched = async (
  model: (facts: Facts) => Model,
  options: ServeOptions = {},
): Promise<Facts & { ask(body: object): Promise<{ status: number; body: Record<string, unknown> }> }> => {
  const store = sqlite(':memory:')
  const { responses } = store
  const seen = {
    ...responses,
    onNews: (...given: Parameters<typeof responses.onNews>) => {
      const unwatch = responses.onNews(...given)
      facts.watchers++
      let isOver = false
      return () => {
        if (!isOver) facts.watchers--
        isOver = true
        unwatch()
      }
    },
  }
  const facts: { -readonly [K in keyof Facts]: Facts[K] } = {
    begun: 0,
    running: 0,
    watchers: 0,
    sockets: new Set<Socket>(),
    port: 0,
  }
  const server = serve(model(facts), {
    store: new Proxy(store, {
      get: (whole, name) => {
        if (name === 'responses') return seen
        const value = Reflect.get(whole, name, whole) as unknown
        return typeof value === 'function' ? value.bind(whole) : value
      },
    }),
    onError: () => undefined,
    ...options,
  })
  const http = createServer(server.nodeHandler)
  http.on('connection', (socket: Socket) => {
    facts.sockets.add(socket)
    socket.once('close', () => facts.sockets.delete(socket))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  facts.port = (http.address() as AddressInfo).port
  onTestFinished(async () => {
    http.closeAllConnections()
    http.close()
    await server.close()
    await store.close()
  })
  return Object.assign(facts, {
    async ask(body: object) {
      const answer = await fetch(`http://127.0.0.1:${facts.port}/v1/responses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(body),
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    },
  })
}

const eventsOf = (deltas: readonly string[]): object[] => {
  const text = deltas.join('')
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }]
  const item = {
    id: 'msg_long_enough_to_stay',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content,
  }
  const whole = lifecycleEvents({
    id: 'resp_up',
    object: 'response',
    status: 'completed',
    output: [item],
  } as never)
  const at = { item_id: item.id, output_index: 0, content_index: 0 }
  return whole.flatMap((event): object[] => {
    if (event.type === 'response.output_text.delta') return []
    if (event.type !== 'response.content_part.added') return [event]
    return [event, ...deltas.map((delta) => ({ type: 'response.output_text.delta', ...at, delta }))]
  })
}

/** Tells such an answer, an event per turn of the event loop, until it is stopped. */
const telling =
  (deltas: readonly string[]) =>
  (facts: Facts): Model =>
    Object.assign(
      async (_: unknown, sink: (event: never) => void, context: ModelContext) => {
        facts.begun++
        facts.running++
        let stopped: Error | undefined
        context.onAbort((reason) => {
          stopped = reason
        })
        try {
          for (const event of eventsOf(deltas)) {
            sink(event as never)
            await tick()
            if (stopped !== undefined) throw stopped
          }
        } finally {
          facts.running--
        }
      },
      { modelName: 'teller' },
    )

const eventsIn = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []))
const waitingBytes = ({ sockets }: Facts): number =>
  [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0)

const MiB = 1024 * 1024

/** Asks for a stream and reads nothing of it; `rest()` reads all that there is. */
const idleReader = async (facts: Facts, body: object) => {
  const client = new RawClient(facts.port)
  client.socket.pause()
  client.post('/v1/responses', JSON.stringify({ input: 'Go', stream: true, ...body }))
  return {
    async rest(): Promise<string> {
      const pieces: string[] = []
      client.socket.removeAllListeners('data')
      const over = new Promise<void>((resolve) => {
        client.socket.on('data', (bytes) => {
          pieces.push(bytes.toString('latin1'))
          if (pieces.slice(-3).join('').endsWith('\r\n0\r\n\r\n')) resolve()
        })
      })
      client.socket.resume()
      await Promise.race([client.closed, over])
      const all = pieces.join('')
      // What chunked encoding has put between is no part of it.
      return all.replace(/\r\n[0-9a-f]+\r\n/g, '')
    },
  }
}

describe('a reader that does not read', () => {
  const deltas = Array.from({ length: 120 }, (_, n) => `${n} `.padEnd(30_000, 'x'))

  it('holds no stored response back, costs no memory that grows, and is told everything when it reads again', async () => {
    const facts = await watched(telling(deltas))
    const reader = await idleReader(facts, {})
    await expect.poll(() => facts.begun).toBe(1)
    let most = 0
    await expect
      .poll(() => {
        most = Math.max(most, waitingBytes(facts))
        return facts.running
      })
      .toBe(0)
    // 18 MB were told meanwhile, 3.6 of them in one frame.
    expect(most).toBeLessThan(5 * MiB)
    expect((await facts.ask({ input: 'Go', stream: false, store: false })).status).toBe(200)
    const events = eventsIn(await reader.rest())
    expect(problemsOfEvents(events as never)).toEqual([])
    expect(
      events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta),
    ).toEqual(deltas)
    await expect.poll(() => facts.watchers).toBe(0)
  })

  it('is told everything of a response that is not stored, too', async () => {
    const facts = await watched(telling(deltas))
    const reader = await idleReader(facts, { store: false })
    await expect.poll(() => facts.begun).toBe(1)
    await expect.poll(() => facts.running).toBe(0)
    expect(waitingBytes(facts)).toBeLessThan(5 * MiB)
    expect(problemsOfEvents(eventsIn(await reader.rest()) as never)).toEqual([])
  })

  it('loses a response that is not stored when it is 32 MiB behind', async () => {
    const facts = await watched(telling(Array.from({ length: 60 }, () => 'x'.repeat(MiB))))
    const reader = await idleReader(facts, { store: false })
    await expect.poll(() => facts.begun).toBe(1)
    await expect.poll(() => facts.running).toBe(0)
    const events = eventsIn(await reader.rest())
    expect(events.at(-1)?.type).not.toBe('response.completed')
    expect(facts.running).toBe(0)
  })
})

const PLACES = 12

const leaving = fc.record({
  way: fc.constantFrom('plain', 'stream', 'live', 'background', 'background stream'),
  /** Of its request it sends so much, and then of the answer it reads so many events. */
  sent: fc.constantFrom(0.3, 0.7, 1, 1, 1, 1),
  events: fc.integer({ min: 0, max: 14 }),
  how: fc.constantFrom('resets', 'closes', 'half-closes'),
})

const bodyOf = (way: string): string =>
  JSON.stringify({
    input: 'Go',
    stream: way !== 'plain' && way !== 'background',
    background: way.startsWith('background'),
    store: way !== 'live',
  })

describe('clients that leave', () => {
  it('at any point and in any way leave nothing behind: no run, no listener, no place, no connection', async () => {
    const facts = await watched(telling(['one ', 'two ', 'three ', 'four ', 'five ', 'six']), {
      limits: { concurrency: PLACES },
    })
    const idle = facts.watchers
    await fc.assert(
      fc.asyncProperty(fc.array(leaving, { minLength: 1, maxLength: PLACES }), async (clients) => {
        await Promise.all(
          clients.map(async ({ way, sent, events, how }) => {
            const body = bodyOf(way)
            const client = new RawClient(facts.port, { allowHalfOpen: true })
            const request = `POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
            client.write(request.slice(0, Math.round(request.length * sent)))
            // A plain answer has no events: it leaves while that is made, or when it is there.
            if (sent === 1 && events > 0)
              await client.until(
                way.endsWith('stream') || way === 'live'
                  ? new RegExp(`"sequence_number":${events - 1}}`)
                  : /HTTP\/1.1 200/,
              )
            if (how === 'resets') client.socket.resetAndDestroy()
            else if (how === 'closes') client.socket.destroy()
            else client.socket.end()
            await client.closed
          }),
        )
        await expect.poll(() => facts.running).toBe(0)
        await expect.poll(() => facts.sockets.size).toBe(0)
        // All places are there again, for as many at once.
        await expect
          .poll(async () => {
            const all = Array.from({ length: PLACES }, () => facts.ask({ input: 'Go' }))
            return (await Promise.all(all)).filter(({ status }) => status === 200).length
          })
          .toBe(PLACES)
        await expect.poll(() => facts.watchers).toBe(idle)
      }),
      { numRuns: 12 },
    )
  })

  it('halfway, by closing only their side, give their place back at once', async () => {
    const facts = await watched(
      (seen) =>
        Object.assign(
          async (_: unknown, __: unknown, context: ModelContext) => {
            seen.running++
            await new Promise<void>((resolve) => context.onAbort(() => resolve()))
            seen.running--
          },
          { modelName: 'patient' },
        ),
      { limits: { concurrency: 1 } },
    )
    for (const way of ['plain', 'stream', 'live']) {
      const client = new RawClient(facts.port, { allowHalfOpen: true })
      client.post('/v1/responses', bodyOf(way))
      await expect.poll(() => facts.running).toBe(1)
      expect((await facts.ask({ input: 'Go' })).status).toBe(429)
      client.socket.end()
      await client.closed
      await expect.poll(() => facts.running).toBe(0)
    }
    // In the middle of a request there is nothing to give back.
    const half = new RawClient(facts.port, { allowHalfOpen: true })
    half.write('POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 50\r\n\r\n{"input":')
    half.socket.end()
    await half.closed
    expect(facts.running).toBe(0)
    await expect.poll(() => facts.watchers).toBe(0)
  })
})
