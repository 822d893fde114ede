import { offline } from 'antiphon'
import { describe, expect, it } from 'vitest'
import { recorded, STORES, storeOf } from './recorded.ts'

const rolesOf = (items: readonly unknown[]): unknown[] =>
  items.map((item) => (item as { role?: string }).role)

describe.each(STORES)('conversations of the official client, with a store in %s', (kind) => {
  it('are created, read, changed and deleted', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const created = await openai.conversations.create({
      metadata: { topic: 'demo' },
      items: [{ type: 'message', role: 'user', content: 'Hello!' }],
    })
    expect(created).toMatchObject({ object: 'conversation', metadata: { topic: 'demo' } })
    expect(await openai.conversations.retrieve(created.id)).toEqual(created)
    const changed = await openai.conversations.update(created.id, { metadata: { topic: 'other' } })
    expect(changed).toEqual({ ...created, metadata: { topic: 'other' } })
    expect(await openai.conversations.retrieve(created.id)).toEqual(changed)
    expect(await openai.conversations.delete(created.id)).toEqual({
      id: created.id,
      object: 'conversation.deleted',
      deleted: true,
    })
    await expect(openai.conversations.retrieve(created.id)).rejects.toMatchObject({ status: 404 })
    await expect(
      openai.responses.create({ model: 'offline', input: 'Hi', conversation: created.id }),
    ).rejects.toMatchObject({ status: 404 })
    expect((await openai.conversations.create()).metadata).toEqual({})
  })

  it('have items that are added, listed by pages, read and taken out', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const { id } = await openai.conversations.create()
    const added = await openai.conversations.items.create(id, {
      items: Array.from({ length: 20 }, (_, n) => ({ role: 'user' as const, content: `Word ${n}` })),
    })
    expect(added).toMatchObject({ object: 'list', has_more: false })
    expect(added.data).toHaveLength(20)
    await openai.conversations.items.create(id, {
      items: Array.from({ length: 10 }, (_, n) => ({ role: 'user' as const, content: `Word ${20 + n}` })),
    })
    const ids: unknown[] = []
    for await (const item of openai.conversations.items.list(id, { limit: 7, order: 'asc' })) {
      ids.push((item as { id: string }).id)
    }
    expect(new Set(ids).size).toBe(30)
    const first = added.data[0] as { id: string }
    expect(await openai.conversations.items.retrieve(first.id, { conversation_id: id })).toEqual(first)
    expect(first).toMatchObject({
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_text', text: 'Word 0' }],
    })
    expect(await openai.conversations.items.delete(first.id, { conversation_id: id })).toMatchObject({ id })
    await expect(
      openai.conversations.items.retrieve(first.id, { conversation_id: id }),
    ).rejects.toMatchObject({
      status: 404,
    })
    await expect(openai.conversations.items.delete(first.id, { conversation_id: id })).rejects.toMatchObject({
      status: 404,
    })
    const left = await openai.conversations.items.list(id, { limit: 100 })
    expect(left.data).toHaveLength(29)
  })

  it('grow by each response, streamed, whole or in the background, and go into the next', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const conversation = await openai.conversations.create({
      items: [{ role: 'system', content: 'Be short.' }],
    })
    const whole = await openai.responses.create({
      model: 'offline',
      input: 'One',
      conversation: conversation.id,
    })
    expect(whole.conversation).toEqual({ id: conversation.id })
    const streamed = await openai.responses
      .stream({ model: 'offline', input: 'Two', conversation: { id: conversation.id } })
      .finalResponse()
    expect(streamed.conversation).toEqual({ id: conversation.id })
    let background = await openai.responses.create({
      model: 'offline',
      input: 'Three',
      conversation: conversation.id,
      background: true,
    })
    while (background.status !== 'completed') background = await openai.responses.retrieve(background.id)
    const items = await openai.conversations.items.list(conversation.id, { order: 'asc' })
    expect(rolesOf(items.data)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
      'assistant',
    ])
    const given = await openai.responses.inputItems.list(background.id, { order: 'asc' })
    expect(rolesOf(given.data)).toEqual(['system', 'user', 'assistant', 'user', 'assistant', 'user'])
    // An answer that was not stored still belongs to the conversation that it was asked in.
    await openai.responses.create({
      model: 'offline',
      input: 'Four',
      conversation: conversation.id,
      store: false,
    })
    expect((await openai.conversations.items.list(conversation.id)).data).toHaveLength(9)
  })

  it('may not be named together with a previous response', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const { id } = await openai.conversations.create()
    const first = await openai.responses.create({ model: 'offline', input: 'One' })
    await expect(
      openai.responses.create({
        model: 'offline',
        input: 'Two',
        conversation: id,
        previous_response_id: first.id,
      }),
    ).rejects.toMatchObject({ status: 400 })
  })
})
