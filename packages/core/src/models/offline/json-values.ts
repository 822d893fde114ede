import { isObject, type JsonObject } from './json-schema.ts'

/** Deeper nesting than this is taken for text: whatever walks a value may then use the stack. */
const MAX_DEPTH = 200

/** The text of a string, number, boolean or `null`. Undefined for the rest: `String({ toString: 0 })` throws. */
export const scalarText = (value: unknown): string | undefined =>
  value !== null && (typeof value === 'object' || typeof value === 'function') ? undefined : String(value)

/** A field of the object itself; undefined for what every object inherits, such as `constructor`. */
export const fieldOf = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

/** A text as JSON; undefined when it is none, or nested beyond all use. */
export const parseJson = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return isDeeper(value, MAX_DEPTH) ? undefined : value
  } catch {
    return undefined // Text that only begins like JSON, such as a list of files.
  }
}

/** A text as a JSON object; an empty one when it is none, as with the broken arguments of an earlier call. */
export const parseObject = (text: unknown): JsonObject => {
  const value = typeof text === 'string' ? parseJson(text) : undefined
  return isObject(value) ? value : {}
}

const isDeeper = (value: unknown, depth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some((inside) => isDeeper(inside, depth - 1)))
