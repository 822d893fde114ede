import { AntiphonError } from '../errors.ts'
import type { Call } from './call.ts'

const encodeQuery = (query: NonNullable<Call['query']>): string => {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`)
    }
  }
  return pairs.join('&')
}

const unsafe = /[^\x21-\x7e]|#/

/** Where the calls of a sender go. Reads its base URL once; the URL itself is never shown, for it may hold a password. */
export class Target {
  /** Scheme, host and port. */
  readonly origin: string
  readonly #root: string
  readonly #query: string

  /** @throws AntiphonError `invalid_base_url` */
  constructor(baseURL: string) {
    const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
      throw new AntiphonError(
        'invalid_base_url',
        'Expected `baseURL` to be an absolute http or https URL such as https://api.cometapi.com/v1.',
      )
    }
    if (url.username !== '' || url.password !== '') {
      throw new AntiphonError(
        'invalid_base_url',
        '`baseURL` holds a user name or password. Remove it and pass the secret as `apiKey` or in `headers`.',
      )
    }
    this.origin = url.origin
    this.#root = url.pathname.replace(/\/+$/, '')
    this.#query = url.search.slice(1)
  }

  /** Path and query of a call. Throws AntiphonError `invalid_path`. */
  path(call: Pick<Call, 'path' | 'query'>): string {
    if (call.path[0] !== '/' || unsafe.test(call.path)) {
      throw new AntiphonError(
        'invalid_path',
        'Expected `path` to start with a slash and to be percent-encoded.',
      )
    }
    const path = this.#root + call.path
    if (this.#query === '' && call.query === undefined) return path
    const own = call.query === undefined ? '' : encodeQuery(call.query)
    const query = [this.#query, own].filter((part) => part !== '').join('&')
    if (query === '') return path
    return `${path}${path.includes('?') ? '&' : '?'}${query}`
  }
}
