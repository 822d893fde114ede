/** Anything JSON can say. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject
/** A JSON array. */
export type JsonArray = readonly JsonValue[]
/** A JSON object, and so a JSON Schema too. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** True for an object that is neither null nor an array. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The JSON name of the type of a parsed JSON value. */
export const jsonType = (
  value: unknown,
): 'null' | 'array' | 'object' | 'string' | 'number' | 'boolean' | 'undefined' => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'undefined'
    ? type
    : 'object'
}

/** Does a parsed JSON value have the type that a JSON Schema `type` names? */
export const hasJsonType = (value: unknown, type: string): boolean =>
  type === 'integer' ? Number.isInteger(value) : jsonType(value) === type
