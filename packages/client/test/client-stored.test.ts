import { createClient, type StoredItem } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordingServer, sendJson } from './recording-server.ts'
import { sampleResponse } from './sample-response.ts'

const answering = async (body: unknown) => {
  const server = await recordingServer((_, response) => sendJson(response, body))
  return { server, responses: createClient({ baseURL: server.baseURL }).responses }
}

const message = (id: string) =>
  ({ type: 'message', id, role: 'user', content: [{ type: 'input_text', text: id }] }) as StoredItem

describe('each call on a stored response asks exactly', () => {
  it('retrieve', async () => {
    const { server, responses } = await answering(sampleResponse())
    expect(await responses.retrieve('resp_1')).toEqual(sampleResponse())
    await responses.retrieve('resp_1', { include: ['reasoning.encrypted_content', 'acme.more'] })
    expect(server.requests.map(({ method, path, query, text }) => [method, path, query, text])).toEqual([
      ['GET', '/responses/resp_1', {}, ''],
      ['GET', '/responses/resp_1', { 'include[]': ['reasoning.encrypted_content', 'acme.more'] }, ''],
    ])
  })

  it('delete, with and without a body in the answer', async () => {
    const { server, responses } = await answering({ id: 'resp_1', object: 'response.deleted', deleted: true })
    expect(await responses.delete('resp_1')).toEqual({
      id: 'resp_1',
      object: 'response.deleted',
      deleted: true,
    })
    expect(server.requests[0]).toMatchObject({
      method: 'DELETE',
      path: '/responses/resp_1',
      query: {},
      text: '',
    })
    for (const status of [200, 204]) {
      const bare = await recordingServer((_, response) => {
        response.writeHead(status).end()
      })
      const deleted = await createClient({ baseURL: bare.baseURL }).responses.delete('resp_2')
      expect(deleted).toEqual({ id: 'resp_2', object: 'response', deleted: true })
    }
  })

  it('cancel', async () => {
    const { server, responses } = await answering(sampleResponse({ status: 'cancelled' }))
    expect((await responses.cancel('resp_1')).status).toBe('cancelled')
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/responses/resp_1/cancel',
      query: {},
      text: '',
    })
  })

  it('compact', async () => {
    const compacted = {
      id: 'cmp_1',
      object: 'response.compaction',
      created_at: 1,
      output: [{ type: 'compaction', id: 'c', encrypted_content: 'x' }],
    }
    const { server, responses } = await answering(compacted)
    expect(
      await responses.compact({
        model: 'm',
        input: 'hi',
        instructions: undefined,
        prompt_cache_key: 'k'.repeat(64),
      }),
    ).toEqual(compacted)
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/responses/compact', query: {} })
    expect(server.requests[0]?.body).toEqual({ model: 'm', input: 'hi', prompt_cache_key: 'k'.repeat(64) })
    await expect(responses.compact({ model: 'm', prompt_cache_key: 'k'.repeat(65) })).rejects.toMatchObject({
      param: 'prompt_cache_key',
    })
  })

  it('inputTokens', async () => {
    const { server, responses } = await answering({ object: 'response.input_tokens', input_tokens: 7 })
    expect((await responses.inputTokens({ model: 'm', input: 'hi' })).input_tokens).toBe(7)
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/responses/input_tokens',
      body: { model: 'm', input: 'hi' },
    })
  })

  it('inputItems', async () => {
    const wire = {
      object: 'list',
      data: [message('a')],
      has_more: true,
      first_id: 'a',
      last_id: 'a',
      acme: 1,
    }
    const { server, responses } = await answering(wire)
    const page = await responses.inputItems('resp_1', { limit: 1, order: 'asc', after: 'z', include: ['x'] })
    expect(page).toMatchObject({ data: wire.data, hasMore: true, firstId: 'a', lastId: 'a', wire })
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/responses/resp_1/input_items' })
    expect(server.requests[0]?.query).toEqual({
      limit: ['1'],
      order: ['asc'],
      after: ['z'],
      'include[]': ['x'],
    })
    await responses.inputItems('resp_1')
    expect(server.requests[1]?.query).toEqual({})
  })
})

