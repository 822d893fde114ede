import type { InputItem } from '@antiphon/client'
import type { Page } from './page/page-store.ts'
import { keyOf } from './seen-sources.ts'
import { urlsIn } from './urls-in.ts'
import { WebSearchError } from './web-search-error.ts'

/** As many addresses as a run remembers; what comes later is not known. */
const MAX_KNOWN = 50_000

/** The addresses that a run has been told of, by people, by searches and by pages. */
export interface KnownPages {
  add(url: string): void
  addLinks(page: Page): void
  /** Throws `WebSearchError` (`page_refused`) for an address that nobody has named: a model made it up, and may have put into it what it should keep. */
  check(url: string): void
}

/** Makes the list of a run, with the addresses that people have named in the conversation. */
export const createKnownPages = (input: readonly InputItem[]): KnownPages => {
  const known = new Set<string>()
  const read = new WeakSet<Page>()
  const add = (url: string): void => {
    const key = keyOf(url)
    if (key !== undefined && known.size < MAX_KNOWN) known.add(key)
  }
  const addAll = (text: string): void => {
    for (const url of urlsIn(text)) add(url)
  }
  for (const text of input.flatMap(saidIn)) addAll(text)
  return {
    add,
    addLinks: (page) => {
      if (read.has(page)) return
      read.add(page)
      for (const line of page.lines) addAll(line)
    },
    check: (url) => {
      const key = keyOf(url)
      if (key === undefined || !known.has(key))
        throw new WebSearchError(
          'page_refused',
          'No search, page or person has named this address. Search first, and open what was found.',
        )
    },
  }
}

/** What people said: a model's own words name nothing. */
const saidIn = (item: InputItem): readonly string[] => {
  const { role, content } = item as { role?: unknown; content?: unknown }
  if (role !== 'user' && role !== 'system' && role !== 'developer') return []
  if (typeof content === 'string') return [content]
  const parts = Array.isArray(content) ? (content as { text?: unknown }[]) : []
  return parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
}
