import { offline } from 'antiphon'
import { describe, expect, it } from 'vitest'
import { serving } from './serving.ts'

describe('a response', () => {
  it('is answered, kept, listed, gone on from and removed', async () => {
    const { openai } = await serving(offline())
    const first = await openai.responses.create({ model: 'offline', input: 'Hello there' })
    expect(first).toMatchObject({ status: 'completed', object: 'response', store: true })
    expect(first.output_text).not.toBe('')
    expect(await openai.responses.retrieve(first.id)).toMatchObject({ id: first.id, status: 'completed' })
    const second = await openai.responses.create({
      model: 'offline',
      input: 'And again',
      previous_response_id: first.id,
    })
    const items = await openai.responses.inputItems.list(second.id, { order: 'asc' })
    expect(items.data.map((item) => [item.type, (item as { role?: string }).role])).toEqual([
      ['message', 'user'],
      ['message', 'assistant'],
      ['message', 'user'],
    ])
    await openai.responses.delete(first.id)
    await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 })
  })

  it('is streamed, and its events are told again from any number', async () => {
    const { openai } = await serving(offline())
    const stream = openai.responses.stream({ model: 'offline', input: 'Hello there' })
    const seen: { sequence_number: number; type: string }[] = []
    for await (const event of stream) seen.push(event)
    const final = await stream.finalResponse()
    expect(final.status).toBe('completed')
    expect(seen.map((event) => event.sequence_number)).toEqual(seen.map((_, n) => n))
    const again = await openai.responses.retrieve(final.id, { stream: true, starting_after: 2 })
    const rest: unknown[] = []
    for await (const event of again) rest.push(event)
    expect(rest).toEqual(seen.slice(3).map((event) => expect.objectContaining({ type: event.type })))
  })

  it('runs in the background, and is read while it does and afterwards', async () => {
    const { openai } = await serving(offline())
    const queued = await openai.responses.create({ model: 'offline', input: 'Hello', background: true })
    expect(queued.status).toBe('queued')
    const stream = await openai.responses.retrieve(queued.id, { stream: true })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types.slice(0, 3)).toEqual(['response.created', 'response.queued', 'response.in_progress'])
    expect(types.at(-1)).toBe('response.completed')
    expect((await openai.responses.retrieve(queued.id)).status).toBe('completed')
  })

  it('adds to a conversation', async () => {
    const { openai } = await serving(offline())
    const conversation = await openai.conversations.create({ metadata: { a: 'b' } })
    await openai.responses.create({ model: 'offline', input: 'One', conversation: conversation.id })
    await openai.responses.create({ model: 'offline', input: 'Two', conversation: conversation.id })
    const items = await openai.conversations.items.list(conversation.id, { order: 'asc' })
    expect(items.data).toHaveLength(4)
  })
})
