import type { Source } from './citations.ts'
import { neutraliseLine } from './untrusted-text.ts'

/** No address of a page that can be cited is longer. */
const MAX_URL_CHARS = 2_000
const MAX_TITLE_CHARS = 300

/** The pages that a run has seen: only these can be cited. */
export interface SeenSources {
  add(source: Source): void
  /** By any spelling of the URL; its fragment does not matter. */
  find(url: string): Source | undefined
}

/** Makes an empty list. */
export const createSeenSources = (): SeenSources => {
  const seen = new Map<string, Source>()
  return {
    add: (source) => {
      const key = keyOf(source.url)
      if (key !== undefined && !seen.has(key)) seen.set(key, source)
    },
    find: (url) => seen.get(keyOf(url) ?? ''),
  }
}

/** The address of a web page as it is written to the model, so that it can stand in a markdown link. Undefined for what is none. */
export const shownUrl = (address: string): string | undefined => {
  if (address.length > MAX_URL_CHARS || !URL.canParse(address)) return undefined
  const url = new URL(address)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29')
}

/** The title of a page, as it is shown and cited; its host where it has none. */
export const shownTitle = (title: string, url: string): string =>
  neutraliseLine(title, MAX_TITLE_CHARS) || new URL(url).host

/** What two spellings of one address have in common; undefined for what is no address of a page. */
export const keyOf = (address: string): string | undefined => {
  const url = shownUrl(address)
  return url?.replace(/#.*$/s, '').replace(/\/$/, '')
}
