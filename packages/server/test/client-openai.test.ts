import { offline } from 'antiphon'
import { scripted, text } from 'antiphon/testing'
import { zodTextFormat } from 'openai/helpers/zod'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { recorded, STORES, storeOf } from './recorded.ts'

const textsOf = (items: readonly unknown[]): unknown[] =>
  items.map((item) => (item as { content: { text: string }[] }).content[0]?.text)

describe.each(STORES)('the official client, with a store in %s', (kind) => {
  it('creates, retrieves and deletes', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const created = await openai.responses.create({
      model: 'offline',
      input: 'Hello there',
      instructions: 'Be short.',
      metadata: { order: '77' },
      temperature: 0.5,
      max_output_tokens: 2_000,
    })
    expect(created).toMatchObject({
      status: 'completed',
      metadata: { order: '77' },
      instructions: 'Be short.',
      temperature: 0.5,
      max_output_tokens: 2_000,
      model: 'offline',
    })
    expect(created.output_text).toMatch(/\S/)
    const { output_text: _, ...stored } = created
    expect(await openai.responses.retrieve(created.id)).toMatchObject(stored)
    await openai.responses.delete(created.id)
    await expect(openai.responses.retrieve(created.id)).rejects.toMatchObject({ status: 404 })
    await expect(openai.responses.delete(created.id)).rejects.toMatchObject({ status: 404 })
  })

  it('streams, and retrieves the stream from the beginning and from any number', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const seen: { type: string; sequence_number: number; response?: { id: string } }[] = []
    const stream = await openai.responses.create({ model: 'offline', input: 'Hello there', stream: true })
    for await (const event of stream) seen.push(event)
    const id = seen[0]?.response?.id ?? ''
    for (const after of [undefined, 0, 4, seen.length - 2, seen.length - 1]) {
      const again: unknown[] = []
      const rest = await openai.responses.retrieve(id, {
        stream: true,
        ...(after === undefined ? {} : { starting_after: after }),
      })
      for await (const event of rest) again.push(event)
      expect(again).toEqual(seen.slice(after === undefined ? 0 : after + 1))
    }
  })

  it('retrieves the stream of a response that was created without one', async () => {
    const { openai } = await recorded(scripted([{ reasoning: 'Well.', text: 'So it is.' }]), {
      store: storeOf(kind),
    })
    const created = await openai.responses.create({ model: 'scripted', input: 'Hello there' })
    const replayed = await openai.responses.stream({ response_id: created.id }).finalResponse()
    expect(replayed.output).toMatchObject(created.output)
    expect(replayed.output_text).toBe('So it is.')
  })

  it('runs in the background, is polled, and cancelled', async () => {
    const { openai } = await recorded(
      scripted([
        'Done.',
        {
          events: (async function* () {
            await new Promise(() => undefined)
          })(),
        },
      ]),
      { store: storeOf(kind) },
    )
    let response = await openai.responses.create({ model: 'scripted', input: 'Go', background: true })
    expect(response.status).toBe('queued')
    while (response.status === 'queued' || response.status === 'in_progress')
      response = await openai.responses.retrieve(response.id)
    expect(response).toMatchObject({ status: 'completed', background: true })
    expect(response.output_text).toBe('Done.')
    const endless = await openai.responses.create({ model: 'scripted', input: 'Go', background: true })
    const cancelled = await openai.responses.cancel(endless.id)
    expect(cancelled.status).toBe('cancelled')
    expect((await openai.responses.cancel(endless.id)).status).toBe('cancelled')
    const events: { type: string }[] = []
    for await (const event of await openai.responses.retrieve(endless.id, { stream: true }))
      events.push(event)
    expect(events.at(-1)).toMatchObject({ response: { status: 'cancelled' } })
    expect((await openai.responses.cancel(response.id)).status).toBe('completed')
  })

  it('lists input items page by page, in both orders', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const words = Array.from({ length: 45 }, (_, n) => `Word ${n}`)
    const { id } = await openai.responses.create({
      model: 'offline',
      input: words.map((content) => ({ role: 'user' as const, content })),
    })
    for (const order of ['asc', 'desc'] as const) {
      const all: unknown[] = []
      for await (const item of openai.responses.inputItems.list(id, { order, limit: 10 })) all.push(item)
      expect(textsOf(all)).toEqual(order === 'asc' ? words : words.toReversed())
    }
    const byDefault: unknown[] = []
    for await (const item of openai.responses.inputItems.list(id)) byDefault.push(item)
    expect(textsOf(byDefault)).toEqual(words.toReversed())
    const first = await openai.responses.inputItems.list(id, { order: 'asc', limit: 3 })
    expect(first.hasNextPage()).toBe(true)
    const second = await first.getNextPage()
    expect(textsOf(second.data)).toEqual(['Word 3', 'Word 4', 'Word 5'])
  })

  it('counts tokens, compacts, and goes on from what was compacted', async () => {
    const model = scripted(['First answer.', 'They said hello.', 'Going on.'])
    const { openai } = await recorded(model, { store: storeOf(kind) })
    const first = await openai.responses.create({ model: 'scripted', input: 'Hello' })
    const count = await openai.responses.inputTokens.count({
      model: 'scripted',
      input: 'And again',
      previous_response_id: first.id,
    })
    expect(count).toEqual({ object: 'response.input_tokens', input_tokens: expect.any(Number) })
    const compacted = await openai.responses.compact({
      model: 'scripted',
      input: 'And again',
      previous_response_id: first.id,
    })
    expect(compacted.object).toBe('response.compaction')
    expect(compacted.output.at(-1)).toMatchObject({
      type: 'compaction',
      encrypted_content: expect.any(String),
    })
    const next = await openai.responses.create({
      model: 'scripted',
      input: [...compacted.output, { role: 'user', content: 'Go on' }] as never,
    })
    expect(next.output_text).toBe('Going on.')
    expect(JSON.stringify(model.requests.at(-1)?.input)).toContain('They said hello.')
  })

  it('parses structured output, whole and streamed', async () => {
    const answer = JSON.stringify({ name: 'Ann', age: 7 })
    const { openai } = await recorded(scripted([answer, answer]), { store: storeOf(kind) })
    const request = {
      model: 'scripted',
      input: 'Ann is 7.',
      text: { format: zodTextFormat(z.object({ name: z.string(), age: z.number() }), 'person') },
    }
    const parsed = await openai.responses.parse(request)
    expect(parsed.output_parsed).toEqual({ name: 'Ann', age: 7 })
    expect(parsed.text).toMatchObject({ format: { type: 'json_schema', name: 'person', strict: true } })
    const final = await openai.responses.stream(request).finalResponse()
    expect(final.output_parsed).toEqual({ name: 'Ann', age: 7 })
  })

  it('does not keep what is not to be stored', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const whole = await openai.responses.create({ model: 'offline', input: 'Hello', store: false })
    expect(whole).toHaveProperty('store', false)
    const stream = openai.responses.stream({ model: 'offline', input: 'Hello', store: false })
    const streamed = await stream.finalResponse()
    expect(streamed).toHaveProperty('store', false)
    for (const { id } of [whole, streamed]) {
      await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
      await expect(
        openai.responses.create({ model: 'offline', input: 'And?', previous_response_id: id }),
      ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' })
    }
  })

  it('lists models', async () => {
    const { openai } = await recorded({ one: offline(), 'two/2': text2() }, { store: storeOf(kind) })
    const names: string[] = []
    for await (const model of openai.models.list()) names.push(model.id)
    expect(names).toEqual(['one', 'two/2'])
    expect(await openai.models.retrieve('one')).toMatchObject({ id: 'one', object: 'model' })
    expect(await openai.models.retrieve('two/2')).toMatchObject({ id: 'two/2' })
    await expect(openai.models.retrieve('three')).rejects.toMatchObject({ status: 404 })
    const answered = await openai.responses.create({ model: 'two/2', input: 'Hello' })
    expect(answered).toMatchObject({ model: 'two/2', output_text: 'Two.' })
  })
})

const text2 = () => scripted([text('Two.')])
