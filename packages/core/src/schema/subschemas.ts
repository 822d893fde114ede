import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'

const ONE = [
  'items',
  'additionalProperties',
  'additionalItems',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
] as const
// before 2020-12 `items` may be a list
const LIST = ['items', 'anyOf', 'oneOf', 'allOf', 'prefixItems'] as const
const NAMED = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'] as const

/** Copies a schema node with each direct sub-schema replaced. Booleans, which are schemas too, are left as they are. */
export const mapSubschemas = (schema: JsonObject, replace: (sub: JsonObject) => JsonObject): JsonObject => {
  const copy: Record<string, JsonValue | undefined> = { ...schema }
  const one = (sub: JsonValue | undefined): JsonValue | undefined => (isJsonObject(sub) ? replace(sub) : sub)
  for (const keyword of ONE) if (copy[keyword] !== undefined) copy[keyword] = one(copy[keyword])
  for (const keyword of LIST) {
    const list = copy[keyword]
    if (Array.isArray(list)) copy[keyword] = list.map((sub) => one(sub) as JsonValue)
  }
  for (const keyword of NAMED) {
    const named = copy[keyword]
    // fromEntries defines a property named __proto__ instead of setting the prototype
    if (isJsonObject(named))
      copy[keyword] = Object.fromEntries(Object.entries(named).map(([key, sub]) => [key, one(sub)]))
  }
  return copy
}
