import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { brave } from '../src/providers/brave.ts'
import { defaultProvider } from '../src/providers/default-provider.ts'
import { searxng } from '../src/providers/searxng.ts'
import { tavily } from '../src/providers/tavily.ts'
import type { SearchOptions, SearchProvider } from '../src/search-provider.ts'
import { listen, textOf } from './loopback.ts'

afterEach(() => void vi.unstubAllEnvs())

interface Asked {
  readonly method: string | undefined
  readonly path: string
  readonly query: Record<string, string>
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** Stands for the API of an engine. */
const engine = async (answer: unknown, status = 200) => {
  const asked: Asked[] = []
  const port = await listen(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const body = await textOf(request)
    const { method, headers } = request
    asked.push({
      method,
      headers,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body: body && JSON.parse(body),
    })
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  return { asked, baseUrl: `http://127.0.0.1:${port}/base` }
}

const plain: SearchOptions = {
  maxResults: 7,
  allowedDomains: [],
  blockedDomains: [],
  signal: new AbortController().signal,
}
const filtered: SearchOptions = {
  ...plain,
  allowedDomains: ['a.com', 'b.org'],
  blockedDomains: ['bad.a.com'],
  location: { country: 'de', city: 'München', region: 'Bavaria', timezone: 'Europe/Berlin' },
}

// The shapes are those of the engines' own documents, with what they leave out or fill with null.
const SEARXNG = {
  query: 'chant',
  number_of_results: 0,
  results: [
    {
      url: 'https://a.com/1',
      title: 'One',
      content: 'First.',
      engine: 'x',
      engines: ['x'],
      score: 2,
      publishedDate: '2026-01-02T00:00:00',
    },
    { url: 'https://a.com/2', title: 'Two', content: '', publishedDate: null, template: 'default.html' },
    { title: 'No address', content: 'x' },
    null,
  ],
  answers: [],
  corrections: [],
  infoboxes: [],
  suggestions: [],
  unresponsive_engines: [['y', 'timeout']],
}
const BRAVE = {
  type: 'search',
  query: { original: 'chant', more_results_available: true },
  web: {
    type: 'search',
    results: [
      {
        title: 'One',
        url: 'https://a.com/1',
        description: 'First.',
        page_age: '2026-01-02T00:00:00',
        extra_snippets: ['More.', 7],
      },
      { title: 'Two', url: 'https://a.com/2', description: '' },
    ],
  },
}
const TAVILY = {
  query: 'chant',
  answer: null,
  images: [],
  results: [
    {
      title: 'One',
      url: 'https://a.com/1',
      content: 'First.',
      score: 0.9,
      raw_content: null,
      published_date: '2026-01-02',
    },
    { title: 'Two', url: 'https://a.com/2', content: '', score: 0.1, raw_content: null },
  ],
  response_time: 1.1,
}

describe('SearXNG', () => {
  it('is asked for JSON, and needs no key', async () => {
    const { asked, baseUrl } = await engine(SEARXNG)
    expect(await searxng({ baseUrl })('chant', plain)).toEqual([
      { url: 'https://a.com/1', title: 'One', snippet: 'First.', publishedAt: '2026-01-02T00:00:00' },
      { url: 'https://a.com/2', title: 'Two', snippet: '' },
    ])
    expect(asked).toMatchObject([
      { method: 'GET', path: '/base/search', query: { q: 'chant', format: 'json' } },
    ])
  })

  it('gets domains as operators, and the place as the language of its country', async () => {
    const { asked, baseUrl } = await engine(SEARXNG)
    await searxng({ baseUrl, categories: 'news', safeSearch: 2 })('chant', filtered)
    expect(asked[0]?.query).toEqual({
      q: 'chant (site:a.com OR site:b.org) -site:bad.a.com',
      format: 'json',
      language: 'de-DE',
      categories: 'news',
      safesearch: '2',
    })
  })

  it('says what to look at where JSON is not switched on', async () => {
    const { baseUrl } = await engine('<h1>Forbidden</h1>', 403)
    await expect(searxng({ baseUrl })('x', plain)).rejects.toMatchObject({ code: 'search_unauthorized' })
    const page = await engine('<html>', 200)
    await expect(searxng({ baseUrl: page.baseUrl })('x', plain)).rejects.toThrow('no JSON')
  })
})

describe('Brave', () => {
  it('is asked with its key, and gives its further snippets too', async () => {
    const { asked, baseUrl } = await engine(BRAVE)
    expect(await brave({ apiKey: 'the-key', baseUrl })('chant', plain)).toEqual([
      { url: 'https://a.com/1', title: 'One', snippet: 'First.\nMore.', publishedAt: '2026-01-02T00:00:00' },
      { url: 'https://a.com/2', title: 'Two', snippet: '' },
    ])
    expect(asked).toMatchObject([
      {
        path: '/base/web/search',
        query: { q: 'chant', count: '7', text_decorations: 'false' },
        headers: { 'x-subscription-token': 'the-key' },
      },
    ])
  })

  it('gets domains as operators and the place as parameters, as far as headers can hold it', async () => {
    const { asked, baseUrl } = await engine(BRAVE)
    await brave({ apiKey: 'k', baseUrl })('chant', filtered)
    expect(asked[0]?.query).toMatchObject({
      q: 'chant (site:a.com OR site:b.org) -site:bad.a.com',
      country: 'DE',
    })
    expect(asked[0]?.headers).toMatchObject({ 'x-loc-country': 'DE', 'x-loc-state-name': 'Bavaria' })
    expect(asked[0]?.headers).not.toHaveProperty('x-loc-city')
  })

  it('gets no country that it does not know, and no longer query than it takes', async () => {
    const { asked, baseUrl } = await engine(BRAVE)
    await brave({ apiKey: 'k', baseUrl })('word '.repeat(100), { ...filtered, location: { country: 'IS' } })
    expect(asked[0]?.query).not.toHaveProperty('country')
    expect(asked[0]?.query.q?.split(' ').length).toBeLessThanOrEqual(50)
    expect(asked[0]?.query.q?.length).toBeLessThanOrEqual(400)
  })
})

describe('Tavily', () => {
  it('is asked with its key, domains and country', async () => {
    const { asked, baseUrl } = await engine(TAVILY)
    expect(await tavily({ apiKey: 'the-key', baseUrl })('chant', filtered)).toEqual([
      { url: 'https://a.com/1', title: 'One', snippet: 'First.', publishedAt: '2026-01-02' },
      { url: 'https://a.com/2', title: 'Two', snippet: '' },
    ])
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/base/search',
        headers: { authorization: 'Bearer the-key' },
        body: {
          query: 'chant',
          max_results: 7,
          include_domains: ['a.com', 'b.org'],
          exclude_domains: ['bad.a.com'],
          country: 'germany',
        },
      },
    ])
  })
})

