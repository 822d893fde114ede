import { type ServeOptions, serve } from '@antiphon/server'
import { checkLifecycle, type ScriptStep, scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSearchOptions, webSearch } from '../src/web-search.ts'
import { local, web } from './loopback.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const served = async (
  steps: (url: (address: string) => string) => readonly ScriptStep[],
  options: WebSearchOptions = {},
  serveOptions: ServeOptions = {},
) => {
  const { url, asked } = await web({
    'a.test/chant': '<title>Chant</title><p>A chant is a song. page-secret',
  })
  const tool = webSearch({
    provider: async () => [
      { url: url('a.test/chant'), title: 'Chant', snippet: 'A song.', publishedAt: '2026-01-02' },
      { url: url('b.test/choir'), title: 'Choir', snippet: 'Many.' },
    ],
    egress: local,
    runs: 'local',
    readTimeoutMs: 30_000,
    ...options,
  })
  const model = scripted(steps(url))
  const server = serve(model, { store: 'memory', tools: [tool], ...serveOptions })
  open.push(server)
  const address = await server.listen(0)
  const client = new OpenAI({ apiKey: 'k', baseURL: `${address.url}/v1`, maxRetries: 0 })
  return { model, client, url, asked, name: server.models[0] ?? '' }
}

const search = { callId: 'call_s', name: 'web_search', arguments: { query: 'chant' } }
const openPage = (url: string) => ({ callId: 'call_o', name: 'web_open_page', arguments: { url } })
const findIn = (url: string) => ({
  callId: 'call_f',
  name: 'web_find_in_page',
  arguments: { url, pattern: 'song' },
})

describe('web search of a server, asked by the official SDK', () => {
  it('streams its calls as items with their events, and the answer with its citations', async () => {
    const { client, name, url, model } = await served((at) => [
      { calls: [search] },
      { calls: [openPage(at('a.test/chant'))] },
      { calls: [findIn(at('a.test/chant'))] },
      `A song [Chant](${at('a.test/chant')}).`,
    ])
    const events: { type: string; item_id?: string }[] = []
    const stream = client.responses.stream({
      model: name,
      input: 'What is a chant?',
      tools: [{ type: 'web_search', search_context_size: 'low' }],
      include: ['web_search_call.action.sources'],
    })
    stream.on('event', (event) => void events.push(event as never))
    const { output, output_text: text } = await stream.finalResponse()

    expect(checkLifecycle(events as never)).toEqual([])
    const a = url('a.test/chant')
    expect(output.slice(0, 3)).toEqual([
      {
        type: 'web_search_call',
        id: expect.stringMatching(/^ws_/),
        status: 'completed',
        action: {
          type: 'search',
          query: 'chant',
          queries: ['chant'],
          sources: [
            { type: 'url', url: a },
            { type: 'url', url: url('b.test/choir') },
          ],
        },
      },
      {
        type: 'web_search_call',
        id: expect.stringMatching(/^ws_/),
        status: 'completed',
        action: { type: 'open_page', url: a },
      },
      {
        type: 'web_search_call',
        id: expect.stringMatching(/^ws_/),
        status: 'completed',
        action: { type: 'find_in_page', url: a, pattern: 'song' },
      },
    ])
    const [citation, ...more] = (output[3] as unknown as { content: [{ annotations: unknown[] }] }).content[0]
      .annotations
    expect(more).toEqual([])
    expect(citation).toMatchObject({ type: 'url_citation', url: a, title: 'Chant' })
    const { start_index: start, end_index: end } = citation as { start_index: number; end_index: number }
    expect(text.slice(start, end)).toBe(`[Chant](${a})`)
    expect(
      events
        .filter(({ item_id: id }) => id !== undefined && id === (output[0] as { id?: string }).id)
        .map(({ type }) => type),
    ).toEqual([
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
    ])
    expect(events.map(({ type }) => type)).toContain('response.output_text.annotation.added')
    // What the pages say is for the model alone.
    expect(JSON.stringify(events)).not.toContain('page-secret')
    expect(JSON.stringify(model.requests)).toContain('page-secret')
  })

  it('shows sources and results only where they are asked for', async () => {
    const { client, name } = await served(() => [{ calls: [search] }, 'x', { calls: [search] }, 'y'])
    const request = { model: name, input: '?', tools: [{ type: 'web_search' as const }] }
    const plain = await client.responses.create(request)
    expect(plain.output[0]).not.toHaveProperty('results')
    expect(plain.output[0]).not.toHaveProperty('action.sources')
    const full = await client.responses.create({ ...request, include: ['web_search_call.results'] })
    expect(full.output[0]).toMatchObject({
      results: [{ title: 'Chant', snippet: 'A song.', published_at: '2026-01-02' }, { title: 'Choir' }],
    })
  })

  it('honours the filters of each request for itself', async () => {
    const { client, name, model, asked } = await served((at) => [
      { calls: [search, openPage(at('a.test/chant'))] },
      'x',
    ])
    const { output } = await client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'web_search', filters: { allowed_domains: ['b.test'] } }],
    })
    expect(output.slice(0, 2)).toMatchObject([{ status: 'completed' }, { status: 'failed' }])
    expect(JSON.stringify(model.requests[1]?.input)).toContain('b.test')
    expect(JSON.stringify(model.requests[1]?.input)).not.toContain('Chant')
    expect(asked).toEqual([])
  })

  it('refuses what it cannot honour with the field in the error', async () => {
    const { client, name } = await served(() => ['x'])
    const asking = client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'web_search', search_context_size: 'huge' as never }],
    })
    await expect(asking).rejects.toMatchObject({
      status: 400,
      param: expect.stringContaining('search_context_size'),
    })
  })

  it('goes on from its calls, and cites then what was found before', async () => {
    const { client, name, url } = await served((at) => [
      { calls: [search] },
      'A song.',
      `See ${at('a.test/chant')}.`,
    ])
    const request = { model: name, tools: [{ type: 'web_search' as const }] }
    const first = await client.responses.create({ ...request, input: 'What is a chant?' })
    const second = await client.responses.create({
      ...request,
      input: 'Where?',
      previous_response_id: first.id,
    })
    expect(second.output[0]).toMatchObject({
      content: [{ annotations: [{ type: 'url_citation', url: url('a.test/chant'), title: 'Chant' }] }],
    })
  })

  it('may be the only thing that is called', async () => {
    const { client, name, model } = await served(() => [{ calls: [search] }, 'x'])
    await client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'web_search_preview' }],
      tool_choice: { type: 'web_search_preview' },
    })
    expect(JSON.stringify(model.requests[0]?.tool_choice)).toContain('web_search')
  })
})
