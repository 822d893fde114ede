// The tool

// What its types are made of
export type { Source } from './citations.ts'
export type { ContextSize } from './context-size.ts'
// Who searches
export { type BraveOptions, brave } from './providers/brave.ts'
export { type SearxngOptions, searxng } from './providers/searxng.ts'
export { type TavilyOptions, tavily } from './providers/tavily.ts'
export type { SearchOptions, SearchProvider, SearchResult } from './search-provider.ts'
export { type WebSearchOptions, webSearch } from './web-search.ts'
export { WebSearchError, type WebSearchErrorCode } from './web-search-error.ts'
export type { WebSearchDetails } from './web-search-view.ts'
