import { AntiphonError } from '@antiphon/client'
import { mergeSchemas, type SchemaObject } from './merge-schemas.ts'
import { numberValue } from './number-value.ts'
import { stringValue } from './string-value.ts'

/** Where the generation stands. */
interface At {
  root: unknown
  /** JSON pointer of the schema, for messages. */
  path: string
  depth: number
  /** Differs from sibling to sibling, so that `uniqueItems` holds. */
  variant: number
  /** Name of the property; the text of free strings. */
  name: string
  /** Schemas that may still be visited, shared by the whole generation: failing branches must not multiply. */
  budget: { left: number }
}

/** Deeper than this only what is required is made, and branches without references come first. */
const LEAN_DEPTH = 8
/** A recursion that cannot end is an error, not a hang. */
const MAX_DEPTH = 40
const BUDGET = 20_000

const isLean = (at: At): boolean => at.depth > LEAN_DEPTH || at.budget.left < BUDGET / 2

const fail = (at: At, why: string): never => {
  throw new AntiphonError(
    'schema_unsatisfiable',
    `No value can be made for the schema at ${at.path || '#'}: ${why}. Give the arguments yourself.`,
  )
}

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

const below = (at: At, step: string, changes: Partial<At> = {}): At => ({
  ...at,
  path: `${at.path || '#'}/${step}`,
  depth: at.depth + 1,
  ...changes,
})

/** Follows a reference inside the same document. */
const deref = (pointer: string, at: At): unknown => {
  if (!pointer.startsWith('#')) fail(at, `the reference ${pointer} leaves the document`)
  let schema: unknown = at.root
  for (const part of pointer.slice(1).split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    const inside = (Array.isArray(schema) || isObject(schema)) && Object.hasOwn(schema, key)
    schema = inside ? (schema as SchemaObject)[key] : undefined
  }
  return schema === undefined ? fail(at, `nothing is at ${pointer}`) : schema
}

/** One schema without `$ref` and `allOf`. */
const flatten = (schema: unknown, at: At): SchemaObject => {
  if (schema === true || schema === undefined) return {}
  if (!isObject(schema)) return fail(at, 'it allows nothing')
  if (at.depth > MAX_DEPTH || at.budget.left-- <= 0) return fail(at, 'the recursion has no end')
  const { $ref, allOf, ...own } = schema
  let flat: SchemaObject = own
  const deeper = below(at, '$ref', { path: at.path })
  if (typeof $ref === 'string') flat = mergeSchemas(flatten(deref($ref, at), deeper), flat)
  list(allOf).forEach((part, index) => {
    flat = mergeSchemas(flat, flatten(part, below(at, `allOf/${index}`)))
  })
  return isObject(flat.not) && Object.keys(flat.not).length === 0 ? fail(at, 'it allows nothing') : flat
}

/** Forbids everything: an optional property with such a schema is left out. */
const isNever = (schema: unknown): boolean =>
  schema === false || (isObject(schema) && isObject(schema.not) && Object.keys(schema.not).length === 0)

/** How likely a branch leads on: null and plain values before references. */
const weight = (branch: unknown): number => {
  if (!isObject(branch)) return 0
  if (branch.type === 'null') return 0
  return JSON.stringify(branch).includes('"$ref"') ? 2 : 1
}

const branchValue = (schema: SchemaObject, key: 'anyOf' | 'oneOf', at: At): unknown => {
  const { [key]: branches, ...own } = schema
  const order = list(branches).map((branch, index) => ({ branch, index }))
  if (isLean(at)) order.sort((a, b) => weight(a.branch) - weight(b.branch))
  else order.sort((a, b) => Number(isNull(a.branch)) - Number(isNull(b.branch)))
  let problem: unknown
  for (const { branch, index } of order) {
    const next = below(at, `${key}/${index}`)
    try {
      return valueAt(mergeSchemas(own, flatten(branch, next)), next)
    } catch (error) {
      problem = error
      if (at.budget.left <= 0) break
    }
  }
  throw problem ?? fail(at, `${key} is empty`)
}

const isNull = (schema: unknown): boolean => isObject(schema) && schema.type === 'null'

