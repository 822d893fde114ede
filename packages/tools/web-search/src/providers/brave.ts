import type { ApproximateLocation } from '@antiphon/client'
import type { SearchProvider } from '../search-provider.ts'
import { askJson } from './ask-json.ts'
import { baseUrlOf, settingOf } from './provider-setting.ts'
import { listAt, resultOf, textsAt } from './result-fields.ts'
import { withSites } from './site-operators.ts'

/** The key for Brave Search, and how it is asked. */
export interface BraveOptions {
  /** @defaultValue the variable `BRAVE_API_KEY` */
  readonly apiKey?: string
  /** @defaultValue `https://api.search.brave.com/res/v1/` */
  readonly baseUrl?: string
  /** @defaultValue `'moderate'` */
  readonly safeSearch?: 'off' | 'moderate' | 'strict'
}

/** The API takes no longer query, and no more words. */
const MAX_QUERY_CHARS = 400
const MAX_QUERY_WORDS = 50
const MAX_COUNT = 20

/** The countries it knows; another one is an error. */
const COUNTRIES = new Set(
  'AR AT AU BE BR CA CH CL CN DE DK ES FI FR GB GR HK ID IN IT JP KR MX MY NL NO NZ PH PL PT RU SA SE TR TW US ZA'.split(
    ' ',
  ),
)

/**
 * Search by Brave Search.
 *
 * Throws `ConfigError` (`invalid_config`) without a key.
 */
export const brave = (options: BraveOptions = {}): SearchProvider => {
  const key = settingOf(options.apiKey, 'BRAVE_API_KEY', 'apiKey')
  const base = baseUrlOf(options.baseUrl ?? 'https://api.search.brave.com/res/v1/', 'baseUrl')
  return async (query, { maxResults, location, signal, ...filters }) => {
    const url = new URL('web/search', base)
    const country = location?.country?.toUpperCase() ?? ''
    url.searchParams.set('q', cut(query, filters))
    url.searchParams.set('count', String(Math.min(maxResults, MAX_COUNT)))
    url.searchParams.set('text_decorations', 'false') // or snippets have markup
    url.searchParams.set('result_filter', 'web')
    url.searchParams.set('extra_snippets', 'true')
    if (options.safeSearch !== undefined) url.searchParams.set('safesearch', options.safeSearch)
    if (COUNTRIES.has(country)) url.searchParams.set('country', country)
    const headers = { 'x-subscription-token': key, ...placeHeaders(location) }
    return listAt(await askJson('Brave Search', url, { signal, headers }), 'web', 'results').flatMap(
      (fields) => {
        const result = resultOf(fields, { snippet: 'description', publishedAt: 'page_age' })
        const snippet = [result?.snippet, ...textsAt(fields, 'extra_snippets')].filter(Boolean).join('\n')
        return result === undefined ? [] : [{ ...result, snippet }]
      },
    )
  }
}

const cut = (query: string, filters: Parameters<typeof withSites>[1]): string => {
  const whole = withSites(query, filters)
  const fits = whole.length <= MAX_QUERY_CHARS && whole.split(/\s+/).length <= MAX_QUERY_WORDS
  // The filters are held against the results as well; the words of the query are in no other place.
  return fits ? whole : query.split(/\s+/).slice(0, MAX_QUERY_WORDS).join(' ').slice(0, MAX_QUERY_CHARS)
}

const placeHeaders = (location: ApproximateLocation | undefined): Record<string, string> => {
  const places = {
    'x-loc-country': location?.country?.toUpperCase(),
    'x-loc-city': location?.city,
    'x-loc-state-name': location?.region,
    'x-loc-timezone': location?.timezone,
  }
  return Object.fromEntries(
    Object.entries(places).flatMap(([name, place]) =>
      // What no header can hold is left out.
      place && /^[\x20-\x7e]+$/.test(place) ? [[name, place]] : [],
    ),
  )
}
