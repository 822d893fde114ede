import type { ApproximateLocation } from '@antiphon/client'
import type { SearchProvider } from '../search-provider.ts'
import { askJson } from './ask-json.ts'
import { baseUrlOf, settingOf } from './provider-setting.ts'
import { listAt, resultOf } from './result-fields.ts'

/** The key for Tavily, and how it is asked. */
export interface TavilyOptions {
  /** @defaultValue the variable `TAVILY_API_KEY` */
  readonly apiKey?: string
  /** @defaultValue `https://api.tavily.com/` */
  readonly baseUrl?: string
  /** @defaultValue `'general'` */
  readonly topic?: 'general' | 'news' | 'finance'
  /** `advanced` costs two credits. @defaultValue `'basic'` */
  readonly searchDepth?: 'basic' | 'advanced'
}

const MAX_RESULTS = 20

/**
 * Search by Tavily.
 *
 * Throws `ConfigError` (`invalid_config`) without a key.
 */
export const tavily = (options: TavilyOptions = {}): SearchProvider => {
  const key = settingOf(options.apiKey, 'TAVILY_API_KEY', 'apiKey')
  const base = baseUrlOf(options.baseUrl ?? 'https://api.tavily.com/', 'baseUrl')
  const { topic = 'general', searchDepth = 'basic' } = options
  return async (query, { maxResults, location, signal, allowedDomains, blockedDomains }) => {
    const country = topic === 'general' ? countryNameOf(location) : undefined
    const body = {
      query,
      topic,
      search_depth: searchDepth,
      max_results: Math.min(maxResults, MAX_RESULTS),
      ...(allowedDomains.length > 0 ? { include_domains: allowedDomains } : {}),
      ...(blockedDomains.length > 0 ? { exclude_domains: blockedDomains } : {}),
      ...(country === undefined ? {} : { country }),
    }
    const answer = await askJson('Tavily', new URL('search', base), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
    return listAt(answer, 'results').flatMap(
      (fields) => resultOf(fields, { snippet: 'content', publishedAt: 'published_date' }) ?? [],
    )
  }
}

const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** Tavily takes countries by their English name, in small letters. */
const countryNameOf = (location: ApproximateLocation | undefined): string | undefined => {
  const country = location?.country ?? ''
  if (!/^[a-z]{2}$/i.test(country)) return undefined
  const name = names.of(country.toUpperCase())?.toLowerCase()
  return name !== undefined && /^[a-z ]+$/.test(name) ? name : undefined
}
