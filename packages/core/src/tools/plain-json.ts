import { errorText } from '../errors/error-text.ts'
/** A value that JSON.stringify says as it is, or why there is none. */
export type PlainJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: string; readonly reason: string }

const MAX_DEPTH = 1000
const PREVIEW_BYTES = 24

/** Thrown inside the walk, caught at its door. */
class Stop extends Error {
  readonly path: string
  constructor(path: string, reason: string) {
    super(reason)
    this.path = path
  }
}

const stepTo = (path: string, key: string | number): string => {
  if (typeof key === 'number') return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}

const guarded = (path: string, what: string, read: () => unknown): unknown => {
  try {
    return read()
  } catch (error) {
    throw new Stop(path, `${what} threw: ${errorText(error)}`)
  }
}

const bytesOf = (value: object): Uint8Array | undefined => {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
    ? new Uint8Array(value)
    : undefined
}

/** Bytes are of no use to a model, and a megabyte of them is a million tokens: so it gets their size and how they begin. */
const bytesNote = (value: object, bytes: Uint8Array): string => {
  const start = Buffer.from(bytes.subarray(0, PREVIEW_BYTES)).toString('base64')
  const more = bytes.byteLength > PREVIEW_BYTES ? '…' : ''
  return `(${value.constructor.name} of ${bytes.byteLength} bytes, base64 ${start}${more})`
}

const fromMap = (map: ReadonlyMap<unknown, unknown>): unknown => {
  const keys = [...map.keys()]
  if (keys.every((key) => typeof key === 'string' || typeof key === 'number')) return Object.fromEntries(map)
  return [...map]
}

/**
 * Copies a value into what JSON can say: see `toJsonText` for what becomes of each kind.
 * Fails at a cycle, at a getter or `toJSON` that throws, and below 1,000 levels; never throws.
 */
export const toPlainJson = (root: unknown): PlainJson => {
  const above = new Map<object, string>()

  const copy = (value: unknown, path: string, key: string, converted = false): unknown => {
    if (typeof value === 'bigint') return value.toString()
    if (typeof value !== 'object' || value === null) return value
    const circle = above.get(value)
    if (circle !== undefined)
      throw new Stop(path, `it refers back to ${circle === '' ? 'the whole value' : `"${circle}"`}`)
    if (above.size >= MAX_DEPTH) throw new Stop(path, `it is nested deeper than ${MAX_DEPTH} levels`)
    above.set(value, path)
    const result = copyObject(value, path, key, converted)
    above.delete(value)
    return result
  }

  const copyObject = (value: object, path: string, key: string, converted: boolean): unknown => {
    const bytes = bytesOf(value)
    if (bytes) return bytesNote(value, bytes)
    if (value instanceof Error) return value.message || value.name
    if (!converted) {
      const toJson = guarded(path, 'toJSON', () => (value as { toJSON?: unknown }).toJSON)
      if (typeof toJson === 'function') {
        const said = guarded(path, 'toJSON', () => toJson.call(value, key))
        // what toJSON gives is not asked for its toJSON again
        if (typeof said !== 'object' || said === null) return copy(said, path, key)
        return said === value ? copyObject(value, path, key, true) : copy(said, path, key, true)
      }
    }
    if (value instanceof Map) return copy(fromMap(value), path, key)
    if (value instanceof Set) return copy([...value], path, key)
    if (Array.isArray(value)) return value.map((item, i) => copy(item, stepTo(path, i), String(i)))
    // JSON.stringify says these as the primitive inside
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf()
    const entries: [string, unknown][] = []
    for (const name of Object.keys(value)) {
      const at = stepTo(path, name)
      const property = guarded(at, 'its getter', () => (value as Record<string, unknown>)[name])
      // a function is dropped here: were it a toJSON, JSON.stringify would call it on the copy
      if (typeof property !== 'function') entries.push([name, copy(property, at, name)])
    }
    return Object.fromEntries(entries)
  }

  try {
    return { ok: true, value: copy(root, '', '') }
  } catch (error) {
    if (error instanceof Stop) return { ok: false, path: error.path, reason: error.message }
    return { ok: false, path: '', reason: errorText(error) }
  }
}
