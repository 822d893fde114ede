import { ConfigError } from 'antiphon'
import type { SearchProvider } from '../search-provider.ts'
import { brave } from './brave.ts'
import { searxng } from './searxng.ts'
import { tavily } from './tavily.ts'

/**
 * The search engine that the environment names: `SEARXNG_URL`, else `BRAVE_API_KEY`, else `TAVILY_API_KEY`.
 *
 * Throws `ConfigError` (`invalid_config`) when it names none.
 */
export const defaultProvider = (): SearchProvider => {
  const { SEARXNG_URL, BRAVE_API_KEY, TAVILY_API_KEY } = process.env
  if (SEARXNG_URL) return searxng()
  if (BRAVE_API_KEY) return brave()
  if (TAVILY_API_KEY) return tavily()
  throw new ConfigError(
    'invalid_config',
    'webSearch() has no search engine: set SEARXNG_URL, BRAVE_API_KEY or TAVILY_API_KEY, or give a provider.',
  )
}