describe('identifiers', () => {
  it('are encoded, whatever is in them', async () => {
    const { server, responses } = await answering(sampleResponse())
    const ids = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((id) => id.trim() !== '' && id !== '.' && id !== '..')
    await fc.assert(
      fc.asyncProperty(ids, async (id) => {
        await responses.retrieve(id)
        const { path } = server.requests.at(-1) ?? { path: '' }
        expect(path.split('/')).toHaveLength(3)
        expect(decodeURIComponent(path.split('/')[2] ?? '')).toBe(id)
      }),
      { numRuns: 50 },
    )
    await responses.cancel('a/../b?c#d')
    expect(server.requests.at(-1)?.path).toBe('/responses/a%2F..%2Fb%3Fc%23d/cancel')
  })

  it.each(['', ' ', '.', '..', 'a\ud800', undefined as unknown as string])(
    '%j is refused before anything is sent',
    async (id) => {
      const { server, responses } = await answering({})
      const calls = [
        () => responses.retrieve(id),
        () => responses.delete(id),
        () => responses.cancel(id),
        () => responses.poll(id),
        () => responses.inputItems(id),
        async () => responses.resume(id),
      ]
      for (const call of calls)
        await expect(call()).rejects.toMatchObject({ code: 'invalid_parameter', param: 'id' })
      expect(server.requests).toHaveLength(0)
    },
  )
})

describe('pages of input items', () => {
  const pagesOf = async (pages: Record<string, object>) => {
    const server = await recordingServer(({ query }, response) =>
      sendJson(response, pages[query.after?.[0] ?? ''] ?? { data: [] }),
    )
    return { server, responses: createClient({ baseURL: server.baseURL }).responses }
  }
  const page = (ids: string[], has_more: boolean) => ({
    object: 'list',
    data: ids.map(message),
    has_more,
    first_id: ids[0],
    last_id: ids.at(-1),
  })
  const idsOf = async (items: AsyncIterable<StoredItem>) => {
    const ids: unknown[] = []
    for await (const item of items) ids.push((item as { id?: string }).id)
    return ids
  }

  it('are read one after the other, with the same query', async () => {
    const { server, responses } = await pagesOf({
      '': page(['a', 'b'], true),
      b: page(['c', 'd'], true),
      d: page(['e'], false),
    })
    expect(await idsOf(await responses.inputItems('resp_1', { limit: 2, order: 'asc' }))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ])
    expect(server.requests.map(({ query }) => query)).toEqual([
      { limit: ['2'], order: ['asc'] },
      { limit: ['2'], order: ['asc'], after: ['b'] },
      { limit: ['2'], order: ['asc'], after: ['d'] },
    ])
  })

  it('are read by hand, and only as far as asked', async () => {
    const { server, responses } = await pagesOf({ '': page(['a'], true), a: page(['b'], false) })
    const first = await responses.inputItems('resp_1')
    for await (const item of first) {
      expect(item).toEqual(message('a'))
      break
    }
    expect(server.requests).toHaveLength(1)
    const second = await first.nextPage()
    expect(second?.data).toEqual([message('b')])
    expect(await second?.nextPage()).toBeUndefined()
  })

  it('end at a page that is empty or lacks ids, whatever has_more says', async () => {
    const empty = await pagesOf({
      '': { object: 'list', data: [], has_more: true, first_id: null, last_id: null },
    })
    expect(await idsOf(await empty.responses.inputItems('resp_1'))).toEqual([])
    const bare = await pagesOf({ '': { data: [message('a')], has_more: true }, a: { data: [message('b')] } })
    expect(await idsOf(await bare.responses.inputItems('resp_1'))).toEqual(['a', 'b'])
  })

  it.each([
    ['the same page', { '': page(['a'], true), a: page(['a'], true) }],
    ['pages in a circle', { '': page(['a'], true), a: page(['b'], true), b: page(['a'], true) }],
  ])('fail rather than go on forever when a server repeats %s', async (_, pages) => {
    const { server, responses } = await pagesOf(pages)
    await expect(idsOf(await responses.inputItems('resp_1'))).rejects.toMatchObject({
      code: 'pagination_loop',
    })
    expect(server.requests.length).toBeLessThan(5)
  })

  it('have a limit of 1 to 100 and a known order', async () => {
    const { responses } = await pagesOf({ '': page(['a'], false) })
    for (const limit of [1, 100]) await responses.inputItems('resp_1', { limit })
    for (const limit of [0, 101, 1.5, Number.NaN]) {
      await expect(responses.inputItems('resp_1', { limit })).rejects.toMatchObject({ param: 'limit' })
    }
    await expect(responses.inputItems('resp_1', { order: 'up' as 'asc' })).rejects.toMatchObject({
      param: 'order',
    })
  })
})
