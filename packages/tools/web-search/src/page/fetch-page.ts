import { EgressError, type EgressPolicy, type FollowedAnswer, followRedirects } from '@antiphon/egress'
import { type DomainFilters, isAllowed } from '../domain-filter.ts'
import { WebSearchError } from '../web-search-error.ts'
import { decodeText } from './decode-text.ts'
import { decompress, ENCODINGS } from './decompress.ts'

/** The bounds of fetching a page. */
export interface FetchPageOptions {
  readonly filters: DomainFilters
  readonly policy: EgressPolicy
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly userAgent: string
  readonly signal?: AbortSignal
}

/** A page as it came. */
export interface FetchedPage {
  /** Where it came from, after redirects, without a fragment. */
  readonly url: string
  readonly kind: 'html' | 'text'
  readonly text: string
}

/**
 * Gets a page from the outside: every hop held against the domain filters and the egress policy before anything is sent to it.
 *
 * Throws `WebSearchError`: `page_refused`, `page_failed`, `page_unreadable`; when the signal aborts, its reason.
 */
export const fetchPage = async (url: URL, options: FetchPageOptions): Promise<FetchedPage> => {
  const { maxBytes, filters, policy, timeoutMs, userAgent, signal } = options
  const answer = await ask(url, {
    policy,
    timeoutMs,
    maxBytes,
    signal,
    headers: {
      accept: 'text/html,application/xhtml+xml,text/markdown,text/plain,application/json;q=0.9,*/*;q=0.5',
      'accept-encoding': ENCODINGS,
      'accept-language': 'en,*;q=0.5',
      'user-agent': userAgent,
    },
    onHop: (hop) => checkDomain(hop, filters),
  })
  if (answer.status >= 300)
    throw new WebSearchError('page_failed', `${answer.url.host} answered with status ${answer.status}.`, {
      retryable: answer.status === 429 || answer.status >= 500,
    })
  const contentType = answer.headers['content-type'] ?? ''
  const bytes = await decompress(answer.body, answer.headers['content-encoding'], maxBytes)
  const kind = kindOf(contentType, bytes, answer.url)
  return { url: withoutHash(answer.url), kind, text: decodeText(bytes, contentType) }
}

/** Throws `WebSearchError` (`page_refused`) for a URL that the filters do not let pass. */
export const checkDomain = (url: URL, filters: DomainFilters): void => {
  if (!isAllowed(url, filters))
    throw new WebSearchError('page_refused', `${url.host} is not among the domains that may be read.`)
}

const ask = async (
  url: URL,
  request: Parameters<typeof followRedirects>[1] & object,
): Promise<FollowedAnswer> => {
  try {
    return await followRedirects(url, request)
  } catch (error) {
    if (!(error instanceof EgressError)) throw error
    const code = error.code === 'egress_refused' ? 'page_refused' : 'page_failed'
    throw new WebSearchError(code, error.message, { retryable: error.retryable, cause: error })
  }
}

/** Types whose text is read as it is, beside `text/*`. */
const TEXT = /^(text\/|application\/([\w.-]+\+)?(json|xml|yaml|x-yaml|javascript|x-ndjson)$)/

const kindOf = (contentType: string, bytes: Uint8Array, url: URL): 'html' | 'text' => {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (startsWith(bytes, '%PDF-') || type === 'application/pdf')
    throw unreadable(url, 'is a PDF, which cannot be read here. Look for the same as a web page')
  if (/^(text\/html|application\/xhtml\+xml)$/.test(type)) return 'html'
  if (type === '' || type === 'application/octet-stream') {
    if (bytes.subarray(0, 1_024).includes(0)) throw unreadable(url, 'is no text')
    return /^\s*(<!doctype html|<html)/i.test(startOf(bytes)) ? 'html' : 'text'
  }
  if (!TEXT.test(type)) throw unreadable(url, `is of type ${type.slice(0, 80)}, which is no text`)
  return 'text'
}

const startOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 256)).toString('latin1')

const startsWith = (bytes: Uint8Array, text: string): boolean => startOf(bytes).trimStart().startsWith(text)

const unreadable = (url: URL, what: string): WebSearchError =>
  new WebSearchError('page_unreadable', `What is at ${url.host} ${what}.`)

const withoutHash = (url: URL): string => {
  const plain = new URL(url)
  plain.hash = ''
  return plain.href
}
