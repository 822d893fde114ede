/** A JSON Schema that is an object. */
export type SchemaObject = Record<string, unknown>

const SMALLER_WINS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']
const GREATER_WINS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']

const asTypes = (type: unknown): unknown[] => (Array.isArray(type) ? type : [type])

/** Types that both allow; an integer is a number, too. */
const commonTypes = (a: unknown, b: unknown): unknown => {
  const right = asTypes(b)
  const both = asTypes(a).flatMap((type) => {
    if (right.includes(type)) return [type]
    if (type === 'number' && right.includes('integer')) return ['integer']
    return type === 'integer' && right.includes('number') ? ['integer'] : []
  })
  return both.length === 1 ? both[0] : both
}

const mergeKey = (key: string, a: unknown, b: unknown): unknown => {
  if (SMALLER_WINS.includes(key)) return Math.min(a as number, b as number)
  if (GREATER_WINS.includes(key)) return Math.max(a as number, b as number)
  switch (key) {
    case 'type':
      return commonTypes(a, b)
    case 'required':
      return [...new Set([...(a as string[]), ...(b as string[])])]
    case 'enum':
      return (a as unknown[]).filter((value) => (b as unknown[]).includes(value))
    case 'pattern':
      // Every pattern has to match: kept as a list, which only stringValue reads.
      return [a, b].flat()
    case 'properties': {
      // A map, because a property may be called constructor or __proto__.
      const merged = new Map(Object.entries(a as SchemaObject))
      for (const [name, schema] of Object.entries(b as SchemaObject)) {
        merged.set(name, merged.has(name) ? { allOf: [merged.get(name), schema] } : schema)
      }
      return Object.fromEntries(merged)
    }
    case 'items':
      return { allOf: [a, b] }
    case 'additionalProperties':
      return a === false || b === false ? false : { allOf: [a, b] }
    case 'multipleOf':
      return (a as number) * (b as number)
    default:
      return b
  }
}

/** A schema that accepts what both accept, for the keywords that generation reads. */
export const mergeSchemas = (a: SchemaObject, b: SchemaObject): SchemaObject => {
  const merged = new Map(Object.entries(a))
  for (const [key, value] of Object.entries(b)) {
    const before = merged.get(key)
    merged.set(key, before === undefined ? value : mergeKey(key, before, value))
  }
  return Object.fromEntries(merged)
}