describe.each([
  ['SearXNG', (baseUrl: string): SearchProvider => searxng({ baseUrl })],
  ['Brave', (baseUrl: string): SearchProvider => brave({ baseUrl, apiKey: 'secret-key' })],
  ['Tavily', (baseUrl: string): SearchProvider => tavily({ baseUrl, apiKey: 'secret-key' })],
])('%s that fails', (_, make) => {
  it.each([
    [401, 'search_unauthorized', false],
    [429, 'search_rate_limited', true],
    [500, 'search_failed', true],
    [422, 'search_failed', false],
  ])('with status %i is %s, without the key', async (status, code, retryable) => {
    const { baseUrl } = await engine({ error: 'the key secret-key is bad' }, status)
    const error: Error = await make(baseUrl)('x', plain).then(String as never, (thrown) => thrown)
    expect(error).toMatchObject({ code, retryable })
    expect(error.message).not.toContain('secret-key')
  })

  it('gives nothing for an answer of another form', async () => {
    for (const answer of ['[]', 'null', '{"results":{},"web":[]}', '{"web":{"results":7},"results":"x"}']) {
      const { baseUrl } = await engine(answer)
      expect(await make(baseUrl)('x', plain)).toEqual([])
    }
  })

  it('cannot be reached without telling where it is', async () => {
    const port = await listen((request) => request.socket.destroy())
    const error: Error = await make(`http://127.0.0.1:${port}`)('x', plain).then(
      String as never,
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'search_failed', retryable: true })
    expect(error.message).not.toContain('127.0.0.1')
  })

  it('sends its key to no other place by a redirect', async () => {
    let hits = 0
    const other = await listen((_request, response) => {
      hits++
      response.end('{}')
    })
    const port = await listen((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end(),
    )
    await make(`http://127.0.0.1:${port}`)('x', plain).catch(() => {})
    expect(hits).toBe(0)
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    const port = await listen(() => stop.abort(new Error('enough')))
    const options = { ...plain, signal: stop.signal }
    await expect(make(`http://127.0.0.1:${port}`)('x', options)).rejects.toThrow('enough')
  })
})

describe('the engine that the environment names', () => {
  it('is SearXNG, then Brave, then Tavily, and an error without any', async () => {
    for (const name of ['SEARXNG_URL', 'BRAVE_API_KEY', 'TAVILY_API_KEY']) vi.stubEnv(name, '')
    expect(defaultProvider).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    for (const make of [searxng, brave, tavily])
      expect(() => make()).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    const { asked, baseUrl } = await engine(SEARXNG)
    vi.stubEnv('SEARXNG_URL', baseUrl)
    await defaultProvider()('chant', plain)
    expect(asked).toHaveLength(1)
  })

  it('has a URL of the web', () => {
    for (const baseUrl of ['localhost:8080', 'file:///etc', 'x'])
      expect(() => searxng({ baseUrl })).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})
