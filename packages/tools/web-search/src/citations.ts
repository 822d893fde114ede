import type { UrlCitation } from '@antiphon/client'
import { runAt, TRAILING } from './urls-in.ts'

/** A page that a run has seen, as it may be cited. */
export interface Source {
  readonly url: string
  readonly title: string
}

/** Finds the source that a URL means; undefined for one that was not seen. */
export type FindSource = (url: string) => Source | undefined

/** No words of a link are longer. */
const MAX_WORDS_CHARS = 1_000

const MIN_URL_CHARS = 'http://a'.length
/** A URL in a text is tried with what stands behind it without a space, then without; not endlessly. */
const MAX_TRIES = 32
/** A text of many thousand links is cut short, so that it holds nobody up. */
const MAX_TRIES_PER_TEXT = 20_000
const WIDE_STOP = /[。，、；：！？）」』】》…]/

/**
 * The citations in a text: markdown links and bare URLs whose page was seen. Never one that was not.
 *
 * Indexes count UTF-16 code units; `text.slice(start_index, end_index)` is the whole link. In the order of the text, none within another.
 */
export const citationsIn = (text: string, find: FindSource): UrlCitation[] => {
  const citations: UrlCitation[] = []
  const budget = { tries: MAX_TRIES_PER_TEXT }
  let from = 0
  for (const { index } of text.matchAll(/https?:\/\//gi)) {
    if (index < from) continue
    const found = sourceAt(text, index, find, budget)
    if (found === undefined) continue
    const [start, end] = linkAround(text, index, found.end, from) ?? [index, found.end]
    citations.push({
      type: 'url_citation',
      url: found.source.url,
      title: found.source.title,
      start_index: start,
      end_index: end,
    })
    from = end
  }
  return citations
}

/** The longest URL from `start` on that was seen. */
const sourceAt = (
  text: string,
  start: number,
  find: FindSource,
  budget: { tries: number },
): { readonly source: Source; readonly end: number } | undefined => {
  const closed = runAt(text, start)
  // A text without spaces goes on behind its URL: the URL may end where the text is no longer ASCII.
  const ascii = /^[!-~]+/.exec(closed)?.[0] ?? ''
  for (const whole of new Set([closed, closed.split(WIDE_STOP, 1)[0] ?? '', ascii])) {
    let url = whole
    for (let tries = 0; url.length > MIN_URL_CHARS && tries < MAX_TRIES && budget.tries > 0; tries++) {
      const isStopped = TRAILING.test(url)
      budget.tries--
      // A fragment would take any stop behind it.
      const source = isStopped && url.includes('#') ? undefined : find(url)
      if (source !== undefined) return { source, end: start + url.length }
      if (!isStopped) break
      url = url.slice(0, -1)
    }
  }
  return undefined
}

/** The markdown link whose target stands between `start` and `end`: from `[` to `)`. Undefined for a bare URL. */
const linkAround = (
  text: string,
  start: number,
  end: number,
  from: number,
): readonly [number, number] | undefined => {
  const isAngled = text[start - 1] === '<'
  const opening = isAngled ? start - 1 : start
  if (text.slice(opening - 2, opening) !== '](') return undefined
  const rest = /^>?(?:\s+(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?\s*\)/.exec(text.slice(end, end + 400))
  const words = openingOf(text, opening - 2, from)
  return rest === null || words === undefined ? undefined : [words, end + rest[0].length]
}

/** Where the words of a link begin that end at `close`: the bracket that belongs to it. */
const openingOf = (text: string, close: number, from: number): number | undefined => {
  let depth = 0
  const limit = Math.max(from, close - MAX_WORDS_CHARS)
  for (let at = close; at >= limit; at--) {
    if (text[at] === ']' && text[at - 1] !== '\\') depth++
    if (text[at] === '[' && text[at - 1] !== '\\' && --depth === 0) return at
  }
  return undefined
}
