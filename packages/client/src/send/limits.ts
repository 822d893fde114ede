import { AntiphonError } from '../errors.ts'
import type { Timeouts } from './call.ts'

const defaults: Required<Timeouts> = {
  connectMs: 10_000,
  firstEventMs: 600_000,
  idleMs: 600_000,
  totalMs: Number.POSITIVE_INFINITY,
}

const wrong = (name: string, expected: string, got: unknown): AntiphonError<'invalid_option'> =>
  new AntiphonError('invalid_option', `Expected \`${name}\` to be ${expected}, got \`${String(got)}\`.`)

/** The limits of a call: its own, else the sender's, else the defaults. */
export const mergeTimeouts = (
  own: Timeouts = {},
  base: Required<Timeouts> = defaults,
): Required<Timeouts> => {
  const merged = { ...base }
  for (const name of Object.keys(defaults) as (keyof Timeouts)[]) {
    const value = own[name]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value > 0)) {
      throw wrong(`timeouts.${name}`, 'a number of milliseconds above 0, or Infinity', value)
    }
    merged[name] = value
  }
  return merged
}

/** A number of retries, checked. */
export const checkRetries = (retries: number): number => {
  if (!Number.isInteger(retries) || retries < 0) throw wrong('retries', 'an integer of 0 or more', retries)
  return retries
}
