import { coerce, defaultNumber, defaultString } from './coerce-value.ts'
import { elementOf, isObject, keyword, propertiesOf, type Shape, tupleLength } from './json-schema.ts'

/** Finds evidence for a value: what the text or an output holds for `name`; undefined when it holds nothing. */
export type Offer = (name: string, shape: Shape) => unknown

/** How deep a value is nested before optional parts are left out; ends recursive schemas. */
const MAX_DEPTH = 6

/** Bounds the recursion of schemas that nothing can satisfy. */
const HOPELESS = 16

/** A value for the shape: evidence where there is some and it fits, else a default that is valid by type and bounds. */
export const conformValue = (name: string, shape: Shape, offer: Offer, depth = 0): unknown => {
  const offered = offer(name, shape)
  if (shape.type === 'object' && shape.values === undefined)
    return conformObject(shape, insideOf(offered, offer), depth)
  if (shape.type === 'array' && shape.values === undefined)
    return conformArray(name, shape, offered, offer, depth)
  return coerce(offered, shape) ?? defaultValue(shape)
}

const insideOf = (offered: unknown, offer: Offer): Offer =>
  isObject(offered)
    ? (name, shape) => (Object.hasOwn(offered, name) ? offered[name] : offer(name, shape))
    : offer

const conformObject = (shape: Shape, offer: Offer, depth: number): Record<string, unknown> => {
  const fields: Array<[string, unknown]> = []
  for (const property of propertiesOf(shape)) {
    const scalar = property.shape.type !== 'object' && property.shape.type !== 'array'
    if (!property.required) {
      if (depth >= MAX_DEPTH) continue
      const found = scalar
        ? coerce(offer(property.name, property.shape), property.shape)
        : offer(property.name, property.shape)
      if (found === undefined) continue
    } else if (depth >= MAX_DEPTH && property.shape.nullable) {
      fields.push([property.name, null])
      continue
    }
    if (depth > HOPELESS) break
    fields.push([property.name, conformValue(property.name, property.shape, offer, depth + 1)])
  }
  // Not by assignment, which would take a property of the name `__proto__` for the prototype.
  return Object.fromEntries(fields)
}

const conformArray = (
  name: string,
  shape: Shape,
  offered: unknown,
  offer: Offer,
  depth: number,
): unknown[] => {
  const fewest = Math.max(keyword(shape, 'minItems') ?? 0, tupleLength(shape))
  const most = keyword(shape, 'maxItems') ?? Number.POSITIVE_INFINITY
  const elements = Array.isArray(offered)
    ? offered
    : offered === undefined || offered === null
      ? []
      : [offered]
  const result: unknown[] = []
  for (const element of depth >= MAX_DEPTH ? [] : elements) {
    const one = elementOf(shape, result.length)
    if (result.length >= most) break
    const nested = one.type === 'object' || one.type === 'array'
    if (nested ? !(isObject(element) || Array.isArray(element)) : coerce(element, one) === undefined) continue
    const value = conformValue(
      name,
      one,
      (asked, at) => (asked === name ? element : nested ? undefined : offer(asked, at)),
      depth + 1,
    )
    if (
      shape.schema.uniqueItems === true &&
      result.some((other) => JSON.stringify(other) === JSON.stringify(value))
    )
      continue
    result.push(value)
  }
  while (result.length < Math.min(fewest, 64) && depth <= HOPELESS) {
    result.push(conformValue(name, elementOf(shape, result.length), () => undefined, depth + 1))
  }
  return result
}

/** What stands where nothing is known: the schema's default, its first listed value, `null`, else the emptiest value. */
export const defaultValue = (shape: Shape): unknown => {
  if ('default' in shape.schema) {
    const value = coerce(shape.schema.default, shape)
    if (value !== undefined) return value
  }
  if (shape.type === 'null' || shape.nullable) return null
  if (shape.values !== undefined) return shape.values[0] ?? null
  switch (shape.type) {
    case 'string':
      return defaultString(shape)
    case 'number':
    case 'integer':
      return defaultNumber(shape)
    case 'boolean':
      return false
    case 'array':
      return conformArray('', shape, undefined, () => undefined, 0)
    case 'object':
      return conformObject(shape, () => undefined, 0)
    default:
      return ''
  }
}
