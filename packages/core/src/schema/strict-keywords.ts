import type { JsonObject, JsonValue } from './json.ts'

// OpenAI, "Structured outputs: supported schemas": keywords and formats that strict mode takes
const BY_TYPE: ReadonlyMap<JsonValue, readonly string[]> = new Map(
  Object.entries({
    string: ['pattern', 'format'],
    number: ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
    integer: ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
    array: ['minItems', 'maxItems'],
  }),
)
const FORMATS: ReadonlySet<JsonValue | undefined> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
])
/** Keywords that tell a model something even when nobody enforces them while it writes. */
const TELLING = [
  'default',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const

/** Look-around and back-references: the engines behind strict mode are automata, which have neither. */
const isRegular = (pattern: JsonValue | undefined): boolean =>
  typeof pattern === 'string' && !/\(\?(?:=|!|<=|<!)|\\[1-9]|\\k</.test(pattern)

const isSupported = (keyword: string, schema: JsonObject): boolean => {
  if (keyword === 'format') return FORMATS.has(schema.format)
  return keyword !== 'pattern' || isRegular(schema.pattern)
}

/** The constraints of a schema that strict mode enforces for this type. */
export const constraintsFor = (type: JsonValue, schema: JsonObject): JsonObject => {
  const kept = (BY_TYPE.get(type) ?? []).filter(
    (keyword) => schema[keyword] !== undefined && isSupported(keyword, schema),
  )
  return Object.fromEntries(kept.map((keyword) => [keyword, schema[keyword]]))
}

/** Title and description, the latter with what strict mode does not enforce: `Name of the city (minLength 2, default "Paris")`. */
export const describeWith = (schema: JsonObject): JsonObject => {
  const { title, description } = schema
  const hints = TELLING.filter((keyword) => {
    const supportedHere = (keyword === 'format' || keyword === 'pattern') && isSupported(keyword, schema)
    // a pattern too odd for the wire is long and tells a model little
    return schema[keyword] !== undefined && keyword !== 'pattern' && !supportedHere
  }).map((keyword) => `${keyword} ${JSON.stringify(schema[keyword])}`)
  const note = hints.length === 0 ? '' : `(${hints.join(', ')})`
  const text = [typeof description === 'string' ? description : '', note]
    .filter((part) => part !== '')
    .join(' ')
  return { ...(typeof title === 'string' ? { title } : {}), ...(text === '' ? {} : { description: text }) }
}
