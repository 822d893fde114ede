import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { nameOf } from './references.ts'

const same = (a: JsonValue | undefined, b: JsonValue | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

const TIGHTER: Readonly<Record<string, (a: number, b: number) => number>> = {
  minimum: Math.max,
  exclusiveMinimum: Math.max,
  minLength: Math.max,
  minItems: Math.max,
  maximum: Math.min,
  exclusiveMaximum: Math.min,
  maxLength: Math.min,
  maxItems: Math.min,
}
/** Of several of these the first is kept: the wire has room for one, and the schema itself checks them all. */
const FIRST_WINS: ReadonlySet<string> = new Set([
  'pattern',
  'multipleOf',
  'format',
  'description',
  'title',
  'default',
])
/** A member with one of these says something about the whole object that does not survive being merged. */
const UNMERGEABLE = [
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
  'not',
  'if',
  'patternProperties',
  'enum',
  'const',
  'prefixItems',
] as const

const merge = (into: Record<string, JsonValue | undefined>, member: JsonObject): boolean => {
  for (const [keyword, value] of Object.entries(member)) {
    const present = Object.hasOwn(into, keyword) ? into[keyword] : undefined
    const tighter = Object.hasOwn(TIGHTER, keyword) ? TIGHTER[keyword] : undefined
    if (present === undefined) into[keyword] = value
    else if (same(present, value) || FIRST_WINS.has(keyword)) continue
    else if (keyword === 'required' && Array.isArray(present) && Array.isArray(value)) {
      into[keyword] = [...new Set([...present, ...value])]
    } else if (keyword === 'properties' && isJsonObject(present) && isJsonObject(value)) {
      const clash = Object.keys(value).some(
        (key) => Object.hasOwn(present, key) && !same(present[key], value[key]),
      )
      if (clash) return false
      into[keyword] = Object.fromEntries([...Object.entries(present), ...Object.entries(value)])
    } else if (tighter && typeof present === 'number' && typeof value === 'number')
      into[keyword] = tighter(present, value)
    else return false
  }
  return true
}

/**
 * Says an `allOf` as one schema where that loses nothing the wire can carry: objects with different properties, strings with
 * several patterns, numbers with several bounds. Undefined when it cannot.
 *
 * Closedness is pooled, as zod's intersections do: two closed objects make one closed object with the properties of both.
 */
export const mergeAllOf = (
  schema: JsonObject,
  defs: Readonly<Record<string, JsonObject>>,
): JsonObject | undefined => {
  const { allOf, ...base } = schema
  if (!Array.isArray(allOf)) return undefined
  const members: JsonObject[] = []
  for (const member of allOf) {
    if (!isJsonObject(member)) return undefined
    const onlyRef = typeof member.$ref === 'string' && Object.keys(member).length === 1
    members.push(onlyRef ? (defs[nameOf(member.$ref as string)] ?? member) : member)
  }
  const parts = Object.keys(base).length === 0 ? members : [base, ...members]
  if (parts.some((part) => UNMERGEABLE.some((keyword) => keyword in part))) return undefined
  const objects = parts.filter((part) => part.properties !== undefined)
  const open = objects.filter((part) => part.additionalProperties !== false)
  if (open.some((part) => part.additionalProperties !== undefined)) return undefined

  const merged: Record<string, JsonValue | undefined> = {}
  for (const { additionalProperties: _pooled, ...part } of parts) if (!merge(merged, part)) return undefined
  if (objects.length > 0 && open.length === 0) merged.additionalProperties = false
  return merged
}