const objectValue = (schema: SchemaObject, at: At): unknown => {
  const value: Record<string, unknown> = {}
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = new Set(list(schema.required).filter((name) => typeof name === 'string'))
  const rest = schema.additionalProperties
  const put = (name: string, property: unknown): void => {
    // defineProperty, because a property may be called __proto__.
    const made = valueAt(property, below(at, `properties/${name}`, { name, variant: 0 }))
    Object.defineProperty(value, name, { value: made, enumerable: true, writable: true, configurable: true })
  }
  for (const [name, property] of Object.entries(properties)) {
    if (required.has(name)) put(name, property)
    else if (!isLean(at) && !isNever(property)) put(name, property)
  }
  for (const name of required)
    if (!Object.hasOwn(value, name)) put(name, rest === false ? fail(at, name) : rest)
  const min = typeof schema.minProperties === 'number' ? schema.minProperties : 0
  const open = isObject(rest) && Object.keys(properties).length === 0 && !isLean(at) ? 1 : 0
  const patterns = isObject(schema.patternProperties) ? Object.entries(schema.patternProperties) : []
  const max = typeof schema.maxProperties === 'number' ? schema.maxProperties : Number.POSITIVE_INFINITY
  for (let n = 0; Object.keys(value).length < Math.min(max, Math.max(min, open)) && n < 1000; n++) {
    const [pattern, property] = patterns[0] ?? [undefined, rest]
    const names = pattern === undefined ? schema.propertyNames : { type: 'string', pattern }
    if (property === false) fail(at, `minProperties is ${min}, but no further property is allowed`)
    const name = valueAt(isObject(names) ? { type: 'string', ...names } : { type: 'string' }, {
      ...below(at, 'propertyNames', { variant: n, name: 'key' }),
    })
    put(typeof name === 'string' ? name : fail(at, 'propertyNames allows no text'), property)
  }
  return value
}

const arrayValue = (schema: SchemaObject, at: At): unknown => {
  const value: unknown[] = []
  const prefix = list(schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : undefined))
  const items = Array.isArray(schema.items) ? schema.additionalItems : schema.items
  const min = typeof schema.minItems === 'number' ? schema.minItems : 0
  const max = typeof schema.maxItems === 'number' ? schema.maxItems : Number.POSITIVE_INFINITY
  const wanted = isLean(at) || isNever(items) ? 0 : 1
  const count = Math.min(
    max,
    Math.max(min, prefix.length, schema.contains ? 1 : 0, prefix.length ? 0 : wanted),
  )
  for (let n = 0; n < count; n++) {
    const element = n < prefix.length ? prefix[n] : (items ?? schema.contains)
    value.push(valueAt(element, below(at, n < prefix.length ? `prefixItems/${n}` : 'items', { variant: n })))
  }
  return value
}

const typeOf = (schema: SchemaObject): unknown => {
  if (Array.isArray(schema.type)) return schema.type.find((type) => type !== 'null') ?? 'null'
  if (schema.type !== undefined) return schema.type
  if (schema.properties || schema.required || schema.additionalProperties) return 'object'
  if (schema.items || schema.prefixItems || schema.contains) return 'array'
  const numeric = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']
  return numeric.some((key) => schema[key] !== undefined) ? 'number' : 'string'
}

const valueAt = (given: unknown, at: At): unknown => {
  const schema = flatten(given, at)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) {
    const choices = schema.enum.filter((choice) => choice !== null)
    return choices.length ? choices[at.variant % choices.length] : null
  }
  if (Array.isArray(schema.anyOf)) return branchValue(schema, 'anyOf', at)
  if (Array.isArray(schema.oneOf)) return branchValue(schema, 'oneOf', at)
  switch (typeOf(schema)) {
    case 'object':
      return objectValue(schema, at)
    case 'array':
      return arrayValue(schema, at)
    case 'integer':
    case 'number':
      return numberValue(schema, at.variant) ?? fail(at, 'its bounds leave no number')
    case 'boolean':
      return at.variant % 2 === 0
    case 'null':
      return null
    default:
      return stringValue(schema, at.name, at.variant) ?? fail(at, 'no text found for its pattern and length')
  }
}

/**
 * A value that a JSON Schema accepts: the same one every time, with every optional property.
 *
 * Knows types, `const`, `enum`, bounds, `multipleOf`, `pattern` and the usual `format`s, nested objects and arrays,
 * `prefixItems`, `uniqueItems`, `anyOf`, `oneOf`, `allOf`, `$ref` (recursive, too) and null in a union, which it avoids.
 * Throws with code `schema_unsatisfiable`, naming the place, where it finds none.
 */
export const schemaValue = (schema: unknown): unknown =>
  valueAt(schema, { root: schema, path: '', depth: 0, variant: 0, name: 'value', budget: { left: BUDGET } })
