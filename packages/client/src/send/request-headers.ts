import { isSensitiveHeader, secretsOfHeader } from '../errors/redact.ts'
import { AntiphonError } from '../errors.ts'
import type { Call, SenderOptions } from './call.ts'

type Headers = Readonly<Record<string, string | undefined>>

const validName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const validValue = /^[\t\x20-\x7e\x80-\xff]*$/
// They frame the message; a second opinion on them is a request smuggled past a proxy.
const framing = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const assign = (into: Map<string, string>, headers: Headers): void => {
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    if (!validName.test(name)) {
      throw new AntiphonError(
        'invalid_header',
        `\`headers\` has a name that HTTP does not allow: ${JSON.stringify(given)}.`,
      )
    }
    if (framing.has(name)) {
      throw new AntiphonError(
        'invalid_header',
        `The header \`${name}\` is set by the transport; remove it from \`headers\`.`,
      )
    }
    if (value === undefined) {
      into.delete(name)
    } else if (typeof value !== 'string' || !validValue.test(value)) {
      // The value is not shown: it may be a key with a line break at its end.
      throw new AntiphonError(
        'invalid_header',
        `The value of header \`${name}\` has a line break, a control character, or one outside Latin-1. Remove it (keys read from files often end in a line break).`,
      )
    } else {
      into.set(name, value)
    }
  }
}

/** Header lists of a sender, and the secrets in them; a call without headers of its own costs no allocation. */
export class RequestHeaders {
  readonly #options: SenderOptions
  readonly #fixed = new Map<string, string>()
  readonly #lists = new Map<string, readonly string[]>()

  /** @throws AntiphonError `invalid_header` */
  constructor(options: SenderOptions) {
    this.#options = options
    assign(this.#fixed, {
      'user-agent': 'antiphon',
      'accept-encoding': 'identity',
      authorization: options.apiKey === undefined ? undefined : `Bearer ${options.apiKey}`,
      'openai-organization': options.organization,
      'openai-project': options.project,
    })
    assign(new Map(), options.headers ?? {}) // a bad header is an error here, not at the first call
  }

  /** The flat list (name, value, …) of one call; the same array for every call without headers of its own. */
  list(own: Call['headers'], kind: 'json' | 'events', hasBody: boolean): readonly string[] {
    if (own !== undefined) return this.#build(own, kind, hasBody)
    const key = hasBody ? kind : `${kind} only`
    let list = this.#lists.get(key)
    if (!list) {
      list = this.#build(undefined, kind, hasBody)
      this.#lists.set(key, list)
    }
    return list
  }

  /** Every value that must not be shown, those of the call's own headers included. */
  secrets(own: Call['headers']): string[] {
    const { apiKey, headers: given } = this.#options
    const found = apiKey === undefined ? [] : [apiKey]
    for (const headers of [given, own]) {
      for (const [name, value] of Object.entries(headers ?? {})) {
        if (typeof value === 'string' && isSensitiveHeader(name.toLowerCase()))
          found.push(...secretsOfHeader(value))
      }
    }
    return found
  }

  #build(own: Headers | undefined, kind: 'json' | 'events', hasBody: boolean): readonly string[] {
    const headers = new Map<string, string>([
      ['accept', kind === 'events' ? 'text/event-stream, application/json' : 'application/json'],
    ])
    if (hasBody) headers.set('content-type', 'application/json')
    for (const [name, value] of this.#fixed) headers.set(name, value)
    assign(headers, this.#options.headers ?? {})
    if (own) assign(headers, own)
    return [...headers].flat()
  }
}
