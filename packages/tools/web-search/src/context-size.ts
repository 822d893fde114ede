/** How much of what is found goes to the model, as the wire says it. */
export type ContextSize = 'low' | 'medium' | 'high'

/** What a size means. */
export interface ContextBounds {
  /** Of one search, over all its queries. */
  readonly maxResults: number
  /** Of the snippet of one result. */
  readonly maxSnippetChars: number
  /** Of the lines of a page that are shown at a time. */
  readonly maxPageChars: number
  /** Places of one find. */
  readonly maxMatches: number
}

/** About 1,000, 4,000 and 10,000 tokens for a search or a window of a page. */
export const CONTEXT_BOUNDS: Readonly<Record<ContextSize, ContextBounds>> = {
  low: { maxResults: 5, maxSnippetChars: 400, maxPageChars: 4_000, maxMatches: 3 },
  medium: { maxResults: 10, maxSnippetChars: 1_000, maxPageChars: 16_000, maxMatches: 8 },
  high: { maxResults: 20, maxSnippetChars: 2_000, maxPageChars: 40_000, maxMatches: 20 },
}
