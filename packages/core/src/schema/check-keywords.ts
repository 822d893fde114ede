import { hasJsonType, isJsonObject, type JsonObject, type JsonValue, jsonType } from './json.ts'

/** Where in the value. */
type Path = readonly (string | number)[]
/** Takes one complaint. */
type Report = (path: Path, message: string) => void
/** Checks one keyword; gets its value, the value under test, where that is, and the whole schema node. */
type Keyword = (
  rule: JsonValue,
  value: unknown,
  path: Path,
  report: Report,
  schema: JsonObject,
  checker: Checker,
) => void
/** What keywords with sub-schemas need. */
export interface Checker {
  check(schema: JsonValue | undefined, value: unknown, path: Path, report: Report): void
  accepts(schema: JsonValue, value: unknown): boolean
  /** Undefined for a pattern that cannot be read here; what depends on it passes. */
  matches(pattern: string, text: string): boolean | undefined
}

const equal = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
const list = (rule: JsonValue): readonly JsonValue[] => (Array.isArray(rule) ? rule : [rule])
const texts = (rule: JsonValue): string[] => list(rule).filter((one) => typeof one === 'string')

const bound =
  (
    measure: (value: unknown) => number | undefined,
    holds: (size: number, limit: number) => boolean,
    text: string,
  ): Keyword =>
  (rule, value, path, report) => {
    const size = measure(value)
    if (size !== undefined && typeof rule === 'number' && !holds(size, rule))
      report(path, `expected ${text} ${rule}`)
  }
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
// JSON Schema counts characters, not UTF-16 units
const asLength = (value: unknown): number | undefined =>
  typeof value === 'string' ? [...value].length : undefined
const asCount = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined)
const asKeys = (value: unknown): number | undefined =>
  isJsonObject(value) ? Object.keys(value).length : undefined
const atLeast = (size: number, limit: number): boolean => size >= limit
const atMost = (size: number, limit: number): boolean => size <= limit

const isMultiple = (value: number, step: number): boolean => {
  const ratio = value / step
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 * Math.max(1, Math.abs(ratio))
}

/** The keywords that are checked, by name. */
export const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (rule, value, path, report) => {
    if (texts(rule).some((type) => hasJsonType(value, type))) return
    report(path, `expected ${texts(rule).join(' or ')}, received ${jsonType(value)}`)
  },
  const: (rule, value, path, report) => {
    if (!equal(value, rule)) report(path, `expected ${JSON.stringify(rule)}`)
  },
  enum: (rule, value, path, report) => {
    if (list(rule).some((one) => equal(value, one))) return
    report(
      path,
      `expected one of ${list(rule)
        .map((one) => JSON.stringify(one))
        .join(', ')}`,
    )
  },
  required: (rule, value, path, report) => {
    if (!isJsonObject(value)) return
    for (const key of texts(rule)) if (!Object.hasOwn(value, key)) report([...path, key], 'is required')
  },
  properties: (rule, value, path, report, _schema, checker) => {
    if (!isJsonObject(value) || !isJsonObject(rule)) return
    for (const [key, schema] of Object.entries(rule)) {
      if (Object.hasOwn(value, key)) checker.check(schema, value[key], [...path, key], report)
    }
  },
  patternProperties: (rule, value, path, report, _schema, checker) => {
    if (!isJsonObject(value) || !isJsonObject(rule)) return
    for (const [source, schema] of Object.entries(rule)) {
      for (const key of Object.keys(value)) {
        if (checker.matches(source, key)) checker.check(schema, value[key], [...path, key], report)
      }
    }
  },
  additionalProperties: (rule, value, path, report, schema, checker) => {
    if (!isJsonObject(value)) return
    const declared = isJsonObject(schema.properties) ? schema.properties : {}
    const patterns = isJsonObject(schema.patternProperties) ? Object.keys(schema.patternProperties) : []
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(declared, key) || patterns.some((source) => checker.matches(source, key) !== false))
        continue
      if (rule === false) report([...path, key], 'is not a known key')
      else checker.check(rule, value[key], [...path, key], report)
    }
  },
  prefixItems: (rule, value, path, report, _schema, checker) => {
    if (!Array.isArray(value)) return
    for (const [i, schema] of list(rule).entries())
      if (i < value.length) checker.check(schema, value[i], [...path, i], report)
  },
  items: (rule, value, path, report, schema, checker) => {
    if (!Array.isArray(value)) return
    const start = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0
    for (let i = start; i < value.length; i++) checker.check(rule, value[i], [...path, i], report)
  },
  anyOf: (rule, value, path, report, _schema, checker) => {
    if (!list(rule).some((branch) => checker.accepts(branch, value)))
      report(path, 'matches none of the allowed forms')
  },
  oneOf: (rule, value, path, report, _schema, checker) => {
    const fits = list(rule).filter((branch) => checker.accepts(branch, value)).length
    if (fits !== 1)
      report(path, fits === 0 ? 'matches none of the allowed forms' : 'matches more than one form')
  },
  allOf: (rule, value, path, report, _schema, checker) => {
    for (const member of list(rule)) checker.check(member, value, path, report)
  },
  not: (rule, value, path, report, _schema, checker) => {
    if (checker.accepts(rule, value)) report(path, 'is a value that is ruled out')
  },
  pattern: (rule, value, path, report, _schema, checker) => {
    if (typeof value !== 'string' || typeof rule !== 'string' || checker.matches(rule, value) !== false)
      return
    report(path, `expected to match ${rule}`)
  },
  multipleOf: (rule, value, path, report) => {
    if (typeof value !== 'number' || typeof rule !== 'number' || isMultiple(value, rule)) return
    report(path, `expected a multiple of ${rule}`)
  },
  uniqueItems: (rule, value, path, report) => {
    if (rule !== true || !Array.isArray(value)) return
    if (new Set(value.map((item) => JSON.stringify(item))).size < value.length)
      report(path, 'expected no item twice')
  },
  minimum: bound(asNumber, atLeast, 'at least'),
  maximum: bound(asNumber, atMost, 'at most'),
  exclusiveMinimum: bound(asNumber, (size, limit) => size > limit, 'more than'),
  exclusiveMaximum: bound(asNumber, (size, limit) => size < limit, 'less than'),
  minLength: bound(asLength, atLeast, 'a length of at least'),
  maxLength: bound(asLength, atMost, 'a length of at most'),
  minItems: bound(asCount, atLeast, 'an item count of at least'),
  maxItems: bound(asCount, atMost, 'an item count of at most'),
  minProperties: bound(asKeys, atLeast, 'a key count of at least'),
  maxProperties: bound(asKeys, atMost, 'a key count of at most'),
}
