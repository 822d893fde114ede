import { createClient } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { type Recorded, recordingServer, sendJson } from './recording-server.ts'

const conversation = { id: 'conv_1', object: 'conversation', created_at: 1, metadata: {} }
const item = {
  type: 'message',
  id: 'msg_1',
  role: 'user',
  status: 'completed',
  content: [{ type: 'input_text', text: 'hi' }],
}
const list = { object: 'list', data: [item], has_more: false, first_id: 'msg_1', last_id: 'msg_1' }
const users = (count: number) =>
  Array.from({ length: count }, () => ({ role: 'user' as const, content: 'hi' }))

const answering = async (body: unknown) => {
  const server = await recordingServer((_, response) => sendJson(response, body))
  return { server, conversations: createClient({ baseURL: server.baseURL }).conversations }
}

const asked = ({ method, path, query, body }: Recorded) => ({ method, path, query, body })

describe('conversations', () => {
  it('create', async () => {
    const { server, conversations } = await answering(conversation)
    expect(await conversations.create({ metadata: { topic: 'x' }, items: users(20) })).toEqual(conversation)
    await conversations.create()
    expect(server.requests.map(asked)).toEqual([
      {
        method: 'POST',
        path: '/conversations',
        query: {},
        body: { metadata: { topic: 'x' }, items: users(20) },
      },
      { method: 'POST', path: '/conversations', query: {}, body: {} },
    ])
  })

  it('retrieve, update, delete', async () => {
    const { server, conversations } = await answering(conversation)
    await conversations.retrieve('conv_1')
    await conversations.update('conv_1', { metadata: { topic: 'y' } })
    await conversations.update('conv_1', { metadata: null })
    await conversations.delete('conv_1')
    const path = '/conversations/conv_1'
    expect(server.requests.map(asked)).toEqual([
      { method: 'GET', path, query: {}, body: undefined },
      { method: 'POST', path, query: {}, body: { metadata: { topic: 'y' } } },
      { method: 'POST', path, query: {}, body: { metadata: null } },
      { method: 'DELETE', path, query: {}, body: undefined },
    ])
  })

  it('refuse what is beyond a limit before anything is sent', async () => {
    const { server, conversations } = await answering(conversation)
    const metadata = { k: 'v'.repeat(513) }
    await expect(conversations.create({ items: users(21) })).rejects.toMatchObject({
      code: 'invalid_parameter',
      param: 'items',
    })
    await expect(conversations.create({ metadata })).rejects.toMatchObject({ param: 'metadata.k' })
    await expect(conversations.update('conv_1', { metadata })).rejects.toMatchObject({ param: 'metadata.k' })
    await expect(conversations.items.create('conv_1', { items: users(21) })).rejects.toMatchObject({
      param: 'items',
    })
    for (const id of ['', '..']) {
      await expect(conversations.retrieve(id)).rejects.toMatchObject({ param: 'id' })
      await expect(conversations.items.list(id)).rejects.toMatchObject({ param: 'id' })
      await expect(conversations.items.retrieve('conv_1', id)).rejects.toMatchObject({ param: 'itemId' })
      await expect(conversations.items.delete('conv_1', id)).rejects.toMatchObject({ param: 'itemId' })
    }
    expect(server.requests).toHaveLength(0)
  })
})

describe('conversations.items', () => {
  it('create', async () => {
    const { server, conversations } = await answering(list)
    expect(await conversations.items.create('conv_1', { items: users(20) })).toEqual(list)
    await conversations.items.create('conv_1', { items: users(1) }, { include: ['a', 'b'] })
    const path = '/conversations/conv_1/items'
    expect(server.requests.map(asked)).toEqual([
      { method: 'POST', path, query: {}, body: { items: users(20) } },
      { method: 'POST', path, query: { 'include[]': ['a', 'b'] }, body: { items: users(1) } },
    ])
  })

  it('list, page by page', async () => {
    const server = await recordingServer(({ query }, response) =>
      sendJson(
        response,
        query.after ? list : { ...list, data: [{ ...item, id: 'msg_0' }], has_more: true, last_id: 'msg_0' },
      ),
    )
    const { items } = createClient({ baseURL: server.baseURL }).conversations
    const ids: unknown[] = []
    for await (const entry of await items.list('conv_1', { limit: 1 })) ids.push((entry as { id: string }).id)
    expect(ids).toEqual(['msg_0', 'msg_1'])
    expect(server.requests.map(({ path, query }) => [path, query])).toEqual([
      ['/conversations/conv_1/items', { limit: ['1'] }],
      ['/conversations/conv_1/items', { limit: ['1'], after: ['msg_0'] }],
    ])
  })

  it('retrieve and delete', async () => {
    const { server, conversations } = await answering(item)
    expect(await conversations.items.retrieve('conv_1', 'msg/1', { include: ['a'] })).toEqual(item)
    await conversations.items.delete('conv_1', 'msg/1')
    const path = '/conversations/conv_1/items/msg%2F1'
    expect(server.requests.map(asked)).toEqual([
      { method: 'GET', path, query: { 'include[]': ['a'] }, body: undefined },
      { method: 'DELETE', path, query: {}, body: undefined },
    ])
  })
})
