import type { ApproximateLocation, ToolDefinition } from '@antiphon/client'
import type { EgressPolicy } from '@antiphon/egress'
import {
  type BuiltInContext,
  type BuiltInTool,
  ConfigError,
  type OpenedBuiltIn,
  type RunsWhere,
  WireRefusal,
} from 'antiphon'
import { citationsIn, type Source } from './citations.ts'
import { CONTEXT_BOUNDS, type ContextSize } from './context-size.ts'
import { readDeclaration } from './declaration.ts'
import { type DomainFilters, joinFilters, readDomains } from './domain-filter.ts'
import { createHtmlReader, type HtmlReader } from './html/html-reader.ts'
import { createKnownPages } from './known-pages.ts'
import { createPageStore } from './page/page-store.ts'
import { defaultProvider } from './providers/default-provider.ts'
import type { SearchProvider } from './search-provider.ts'
import { createSeenSources } from './seen-sources.ts'
import { sourcesInHistory } from './sources-in-history.ts'
import { createWebAccess } from './web-access.ts'
import { INSTRUCTIONS, webFunctions } from './web-functions.ts'
import { INCLUDES, webSearchView } from './web-search-view.ts'

/** How the web is searched and read. */
export interface WebSearchOptions {
  /** Who searches. @defaultValue the engine that the environment names: `SEARXNG_URL`, `BRAVE_API_KEY` or `TAVILY_API_KEY` */
  readonly provider?: SearchProvider
  /** Here, by the provider of the model, or there where it can. @defaultValue `'auto'` */
  readonly runs?: RunsWhere
  /** Only these domains and their subdomains, whatever a request allows. @defaultValue all */
  readonly allowedDomains?: readonly string[]
  /** None of these domains and their subdomains. @defaultValue none */
  readonly blockedDomains?: readonly string[]
  /**
   * Which pages may be opened: any, only those that a search, a page or the conversation has named, or none. A hostile page can make a model write what it knows into an
   * address; of an address that nobody has named before, nobody outside hears. @defaultValue `'any'`
   */
  readonly openPages?: 'any' | 'known' | 'none'
  /** What an agent declares; a request to a server says its own. @defaultValue `'medium'` */
  readonly searchContextSize?: ContextSize
  /** What an agent declares; a request to a server says its own. */
  readonly userLocation?: ApproximateLocation
  /** Of one page, before and after decompression. @defaultValue 5_242_880 */
  readonly maxPageBytes?: number
  /** To fetch one page, redirects included. @defaultValue 15_000 */
  readonly pageTimeoutMs?: number
  /** To turn one page into text. @defaultValue 10_000 */
  readonly readTimeoutMs?: number
  /** As which pages are fetched. @defaultValue `'antiphon-web-search/0.1'` */
  readonly userAgent?: string
  /** What pages may be beside public addresses over http and https. */
  readonly egress?: EgressPolicy
}

/** The types of declarations that it takes. */
const TYPES = ['web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11']

/**
 * The wire's `web_search`, run here: a search engine of your choice, pages read as markdown, and answers with `url_citation`s.
 *
 * Throws `ConfigError` (`invalid_config`) for a domain that is none, and where it is to run here and no engine is given or named by the environment.
 */
export const webSearch = (options: WebSearchOptions = {}): BuiltInTool => {
  const { runs = 'auto' } = options
  const own: DomainFilters = {
    allowedDomains: readDomains(options.allowedDomains ?? [], 'allowedDomains'),
    blockedDomains: readDomains(options.blockedDomains ?? [], 'blockedDomains'),
  }
  // A provider that executes it itself needs no engine here.
  let provider = options.provider ?? (runs === 'local' ? defaultProvider() : undefined)
  let reader: HtmlReader | undefined

  const open = (declaration: ToolDefinition, context: BuiltInContext): OpenedBuiltIn => {
    provider ??= providerNow()
    reader ??= createHtmlReader({ timeoutMs: options.readTimeoutMs })
    const wanted = readDeclaration(declaration)
    const filters = joinFilters(own, wanted.filters)
    if (filters === undefined)
      throw new WireRefusal(400, 'None of the allowed domains may be searched here.', {
        param: 'filters.allowed_domains',
        code: 'invalid_value',
      })
    const mayFetch = wanted.mayFetch && options.openPages !== 'none'
    const pages = createPageStore(reader, {
      filters,
      policy: { allowPlainHttp: true, ...options.egress },
      maxBytes: options.maxPageBytes ?? 5_242_880,
      timeoutMs: options.pageTimeoutMs ?? 15_000,
      userAgent: options.userAgent ?? 'antiphon-web-search/0.1',
      mayFetch,
    })
    const { location } = wanted
    const bounds = CONTEXT_BOUNDS[wanted.contextSize]
    const known = options.openPages === 'known' ? createKnownPages(context.input) : undefined
    const access = createWebAccess({ provider, pages, filters, bounds, location, known })
    const seen = createSeenSources()
    const onSources = (sources: readonly Source[]): void => {
      for (const source of sources) {
        seen.add(source)
        known?.add(source.url)
      }
    }
    onSources(sourcesInHistory(context.input))
    const view = webSearchView(context.include, onSources)
    return {
      tools: webFunctions(access, view, mayFetch),
      instructions: INSTRUCTIONS,
      annotate: (text) => citationsIn(text, seen.find),
    }
  }

  return {
    kind: 'built-in',
    name: 'web_search',
    types: TYPES,
    declaration: declarationOf(options, own),
    runs,
    itemTypes: ['web_search_call'],
    includes: Object.values(INCLUDES),
    open,
    close: async () => {
      const closing = reader
      reader = undefined // one that is used again begins anew
      await closing?.close()
    },
  }
}

/** A request cannot help it, but it must be told why it is not answered. */
const providerNow = (): SearchProvider => {
  try {
    return defaultProvider()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new WireRefusal(400, error.message, { code: 'unsupported_tool' })
  }
}

const declarationOf = (
  { searchContextSize, userLocation }: WebSearchOptions,
  { allowedDomains, blockedDomains }: DomainFilters,
): ToolDefinition => {
  const filters = {
    ...(allowedDomains.length > 0 ? { allowed_domains: [...allowedDomains] } : {}),
    ...(blockedDomains.length > 0 ? { blocked_domains: [...blockedDomains] } : {}),
  }
  return {
    type: 'web_search',
    ...(Object.keys(filters).length > 0 ? { filters } : {}),
    ...(searchContextSize === undefined ? {} : { search_context_size: searchContextSize }),
    ...(userLocation === undefined ? {} : { user_location: { type: 'approximate', ...userLocation } }),
  }
}
