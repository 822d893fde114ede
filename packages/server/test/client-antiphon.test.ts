import { createClient, type FunctionCall, type ResponseEvent } from '@antiphon/client'
import { agent, offline, responses, tool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { gate } from './http-server.ts'
import { type Exchange, recorded, STORES, storeOf } from './recorded.ts'

const weather = tool({ name: 'weather', effect: 'read', execute: () => 'sun' })
const steps: readonly ScriptStep[] = [
  { reasoning: 'Look.', calls: [call('weather'), call('weather')] },
  calls(call('weather')),
  text('Sunny.'),
]
/** How many items each request had. */
const inputCounts = (exchanges: readonly Exchange[]): number[] =>
  exchanges.map(({ asked = {} }) => (asked.input as unknown[]).length)
const clientOf = (baseURL: string) => createClient({ baseURL, apiKey: 'none' })

describe.each(STORES)('our own client, with a store in %s', (kind) => {
  it('creates, streams, retrieves, lists and deletes', async () => {
    const { url } = await recorded(offline(), { store: storeOf(kind) })
    const client = clientOf(url)
    const whole = await client.responses.create({ model: 'offline', input: 'Hello there' })
    expect(whole.status).toBe('completed')
    expect(await client.responses.retrieve(whole.id)).toEqual(whole)
    const stream = client.responses.stream({
      model: 'offline',
      input: 'And again',
      previous_response_id: whole.id,
    })
    const events: ResponseEvent[] = []
    for await (const event of stream) events.push(event)
    const streamed = await stream.response()
    expect(events.at(-1)?.type).toBe('response.completed')
    expect(await client.responses.retrieve(streamed.id)).toEqual(streamed)
    const listed = []
    for await (const item of await client.responses.inputItems(streamed.id, { limit: 1, order: 'asc' }))
      listed.push((item as { role?: string }).role)
    expect(listed).toEqual(['user', 'assistant', 'user'])
    const count = await client.responses.inputTokens({ model: 'offline', input: 'Hello' })
    expect(count.input_tokens).toBeGreaterThan(0)
    expect(await client.responses.delete(whole.id)).toMatchObject({ deleted: true })
    await expect(client.responses.retrieve(whole.id)).rejects.toMatchObject({ status: 404 })
  })

  it('polls, cancels, and takes up the stream of a background response', async () => {
    const { promise: open, resolve } = gate()
    const { url } = await recorded(
      scripted([
        async () => {
          await open
          return 'It took a while.'
        },
        () => new Promise(() => undefined),
      ]),
      { store: storeOf(kind) },
    )
    const client = clientOf(url)
    const stream = client.responses.stream({ model: 'scripted', input: 'Go', background: true })
    for await (const { type } of stream) if (type === 'response.in_progress') break
    const id = stream.id ?? ''
    const startingAfter = stream.lastSequenceNumber ?? -1
    const rest = client.responses.resume(id, { startingAfter })
    resolve()
    const numbers: unknown[] = []
    for await (const event of rest) numbers.push((event as { sequence_number?: number }).sequence_number)
    expect(numbers).toEqual(numbers.map((_, n) => startingAfter + 1 + n))
    const polled = await client.responses.poll(id)
    expect(polled.status).toBe('completed')
    expect((await rest.response()).output).toEqual(polled.output)
    expect((await client.responses.resume(id).response()).output).toEqual(polled.output)
    const endless = await client.responses.create({ model: 'scripted', input: 'Go', background: true })
    expect((await client.responses.cancel(endless.id)).status).toBe('cancelled')
  })

  it('keeps conversations', async () => {
    const { url } = await recorded(offline(), { store: storeOf(kind) })
    const { conversations, responses } = clientOf(url)
    const { id } = await conversations.create({ metadata: { a: 'b' } })
    await responses.create({ model: 'offline', input: 'One', conversation: id })
    await conversations.items.create(id, { items: [{ role: 'user', content: 'Two' }] })
    const items = []
    for await (const item of await conversations.items.list(id, { limit: 2, order: 'asc' })) items.push(item)
    expect(items).toHaveLength(3)
    const { id: last } = items[2] as { id: string }
    expect(await conversations.items.retrieve(id, last)).toEqual(items[2])
    expect((await conversations.items.delete(id, last)).id).toBe(id)
    expect((await conversations.update(id, { metadata: { c: 'd' } })).metadata).toEqual({ c: 'd' })
    expect(await conversations.retrieve(id)).toMatchObject({ metadata: { c: 'd' } })
    expect(await conversations.delete(id)).toMatchObject({ deleted: true })
    await expect(conversations.retrieve(id)).rejects.toMatchObject({ status: 404 })
  })

  it.each(['local', 'server'] as const)("runs our loop with state: '%s'", async (state) => {
    const { url, exchanges } = await recorded(scripted(steps), { store: storeOf(kind) })
    const model = responses({ baseURL: url, apiKey: 'none', model: 'scripted' })
    const result = await agent({ model, tools: [weather], state })
      .run('Weather?')
      .result()
    expect(result.text).toBe('Sunny.')
    expect(result.history.filter(({ type }) => type === 'function_call_output')).toHaveLength(3)
    expect(inputCounts(exchanges)).toEqual(state === 'server' ? [1, 2, 1] : [1, 6, 8])
  })

  it('runs our loop in a conversation, and over a run that follows', async () => {
    const { url, exchanges } = await recorded(scripted([...steps, text('As I said.')]), {
      store: storeOf(kind),
    })
    const conversation = (await clientOf(url).conversations.create()).id
    const model = responses({ baseURL: url, apiKey: 'none', model: 'scripted' })
    const one = agent({ model, tools: [weather] })
    const state = { conversation }
    expect((await one.run('Weather?', { state }).result()).text).toBe('Sunny.')
    expect((await one.run('Really?', { state }).result()).text).toBe('As I said.')
    expect(inputCounts(exchanges.filter(({ path }) => path.endsWith('/responses')))).toEqual([1, 2, 1, 1])
    const items = await clientOf(url).conversations.items.list(conversation, { limit: 100, order: 'asc' })
    expect(items.data.filter(({ type }) => type === 'function_call') as FunctionCall[]).toHaveLength(3)
  })
})
