import { createHash, timingSafeEqual } from 'node:crypto'
import { ConfigError } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import type { Principal } from './principal.ts'

/** Finds the tenant of a key; undefined for a key that nobody has. */
export type KeyLookup = (key: string) => Promise<string | undefined>

/** Keys of each tenant, plain or as `sha256:<hex>`; or a function that knows them. */
export type TenantKeys = Readonly<Record<string, string | readonly string[]>> | KeyLookup

/** Which keys are there. */
export interface ApiKeysOptions {
  /** Without it everybody is the tenant `'local'`, and the server has to stay on loopback. */
  readonly keys?: TenantKeys
  /** Told when the function `keys` threw; the caller gets a 503 without the reason. */
  readonly onError?: (error: unknown) => void
}

/** The door: a request becomes a tenant, or a 401. */
export interface ApiKeys {
  /** True without keys. */
  readonly isOpen: boolean
  /** Throws a `ServeError`: 401 for a missing or wrong key, 503 where the key could not be looked up. */
  authenticate(headers: Headers): Promise<Principal>
}

const HASHED = /^sha256:[0-9a-f]{64}$/i
// Longer than any key in use: what is longer is not worth its hash.
const MAX_KEY_LENGTH = 4096

const digest = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest()

/** The form of a key that may lie in a configuration: `sha256:` and the hash in hex. */
export const hashKey = (key: string): string => `sha256:${digest(key).toString('hex')}`

/**
 * Reads the keys once: of plain ones only their hashes stay in memory.
 *
 * Throws `ConfigError` (`invalid_config`) for an empty list, an empty key, a malformed hash, or a key that two tenants have.
 */
export const createApiKeys = ({ keys, onError }: ApiKeysOptions = {}): ApiKeys => {
  if (keys === undefined) return { isOpen: true, authenticate: () => Promise.resolve({ tenant: 'local' }) }
  const find = typeof keys === 'function' ? lookedUp(keys, onError) : kept(keys)
  return {
    isOpen: false,
    authenticate: async (headers) => {
      const key = presentedKey(headers)
      if (key === undefined)
        throw unauthorized('No API key was given. Send it as "Authorization: Bearer <key>".')
      const tenant = key.length > MAX_KEY_LENGTH ? undefined : await find(key)
      if (!tenant) throw unauthorized('The API key is not known here. Check it, or ask for a new one.')
      return { tenant }
    },
  }
}

/** The key of a request: `Authorization: Bearer`, then `api-key`. */
const presentedKey = (headers: Headers): string | undefined => {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? (headers.get('api-key')?.trim() || undefined)
}

const unauthorized = (message: string): ServeError =>
  new ServeError(401, {
    message,
    type: 'authentication_error',
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  })

const lookedUp =
  (lookup: KeyLookup, onError: ApiKeysOptions['onError']): KeyLookup =>
  async (key) => {
    try {
      return await lookup(key)
    } catch (error) {
      onError?.(error)
      // The reason may quote the key: it stays on this side.
      throw new ServeError(503, {
        message: 'The API key could not be checked. Try again in a moment.',
        type: 'server_error',
        code: 'key_check_failed',
        headers: { 'retry-after': '1' },
      })
    }
  }

const kept = (keys: Readonly<Record<string, string | readonly string[]>>): KeyLookup => {
  const entries: { readonly hash: Buffer; readonly tenant: string }[] = []
  const owners = new Map<string, string>()
  for (const [tenant, given] of Object.entries(keys)) {
    if (tenant === '') throw invalid('a tenant has an empty name')
    for (const key of typeof given === 'string' ? [given] : given) {
      const hash = keyHash(key, tenant)
      const hex = hash.toString('hex')
      const owner = owners.get(hex)
      if (owner !== undefined && owner !== tenant)
        throw invalid(`tenants "${owner}" and "${tenant}" have the same key`)
      if (owner === undefined) entries.push({ hash, tenant })
      owners.set(hex, tenant)
    }
  }
  if (entries.length === 0) throw invalid('it holds no key; leave `keys` out for an open server on loopback')
  return (key) => {
    const hash = digest(key)
    let found: string | undefined
    // All of them, so that the time does not tell which one it was.
    for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.tenant
    return Promise.resolve(found)
  }
}

const keyHash = (key: unknown, tenant: string): Buffer => {
  if (typeof key !== 'string' || key === '' || /\s/.test(key))
    throw invalid(`a key of tenant "${tenant}" is empty, no string, or has white space in it`)
  if (!key.startsWith('sha256:')) return digest(key)
  if (!HASHED.test(key)) throw invalid(`a hash of tenant "${tenant}" is not "sha256:" and 64 hex digits`)
  return Buffer.from(key.slice(7), 'hex')
}

const invalid = (what: string): ConfigError => new ConfigError('invalid_config', `\`keys\`: ${what}.`)
