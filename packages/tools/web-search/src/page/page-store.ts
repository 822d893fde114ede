import type { HtmlReader } from '../html/html-reader.ts'
import { WebSearchError } from '../web-search-error.ts'
import { checkDomain, type FetchPageOptions, fetchPage } from './fetch-page.ts'
import { linesOf } from './page-lines.ts'

/** A page that was read. */
export interface Page {
  /** Where it came from, after redirects. */
  readonly url: string
  readonly title: string
  readonly publishedAt?: string
  readonly lines: readonly string[]
}

/** How much a run keeps; what was read first goes first. */
const MAX_PAGES = 32
const MAX_CHARS = 8_000_000

/** The pages of one run: each is fetched once. */
export interface PageStore {
  /** Throws `WebSearchError`. What failed is tried again the next time. */
  open(address: string, signal?: AbortSignal): Promise<Page>
}

/** Makes the store of a run. Without `mayFetch` every page is refused. */
export const createPageStore = (
  reader: HtmlReader,
  options: Omit<FetchPageOptions, 'signal'> & { readonly mayFetch: boolean },
): PageStore => {
  const pages = new Map<string, { readonly page: Promise<Page>; chars: number }>()

  const read = async (url: URL, signal: AbortSignal | undefined): Promise<Page> => {
    const fetched = await fetchPage(url, { ...options, signal })
    if (fetched.kind === 'text')
      return { url: fetched.url, title: '', lines: linesOf(fetched.text.replace(/^\ufeff/, '')) }
    const { markdown, ...page } = await reader.read(fetched.text, fetched.url, signal)
    return { ...page, url: fetched.url, lines: linesOf(markdown) }
  }

  const forgetOldest = (): void => {
    let chars = 0
    for (const entry of pages.values()) chars += entry.chars
    for (const [key, entry] of pages) {
      if (pages.size <= MAX_PAGES && (chars <= MAX_CHARS || pages.size === 1)) return
      chars -= entry.chars
      pages.delete(key)
    }
  }

  return {
    open: async (address, signal) => {
      const url = pageUrl(address)
      checkDomain(url, options.filters)
      const known = pages.get(url.href)
      if (known !== undefined) return known.page
      if (!options.mayFetch)
        throw new WebSearchError('page_refused', 'Pages may not be fetched here; only search is allowed.')
      const entry = { page: read(url, signal), chars: 0 }
      pages.set(url.href, entry)
      try {
        const page = await entry.page
        entry.chars = page.lines.reduce((sum, line) => sum + line.length + 1, 0)
        forgetOldest()
        return page
      } catch (error) {
        pages.delete(url.href)
        throw error
      }
    },
  }
}

/** The address as it is fetched and remembered. Throws `WebSearchError` (`page_refused`) for what is no web page. */
export const pageUrl = (address: string): URL => {
  const text = address.trim()
  if (!URL.canParse(text))
    throw new WebSearchError('page_refused', 'That is no URL. Give a whole one, with https://.')
  const url = new URL(text)
  url.hash = ''
  if (!/^https?:$/.test(url.protocol))
    throw new WebSearchError('page_refused', `${url.protocol} is not read. Only http and https are.`)
  return url
}
