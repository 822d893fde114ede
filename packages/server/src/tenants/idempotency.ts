import { createHash } from 'node:crypto'
import { ServeError } from '../request/serve-error.ts'
import { canonicalJson } from './canonical-json.ts'

/** What the store keeps of an idempotent request. */
export interface Idempotency {
  readonly key: string
  readonly bodyHash: string
}

const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/

/**
 * Reads `Idempotency-Key` and the hash of the body that belongs to it; undefined without the header.
 *
 * Throws a 400 `ServeError` for a key that is not 1–255 printable ASCII characters.
 */
export const readIdempotency = (headers: Headers, body: unknown): Idempotency | undefined => {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (!PRINTABLE.test(key))
    throw new ServeError(400, {
      message: 'The header Idempotency-Key must be 1 to 255 printable ASCII characters.',
      type: 'invalid_request_error',
      param: 'Idempotency-Key',
      code: 'invalid_idempotency_key',
    })
  return { key, bodyHash: bodyHash(body) }
}

/** Hash of a request body (`sha256:<hex>`); the order of keys and white space do not count. */
export const bodyHash = (body: unknown): string =>
  `sha256:${createHash('sha256').update(canonicalJson(body), 'utf8').digest('hex')}`
