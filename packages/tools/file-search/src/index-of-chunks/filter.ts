import { ConfigError } from 'antiphon'

/** One attribute held against a value. A file without the attribute matches `ne` and `nin` only. */
export interface ComparisonFilter {
  readonly type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'nin'
  readonly key: string
  readonly value: string | number | boolean | readonly (string | number)[]
}

/** Several filters at once. */
export interface CompoundFilter {
  readonly type: 'and' | 'or'
  readonly filters: readonly Filter[]
}

/** Which files count, by their attributes; the wire's own form. */
export type Filter = ComparisonFilter | CompoundFilter

/** Deepest nesting of a filter. */
export const MAX_FILTER_DEPTH = 8
/** Most comparisons in a filter. */
export const MAX_COMPARISONS = 64
/** Most values of `in` and `nin`. */
const MAX_FILTER_VALUES = 1_000
/** Longest key, as the wire has it. */
const MAX_KEY_LENGTH = 64
/** Longest text that a value is compared with; attributes have at most 512 characters. */
const MAX_TEXT_LENGTH = 512

/**
 * A filter that came from outside, checked.
 *
 * @throws ConfigError `invalid_config` with the place of the mistake.
 */
export const checkFilter = (value: unknown, path = 'filters'): Filter => {
  const count = { comparisons: 0 }
  const check = (at: unknown, place: string, depth: number): Filter => {
    if (depth > MAX_FILTER_DEPTH) throw wrong(place, `be nested at most ${MAX_FILTER_DEPTH} deep`)
    if (!isObject(at)) throw wrong(place, 'be an object')
    if (at.type === 'and' || at.type === 'or') {
      if (!Array.isArray(at.filters) || at.filters.length === 0)
        throw wrong(`${place}.filters`, 'be a list of at least one filter')
      if (at.filters.length > MAX_COMPARISONS)
        throw wrong(`${place}.filters`, `have at most ${MAX_COMPARISONS} entries`)
      return {
        type: at.type,
        filters: at.filters.map((one, index) => check(one, `${place}.filters[${index}]`, depth + 1)),
      }
    }
    count.comparisons += 1
    if (count.comparisons > MAX_COMPARISONS) throw wrong(path, `have at most ${MAX_COMPARISONS} comparisons`)
    return checkComparison(at, place)
  }
  return check(value, path, 1)
}

const checkComparison = (at: Record<string, unknown>, place: string): ComparisonFilter => {
  const { type, key, value } = at
  if (!isComparison(type))
    throw wrong(`${place}.type`, 'be one of eq, ne, gt, gte, lt, lte, in, nin, and, or')
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY_LENGTH)
    throw wrong(`${place}.key`, `be a text of 1 to ${MAX_KEY_LENGTH} characters`)
  if (type === 'in' || type === 'nin') {
    if (!Array.isArray(value) || value.length > MAX_FILTER_VALUES)
      throw wrong(`${place}.value`, `be a list of at most ${MAX_FILTER_VALUES} values`)
    for (const [index, one] of value.entries())
      if (!isText(one) && !isNumber(one))
        throw wrong(
          `${place}.value[${index}]`,
          `be a number or a text of at most ${MAX_TEXT_LENGTH} characters`,
        )
    return { type, key, value: value as (string | number)[] }
  }
  if (isText(value) || isNumber(value)) return { type, key, value }
  if (typeof value === 'boolean' && (type === 'eq' || type === 'ne')) return { type, key, value }
  throw wrong(
    `${place}.value`,
    type === 'eq' || type === 'ne'
      ? `be a boolean, a number, or a text of at most ${MAX_TEXT_LENGTH} characters`
      : `be a number, or a text of at most ${MAX_TEXT_LENGTH} characters`,
  )
}

const COMPARISONS: ReadonlySet<unknown> = new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin'])

const isComparison = (type: unknown): type is ComparisonFilter['type'] => COMPARISONS.has(type)
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_TEXT_LENGTH
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (place: string, must: string): ConfigError =>
  new ConfigError('invalid_config', `${place} must ${must}.`)
