import { mergeAllOf } from './all-of.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { ResolvedSchema } from './references.ts'
import { mapSubschemas } from './subschemas.ts'

/** Formats that say by themselves what zod's long pattern beside them says again. */
const SELF_EXPLAINING: ReadonlySet<JsonValue | undefined> = new Set([
  'date-time',
  'date',
  'duration',
  'email',
  'uuid',
  'ipv4',
  'ipv6',
])

const withoutLibraryNoise = (schema: JsonObject): JsonObject => {
  const { minimum, maximum, pattern, ...rest } = schema
  const copy: Record<string, JsonValue | undefined> = rest
  // int() adds the bounds of a safe integer, which tell a model nothing
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER) copy.minimum = minimum
  if (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER) copy.maximum = maximum
  if (pattern !== undefined && !SELF_EXPLAINING.has(schema.format)) copy.pattern = pattern
  return copy
}

/** `items: [a, b]`, as drafts before 2020-12 say it. */
const modernTuple = (schema: JsonObject): JsonObject => {
  if (!Array.isArray(schema.items)) return schema
  const { items, additionalItems, ...rest } = schema
  return {
    ...rest,
    prefixItems: items,
    items: additionalItems ?? (rest.maxItems === items.length ? false : {}),
  }
}

/** Endpoints refuse an object without `properties` and an array without `items`, though they say the same. */
const complete = (schema: JsonObject): JsonObject => {
  if (schema.type === 'object' && schema.properties === undefined) {
    return { ...schema, properties: {}, additionalProperties: schema.additionalProperties ?? true }
  }
  if (schema.type === 'array' && schema.items === undefined) return { ...schema, items: {} }
  return schema
}

/** Brings what a converter said into the form that the rest works on, in every mode; says nothing narrower or wider. */
export const tidySchema = (
  { root, defs }: ResolvedSchema,
  options: { readonly generated: boolean },
): ResolvedSchema => {
  const tidy = (schema: JsonObject): JsonObject => {
    const merged = mergeAllOf(schema, defs) ?? schema
    const quiet = options.generated ? withoutLibraryNoise(merged) : merged
    return complete(mapSubschemas(modernTuple(quiet), tidy))
  }
  return {
    root: tidy(root),
    defs: Object.fromEntries(Object.entries(defs).map(([name, def]) => [name, tidy(def)])),
  }
}
