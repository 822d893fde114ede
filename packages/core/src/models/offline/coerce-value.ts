import { keyword, type Shape } from './json-schema.ts'
import { fieldOf, scalarText } from './json-values.ts'

/** The `format`s of JSON Schema that are checked, each with a value that no one can mistake for a fact. */
const FORMATS: Record<string, { test: RegExp; example: string }> = {
  email: { test: /^[^\s@]+@[^\s@]+\.[^\s@]+$/, example: 'unknown@example.com' },
  uri: { test: /^[a-z][a-z0-9+.-]*:\S+$/i, example: 'https://example.com' },
  url: { test: /^[a-z][a-z0-9+.-]*:\S+$/i, example: 'https://example.com' },
  date: { test: /^\d{4}-\d{2}-\d{2}$/, example: '1970-01-01' },
  'date-time': {
    test: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/,
    example: '1970-01-01T00:00:00Z',
  },
  time: { test: /^\d{2}:\d{2}:\d{2}/, example: '00:00:00' },
  duration: { test: /^P(?=.)/, example: 'PT0S' },
  uuid: {
    test: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    example: '00000000-0000-4000-8000-000000000000',
  },
  ipv4: { test: /^\d{1,3}(?:\.\d{1,3}){3}$/, example: '127.0.0.1' },
  ipv6: { test: /^[0-9a-f:]*:[0-9a-f:.]*$/i, example: '::1' },
  hostname: { test: /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i, example: 'localhost' },
}

/** Turns a value into one that the shape allows; undefined when it can not be turned. */
export const coerce = (value: unknown, shape: Shape): unknown => {
  if (value === null) return shape.nullable || shape.type === 'null' ? null : undefined
  if (value === undefined || shape.type === 'null') return undefined
  const found = coerceOne(value, shape)
  if (found !== undefined) return found
  for (const other of shape.others) {
    const second = coerceOne(value, other)
    if (second !== undefined) return second
  }
  return undefined
}

const coerceOne = (value: unknown, shape: Shape): unknown => {
  if (shape.values !== undefined) return listedValue(value, shape.values)
  switch (shape.type) {
    case 'string':
      return coerceString(value, shape)
    case 'number':
    case 'integer':
      return coerceNumber(value, shape)
    case 'boolean':
      if (typeof value === 'boolean') return value
      return flag(scalarText(value) ?? '')
    case 'any':
      return value
    default:
      return undefined
  }
}

const flag = (text: string): boolean | undefined => {
  if (/^(?:true|yes|on)$/i.test(text)) return true
  return /^(?:false|no|off)$/i.test(text) ? false : undefined
}

const listedValue = (value: unknown, values: readonly unknown[]): unknown => {
  const same = values.find((one) => one === value)
  const text = scalarText(value)?.toLowerCase()
  if (same !== undefined || text === undefined) return same
  return values.find((one) => scalarText(one)?.toLowerCase() === text)
}

const formatOf = (shape: Shape): (typeof FORMATS)[string] | undefined =>
  typeof shape.schema.format === 'string' ? fieldOf(FORMATS, shape.schema.format) : undefined

const coerceString = (value: unknown, shape: Shape): string | undefined => {
  const text = scalarText(value)
  if (text === undefined) return undefined
  const longest = keyword(shape, 'maxLength') ?? Number.POSITIVE_INFINITY
  const cut = text.length > longest ? text.slice(0, longest) : text
  if (cut.length < (keyword(shape, 'minLength') ?? 0)) return undefined
  const format = formatOf(shape)
  if (format !== undefined && !format.test.test(cut)) return undefined
  return matchesPattern(cut, shape.schema.pattern) ? cut : undefined
}

const matchesPattern = (text: string, pattern: unknown): boolean => {
  if (typeof pattern !== 'string') return true
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true // A pattern that this engine can not read can not be checked here; the tool will.
  }
}

const coerceNumber = (value: unknown, shape: Shape): number | undefined => {
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return undefined
  const number = Number(value)
  return Number.isFinite(number) && numberFits(number, shape) ? number : undefined
}

/** True when a number keeps the bounds of the shape. */
const numberFits = (number: number, shape: Shape): boolean => {
  if (shape.type === 'integer' && !Number.isInteger(number)) return false
  const step = keyword(shape, 'multipleOf')
  return (
    number >= (keyword(shape, 'minimum') ?? Number.NEGATIVE_INFINITY) &&
    number <= (keyword(shape, 'maximum') ?? Number.POSITIVE_INFINITY) &&
    number > (keyword(shape, 'exclusiveMinimum') ?? Number.NEGATIVE_INFINITY) &&
    number < (keyword(shape, 'exclusiveMaximum') ?? Number.POSITIVE_INFINITY) &&
    (step === undefined || step <= 0 || Math.abs(number / step - Math.round(number / step)) < 1e-9)
  )
}

/** The emptiest text that the shape allows. */
export const defaultString = (shape: Shape): string => {
  const start = formatOf(shape)?.example ?? ''
  const padded = start.padEnd(keyword(shape, 'minLength') ?? 0, 'x')
  return padded.slice(0, keyword(shape, 'maxLength') ?? padded.length)
}

/** Zero, or the number nearest to the bounds of the shape. */
export const defaultNumber = (shape: Shape): number => {
  const step = keyword(shape, 'multipleOf') ?? (shape.type === 'integer' ? 1 : 0)
  const low = keyword(shape, 'minimum') ?? keyword(shape, 'exclusiveMinimum')
  const high = keyword(shape, 'maximum') ?? keyword(shape, 'exclusiveMaximum')
  const middle = low !== undefined && high !== undefined ? (low + high) / 2 : 0
  const candidates = [
    0,
    1,
    low,
    high,
    low === undefined ? undefined : low + (step || 1),
    high === undefined ? undefined : high - (step || 1),
    middle,
  ]
  for (const candidate of candidates) {
    if (candidate === undefined) continue
    for (const number of step > 0
      ? [candidate, Math.ceil(candidate / step) * step, Math.floor(candidate / step) * step]
      : [candidate]) {
      if (numberFits(number, shape)) return number === 0 ? 0 : number
    }
  }
  return 0
}
