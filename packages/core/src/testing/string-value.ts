import type { SchemaObject } from './merge-schemas.ts'
import { patternText } from './pattern-text.ts'

const two = (n: number): string => String(n % 60).padStart(2, '0')

/** One valid text per `format`; `n` makes it another one. */
const FORMATS: Record<string, (n: number) => string> = {
  'date-time': (n) => `2026-01-02T03:04:${two(n)}Z`,
  date: (n) => `2026-01-${String((n % 28) + 1).padStart(2, '0')}`,
  time: (n) => `03:04:${two(n)}Z`,
  duration: (n) => `P${n + 1}D`,
  email: (n) => `user${n || ''}@example.com`,
  'idn-email': (n) => `user${n || ''}@example.com`,
  hostname: (n) => `host${n || ''}.example.com`,
  'idn-hostname': (n) => `host${n || ''}.example.com`,
  ipv4: (n) => `192.0.2.${(n % 250) + 1}`,
  ipv6: (n) => `2001:db8::${(n + 1).toString(16)}`,
  uri: (n) => `https://example.com/${n || ''}`,
  url: (n) => `https://example.com/${n || ''}`,
  iri: (n) => `https://example.com/${n || ''}`,
  'uri-reference': (n) => `/path/${n || ''}`,
  'iri-reference': (n) => `/path/${n || ''}`,
  'uri-template': (n) => `/path/{id}${n || ''}`,
  uuid: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  guid: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  'json-pointer': (n) => `/path/${n}`,
  'relative-json-pointer': (n) => `${n}/path`,
  regex: (n) => `^[a-z]{1,${n + 1}}$`,
  byte: (n) => Buffer.from(`text ${n}`).toString('base64'),
  base64: (n) => Buffer.from(`text ${n}`).toString('base64'),
}

/** A text that has to be longer is not made. */
const MOST_CHARS = 1_000_000

const bound = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

/** Length as JSON Schema counts it: in code points. */
const lengthOf = (value: string): number => [...value].length

const plain = (name: string, min: number, max: number, variant: number): string => {
  const letters = [...(variant === 0 ? name : name + variant)]
  // Cut at the front: what tells variants apart is at the end.
  const cut = letters.length > max ? letters.slice(letters.length - max) : letters
  return 'x'.repeat(Math.max(0, min - cut.length)) + cut.join('')
}

/**
 * A text that fits a schema's `format`, `pattern`, `minLength` and `maxLength`; the name itself where nothing is
 * demanded. Undefined where none was found.
 */
export const stringValue = (schema: SchemaObject, name: string, variant: number): string | undefined => {
  const min = bound(schema.minLength, 0)
  const max = bound(schema.maxLength, Number.POSITIVE_INFINITY)
  if (min > MOST_CHARS) return undefined
  const patterns = [schema.pattern].flat().filter((pattern) => typeof pattern === 'string')
  const fits = (value: string | undefined): value is string =>
    value !== undefined &&
    lengthOf(value) >= min &&
    lengthOf(value) <= max &&
    patterns.every((pattern) => matches(pattern, value))

  const format =
    typeof schema.format === 'string' && Object.hasOwn(FORMATS, schema.format)
      ? FORMATS[schema.format]
      : undefined
  const formatted = format?.(variant)
  if (fits(formatted)) return formatted
  const free = plain(name, min, max, variant)
  if (!format && fits(free)) return free
  for (const pattern of patterns) {
    for (let extra = variant; extra <= variant + 64; extra++) {
      const text = patternText(pattern, extra)
      if (fits(text)) return text
    }
    const long = patternText(pattern, min)
    if (fits(long)) return long
  }
  return undefined
}

const matches = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // Written without the unicode flag in mind: such patterns may have needless escapes.
    return new RegExp(pattern).test(value)
  }
}
