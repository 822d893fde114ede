import type { z } from 'zod'
import {
  brokenRule,
  invalidType,
  invalidValue,
  missingParameter,
  refuse,
  tooLong,
  unknownParameter,
} from './parameter-refusals.ts'
import type { ServeError } from './serve-error.ts'

/** What is read of any issue. */
interface Issue {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly expected?: string
  readonly origin?: string
  readonly maximum?: number | bigint
  readonly minimum?: number | bigint
  readonly values?: readonly unknown[]
  readonly keys?: readonly string[]
  readonly pattern?: string
  /** Of a union by `type`: the types that there are. */
  readonly options?: readonly unknown[]
  readonly errors?: readonly (readonly Issue[])[]
}

const ARTICLES: Readonly<Record<string, string>> = {
  int: 'an integer',
  array: 'an array',
  object: 'an object',
  record: 'an object',
}

const expectedOf = (expected: string | undefined): string =>
  ARTICLES[expected ?? ''] ?? (expected === 'null' ? 'null' : `a ${expected ?? 'different type'}`)

/** Path of a parameter as the wire writes it: `input[0].content[1].type`. */
const paramOf = (base: string, path: readonly PropertyKey[]): string => {
  let param = base
  for (const key of path) {
    if (typeof key === 'number') param += `[${key}]`
    else param += param === '' ? String(key) : `.${String(key)}`
  }
  return param
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown => {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

/** Of the issues of the branches, those that are about what is deepest: there the value was meant to fit. */
const closest = (branches: readonly (readonly Issue[])[]): Issue | undefined => {
  let best: Issue | undefined
  for (const [first] of branches) {
    if (first !== undefined && (best === undefined || first.path.length > best.path.length)) best = first
  }
  return best
}

const sizeRefusal = (issue: Issue, param: string, value: unknown): ServeError => {
  const isAbove = issue.code === 'too_big'
  const bound = Number(isAbove ? issue.maximum : issue.minimum)
  const [word, limit] = isAbove ? ['long', 'maximum'] : ['short', 'minimum']
  const code = isAbove ? 'above_max' : 'below_min'
  if (typeof value === 'string') {
    if (isAbove) return tooLong(param, bound, [...value].length)
    if (value === '')
      return refuse('empty_string', param, `Invalid '${param}': empty string. Expected a text.`)
    const got = `Expected a string with ${limit} length ${bound}, but got a string with length ${value.length} instead.`
    return refuse(`string_${code}_length`, param, `Invalid '${param}': string too ${word}. ${got}`)
  }
  if (Array.isArray(value)) {
    const got = `Expected an array with ${limit} length ${bound}, but got an array with length ${value.length} instead.`
    return refuse(
      value.length === 0 ? 'empty_array' : `array_${code}_length`,
      param,
      `Invalid '${param}': array too ${word}. ${got}`,
    )
  }
  const kind = Number.isInteger(value) ? 'integer' : 'decimal'
  const [above, sign] = isAbove ? ['above maximum', '<='] : ['below minimum', '>=']
  const got = `Expected a value ${sign} ${bound}, but got ${String(value)} instead.`
  return refuse(`${kind}_${code}_value`, param, `Invalid '${param}': ${kind} ${above} value. ${got}`)
}

const unionRefusal = (issue: Issue, base: string, root: unknown): ServeError => {
  const branches = issue.errors ?? []
  const value = valueAt(root, issue.path)
  if (value === undefined && issue.path.length > 0) return missingParameter(paramOf(base, issue.path))
  if (branches.length === 0) {
    const param = paramOf(base, issue.path)
    return typeof value === 'string'
      ? invalidValue(param, value, issue.options ?? [])
      : invalidType(param, value, 'a string')
  }
  const best = closest(branches)
  if (best !== undefined && (best.path.length > 0 || best.code !== 'invalid_type')) {
    return issueRefusal({ ...best, path: [...issue.path, ...best.path] }, base, root)
  }
  const other = branches.map(([first]) => first).find((first) => first?.code !== 'invalid_type')
  if (other !== undefined) return issueRefusal({ ...other, path: [...issue.path, ...other.path] }, base, root)
  const param = paramOf(base, issue.path)
  const expected = branches.map(([first]) => expectedOf(first?.expected))
  return invalidType(param, value, `one of ${[...new Set(expected)].join(' or ')}`)
}

const issueRefusal = (issue: Issue, base: string, root: unknown): ServeError => {
  const param = paramOf(base, issue.path)
  const value = valueAt(root, issue.path)
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined && issue.path.length > 0) return missingParameter(param)
      return invalidType(param, value, expectedOf(issue.expected))
    case 'invalid_value':
      if (value === undefined && issue.path.length > 0) return missingParameter(param)
      if (typeof value !== 'string' && typeof issue.values?.[0] === 'string') {
        return invalidType(param, value, 'a string')
      }
      return invalidValue(param, value, issue.values ?? [])
    case 'too_big':
    case 'too_small':
      return sizeRefusal(issue, param, value)
    case 'invalid_format':
      return brokenRule(
        param,
        `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern ${issue.pattern ?? ''}.`,
      )
    case 'unrecognized_keys':
      return unknownParameter(paramOf(param, [issue.keys?.[0] ?? '']))
    case 'invalid_union':
      return unionRefusal(issue, base, root)
    default:
      return brokenRule(param, issue.message)
  }
}

/**
 * Checks a value against a schema. Nothing is taken from what the schema makes of it: the value itself is passed on, with every field that it has.
 *
 * `base` is the path of the value in the request, `''` for the whole.
 *
 * @throws ServeError 400 about the first problem.
 */
export const checkShape = (schema: z.ZodType, value: unknown, base = ''): void => {
  const result = schema.safeParse(value)
  if (result.success) return
  const [issue] = result.error.issues
  throw issueRefusal(issue as unknown as Issue, base, value)
}
