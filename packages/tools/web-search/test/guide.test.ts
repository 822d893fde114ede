import { serve } from '@antiphon/server'
import { brave, type SearchProvider, searxng, webSearch } from '@antiphon/web-search'
import { agent } from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listen } from './loopback.ts'

/** Stands for a SearXNG, and for a page that it finds. */
const localEngine = async (): Promise<string> => {
  const port = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    const results = [
      { url: `http://pages.test:${port}/chant`, title: 'Chant', content: 'A chant is a song.' },
    ]
    if (pathname === '/search') response.end(JSON.stringify({ results }))
    else response.setHeader('content-type', 'text/html').end('<h1>Chant</h1><p>It is sung.')
  })
  return `http://127.0.0.1:${port}`
}

const searchFor = (query: string) => ({ name: 'web_search', arguments: { query } })

describe('the guide to web search', () => {
  it('an agent that searches with SearXNG', async () => {
    const searxngUrl = await localEngine()
    const page = searxngUrl.replace('127.0.0.1', 'pages.test')
    const model = scripted([{ calls: [searchFor('chant')] }, `It is a song: [Chant](${page}/chant).`])
    // #region agent
    const librarian = agent({
      model,
      instructions: 'Answer from the web, and cite.',
      tools: [webSearch({ provider: searxng({ baseUrl: searxngUrl }), runs: 'local' })],
    })

    const { output, annotations, toolItems } = await librarian.run('What is a chant?').result()
    // #endregion agent
    expect(output).toContain('a song')
    expect(annotations).toMatchObject([{ type: 'url_citation', title: 'Chant' }])
    // #region items
    for (const item of toolItems) if (item.type === 'web_search_call') console.log(item.status, item.action)
    for (const each of annotations)
      if (each.type === 'url_citation') console.log(output.slice(each.start_index, each.end_index), each.url)
    // #endregion items
    expect(toolItems).toHaveLength(1)
  })

  it('a function that searches', async () => {
    const shelf = [{ path: 'chant', title: 'Chant', text: 'A chant is a song.' }]
    // #region function
    const ownSearch: SearchProvider = async (query, { maxResults }) =>
      shelf
        .filter(({ text }) => text.includes(query))
        .slice(0, maxResults)
        .map(({ path, title, text }) => ({
          url: `https://docs.example.com/${path}`,
          title,
          snippet: text.slice(0, 300),
        }))

    const docs = webSearch({ provider: ownSearch, runs: 'local', allowedDomains: ['docs.example.com'] })
    // #endregion function
    const model = scripted([{ calls: [searchFor('chant')] }, 'See https://docs.example.com/chant.'])
    const { annotations } = await agent({ model, tools: [docs] })
      .run('?')
      .result()
    expect(annotations).toMatchObject([{ url: 'https://docs.example.com/chant' }])
  })

  it('a server that answers web_search', async () => {
    const searxngUrl = await localEngine()
    const model = scripted([{ calls: [searchFor('chant')] }, 'A song.'])
    // #region serve
    const server = serve(model, {
      store: 'memory',
      tools: [webSearch({ provider: searxng({ baseUrl: searxngUrl }), runs: 'local' })],
    })
    const { url } = await server.listen(0)
    // #endregion serve
    onTestFinished(() => server.close())
    // #region request
    const answer = await fetch(`${url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: server.models[0],
        input: 'What is a chant?',
        tools: [{ type: 'web_search', filters: { allowed_domains: ['pages.test'] } }],
        include: ['web_search_call.action.sources'],
      }),
    })
    // #endregion request
    const { output } = (await answer.json()) as { output: unknown[] }
    expect(output[0]).toMatchObject({
      type: 'web_search_call',
      action: { type: 'search', query: 'chant', sources: [{ type: 'url' }] },
    })
  })

  it('a page that is opened, read in a thread of the package as it is installed', async () => {
    const url = await localEngine()
    const model = scripted([
      { calls: [{ name: 'web_open_page', arguments: { url: `${url}/chant` } }] },
      'Sung.',
    ])
    const provider: SearchProvider = async () => []
    const tool = webSearch({
      provider,
      runs: 'local',
      egress: { allowLoopback: true },
      readTimeoutMs: 30_000,
    })
    onTestFinished(() => tool.close?.())
    const { items } = await agent({ model, tools: [tool] })
      .run('How?')
      .result()
    expect(JSON.stringify(items)).toContain('# Chant\\n\\nIt is sung.')
  })

  it('a tool with narrow bounds', async () => {
    const provider = brave({ apiKey: 'key' })
    // #region bounds
    const careful = webSearch({
      provider,
      runs: 'local',
      allowedDomains: ['example.org', 'example.com'],
      blockedDomains: ['forum.example.com'],
      openPages: 'known',
      maxPageBytes: 1_000_000,
      searchContextSize: 'low',
    })
    // #endregion bounds
    expect(careful.declaration).toMatchObject({ type: 'web_search', search_context_size: 'low' })
  })
})
