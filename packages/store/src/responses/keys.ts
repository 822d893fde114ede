import { ConfigError } from 'antiphon'

/** Longer ones would not fit an index of Postgres beside another one. */
const MAX_CHARS = 255

/** Whether these can be ids of something that is kept: databases have no text with NUL, or with half a character. */
export const areKeys = (...keys: readonly string[]): boolean =>
  keys.every(
    (key) =>
      typeof key === 'string' &&
      key !== '' &&
      key.length <= MAX_CHARS &&
      !key.includes('\0') &&
      !/\p{Surrogate}/u.test(key),
  )

/** @throws ConfigError `invalid_config` for what cannot be an id. */
export const checkKeys = (...keys: readonly string[]): void => {
  for (const key of keys)
    if (!areKeys(key))
      throw new ConfigError(
        'invalid_config',
        `Expected a tenant and ids of 1 to ${MAX_CHARS} characters of well-formed text without NUL, got ${typeof key === 'string' ? JSON.stringify(key).slice(0, 60) : typeof key}.`,
      )
}

/** One name for an id of a tenant; no two pairs have the same. */
export const nameOf = (tenant: string, id: string): string => `response:${tenant.length}:${tenant}${id}`

/** Something of that id is there already. */
export const taken = (what: string, id: string): ConfigError =>
  new ConfigError('invalid_config', `There is ${what} "${id}" already: each needs an id of its own.`)
