import type { ApproximateLocation } from '@antiphon/client'

/** A page that a search engine found. */
export interface SearchResult {
  readonly url: string
  readonly title: string
  /** What the engine shows of the page; plain text. */
  readonly snippet: string
  /** As the engine says it, often ISO 8601. */
  readonly publishedAt?: string
}

/** What a search is bound to. A provider may ignore the domains: results are held against them afterwards. */
export interface SearchOptions {
  /** How many results are wanted, 1–20. */
  readonly maxResults: number
  /** Only these and their subdomains; empty: all. Lower case, without a scheme. */
  readonly allowedDomains: readonly string[]
  /** None of these and their subdomains. */
  readonly blockedDomains: readonly string[]
  /** Roughly where the user is. */
  readonly location?: ApproximateLocation
  readonly signal: AbortSignal
}

/** A search engine: `searxng()`, `brave()`, `tavily()`, or any function of this form, best results first. */
export type SearchProvider = (query: string, options: SearchOptions) => Promise<readonly SearchResult[]>
