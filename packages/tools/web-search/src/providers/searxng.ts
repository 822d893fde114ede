import type { ApproximateLocation } from '@antiphon/client'
import type { SearchProvider } from '../search-provider.ts'
import { askJson } from './ask-json.ts'
import { baseUrlOf, settingOf } from './provider-setting.ts'
import { listAt, resultOf } from './result-fields.ts'
import { withSites } from './site-operators.ts'

/** Where a SearXNG is, and how it is asked. */
export interface SearxngOptions {
  /** Of the instance; it may be on this machine or in your network. @defaultValue the variable `SEARXNG_URL` */
  readonly baseUrl?: string
  /** Comma-separated, such as `general,news`. @defaultValue those of the instance */
  readonly categories?: string
  /** Such as `de` or `de-DE`. @defaultValue by the user's country, else that of the instance */
  readonly language?: string
  /** 0 off, 1 moderate, 2 strict. @defaultValue that of the instance */
  readonly safeSearch?: 0 | 1 | 2
}

/**
 * Search by a SearXNG instance: needs no key. JSON must be among the `search.formats` of its settings.
 *
 * Throws `ConfigError` (`invalid_config`) without a URL.
 */
export const searxng = (options: SearxngOptions = {}): SearchProvider => {
  const base = baseUrlOf(settingOf(options.baseUrl, 'SEARXNG_URL', 'baseUrl'), 'baseUrl')
  return async (query, { location, signal, maxResults, ...filters }) => {
    const url = new URL('search', base)
    url.searchParams.set('q', withSites(query, filters))
    url.searchParams.set('format', 'json')
    const language = options.language ?? languageOf(location)
    if (language !== undefined) url.searchParams.set('language', language)
    if (options.categories !== undefined) url.searchParams.set('categories', options.categories)
    if (options.safeSearch !== undefined) url.searchParams.set('safesearch', String(options.safeSearch))
    const found = listAt(await askJson('SearXNG', url, { signal }), 'results')
    // It has no limit of its own; domains are held against all that came.
    return found.flatMap(
      (fields) => resultOf(fields, { snippet: 'content', publishedAt: 'publishedDate' }) ?? [],
    )
  }
}

/** SearXNG knows places by language alone: the one most spoken in the country. */
const languageOf = (location: ApproximateLocation | undefined): string | undefined => {
  const country = location?.country ?? ''
  if (!/^[a-z]{2}$/i.test(country)) return undefined
  const { language } = new Intl.Locale(`und-${country}`).maximize()
  return language === 'und' || language === undefined ? undefined : `${language}-${country.toUpperCase()}`
}
