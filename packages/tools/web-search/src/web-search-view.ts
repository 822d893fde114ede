import type { OutputItem, WebSearchCall } from '@antiphon/client'
import type { ItemView, ShownCall } from 'antiphon'
import type { Source } from './citations.ts'
import type { SearchResult } from './search-provider.ts'

/** The functions that the model is offered. */
export const FUNCTIONS = {
  search: 'web_search',
  openPage: 'web_open_page',
  findInPage: 'web_find_in_page',
} as const

/** What a call leaves beside its text: for its item, and for citations. Plain JSON, so a resumed run has it too. */
export interface WebSearchDetails {
  readonly sources: readonly Source[]
  /** Of a search. */
  readonly results?: readonly SearchResult[]
}

/** What callers asked to see of a search. */
export const INCLUDES = {
  sources: 'web_search_call.action.sources',
  results: 'web_search_call.results',
} as const

type Action = NonNullable<WebSearchCall['action']>

/** Shows the calls as `web_search_call`. `onSources` hears of every page that a call has seen, also of a call that was recorded. */
export const webSearchView = (
  include: ReadonlySet<string>,
  onSources: (sources: readonly Source[]) => void,
): ItemView => ({
  idPrefix: 'ws',
  begin: (call) => ({
    item: itemOf(call, 'in_progress', actionOf(call)),
    events: [
      { type: 'response.web_search_call.in_progress', item_id: call.id },
      { type: 'response.web_search_call.searching', item_id: call.id },
    ],
  }),
  end: (call) => {
    const details = (call.details ?? {}) as Partial<WebSearchDetails>
    onSources(details.sources ?? [])
    if (call.outcome !== 'ok') return { item: itemOf(call, 'failed', actionOf(call)), events: [] }
    const action = actionOf(call)
    const seen = details.results?.map(({ url }) => ({ type: 'url' as const, url })) ?? []
    const shown =
      action.type === 'search' && include.has(INCLUDES.sources) ? { ...action, sources: seen } : action
    const item = itemOf(call, 'completed', shown)
    return {
      item:
        details.results !== undefined && include.has(INCLUDES.results)
          ? ({ ...item, results: details.results.map(resultOf) } as OutputItem)
          : item,
      events: [{ type: 'response.web_search_call.completed', item_id: call.id }],
    }
  },
})

const itemOf = ({ id }: ShownCall, status: WebSearchCall['status'], action: Action): OutputItem =>
  ({ type: 'web_search_call', id, status, action }) satisfies WebSearchCall

/** By what the model wrote, which may be anything. */
const actionOf = ({ name, arguments: text }: ShownCall): Action => {
  const given = parsed(text)
  const url = textOf(given.url)
  if (name === FUNCTIONS.openPage) return { type: 'open_page', url }
  if (name === FUNCTIONS.findInPage) return { type: 'find_in_page', url, pattern: textOf(given.pattern) }
  const queries = queriesOf(given)
  return { type: 'search', query: queries[0] ?? '', queries: [...queries] }
}

/** All queries of a search, the main one first, each once. */
export const queriesOf = ({ query, queries }: { query?: unknown; queries?: unknown }): readonly string[] => {
  const more = Array.isArray(queries) ? queries : []
  const all = [query, ...more].flatMap((each) => (typeof each === 'string' ? each.trim() : []))
  return [...new Set(all.filter((each) => each !== ''))]
}

const resultOf = ({ url, title, snippet, publishedAt }: SearchResult) => ({
  url,
  title,
  snippet,
  ...(publishedAt === undefined ? {} : { published_at: publishedAt }),
})

const parsed = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
