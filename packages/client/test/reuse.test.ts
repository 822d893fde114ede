import { setTimeout as pause } from 'node:timers/promises'
import { createClient, encodeSse, type ResponseEvent } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { serve } from './loopback.ts'
import { sampleResponse } from './sample-response.ts'

const completed = (): string =>
  encodeSse({ type: 'response.completed', sequence_number: 1, response: sampleResponse() } as ResponseEvent)

const head = { 'content-type': 'text/event-stream' }

const clientOf = (origin: string): ReturnType<typeof createClient> =>
  createClient({ baseURL: origin, apiKey: 'k' })

/** Calls in a row, each sent in the very moment in which the one before resolves. */
const inARow = async (client: ReturnType<typeof createClient>, calls: number): Promise<void> => {
  for (let n = 0; n < calls; n++) await client.responses.push({ model: 'm', input: 'x' }, () => undefined)
}

describe('the next call of a run uses the connection of the last one', () => {
  it('when the answer ends with its terminal event', async () => {
    const server = await serve((response) => response.writeHead(200, head).end(completed()))
    await inARow(clientOf(server.origin), 6)
    expect(server.seen).toHaveLength(6)
    expect(server.connections()).toBe(1)
  })

  it('when the end of the answer comes a moment after its terminal event', async () => {
    const server = await serve(async (response) => {
      response.writeHead(200, head).write(completed())
      await new Promise(setImmediate)
      response.end()
    })
    await inARow(clientOf(server.origin), 6)
    expect(server.connections()).toBe(1)
  })

  it('when many runs go on at once: as many connections as runs, no more', async () => {
    const server = await serve(async (response) => {
      response.writeHead(200, head)
      await pause(20)
      response.end(completed())
    })
    const client = clientOf(server.origin)
    await Promise.all(Array.from({ length: 20 }, () => inARow(client, 4)))
    expect(server.seen).toHaveLength(80)
    expect(server.connections()).toBeLessThanOrEqual(20)
  })
})

describe('an answer whose end does not come', () => {
  it('is handed over all the same, and the next call opens a connection of its own', async () => {
    const server = await serve((response) => response.writeHead(200, head).write(completed()))
    await inARow(clientOf(server.origin), 2)
    expect(server.connections()).toBe(2)
  })

  it('is an answer, not an abort, for who aborts after the terminal event', async () => {
    const server = await serve((response) => response.writeHead(200, head).write(completed()))
    const controller = new AbortController()
    const sink = (event: ResponseEvent): void => {
      if (event.type === 'response.completed') setImmediate(() => controller.abort())
    }
    await clientOf(server.origin).responses.push({ model: 'm', input: 'x' }, sink, {
      signal: controller.signal,
    })
    await server.closed(1)
  })
})
