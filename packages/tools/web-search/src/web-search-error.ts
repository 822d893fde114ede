import { AntiphonError } from 'antiphon'

/**
 * Why there is nothing to show: the search engine failed, refused the key, or was asked too often; or the page is not allowed, could not be had, or cannot be read.
 */
export type WebSearchErrorCode =
  | 'search_failed'
  | 'search_unauthorized'
  | 'search_rate_limited'
  | 'page_refused'
  | 'page_failed'
  | 'page_unreadable'

/** A search or a page that failed. The message is fit to be shown to a model: no key, no address. */
export class WebSearchError extends AntiphonError<WebSearchErrorCode> {
  override name = 'WebSearchError'
}
