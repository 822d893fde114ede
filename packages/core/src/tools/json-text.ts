import { errorText } from '../errors/error-text.ts'
import { type PlainJson, toPlainJson } from './plain-json.ts'

/** The text of a value for the model, or why there is none and where in the value that is. */
export type JsonText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly path: string; readonly reason: string }

const NO_OUTPUT = '(no output)'
/** Deeper than this the careful walk takes over: it knows cycles, and how deep is too deep. */
const GLANCE_DEPTH = 64

/** True when JSON.stringify says the value as it is; looks at everything once, which costs a fraction of stringifying it. */
const isPlain = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint'
  if (depth > GLANCE_DEPTH) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false
    return true
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value instanceof Date
  for (const key in value) if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}

const looksPlain = (value: unknown): boolean => {
  try {
    return isPlain(value, 0)
  } catch {
    // a getter or a proxy threw: the careful walk finds out where
    return false
  }
}

/** A value as JSON can say it, see `toJsonText`; itself when it is so already. Never throws. */
export const asPlainJson = (value: unknown): PlainJson =>
  looksPlain(value) ? { ok: true, value } : toPlainJson(value)

/**
 * Turns what a tool returned into text for the model.
 *
 * A string is itself, undefined is `(no output)`, anything else is JSON, where a bigint is its digits, an Error its message, a
 * Map an object (or pairs, when its keys are no strings), a Set an array, and bytes a note that says how many they are.
 * Functions and symbols go, as they do in JSON. Never throws: a cycle, a `toJSON` or getter that throws, or more text than a
 * string can hold come back as `ok: false` with the place.
 */
export const toJsonText = (value: unknown): JsonText => {
  if (typeof value === 'string') return { ok: true, text: value }
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol')
    return { ok: true, text: NO_OUTPUT }
  if (typeof value === 'bigint') return { ok: true, text: value.toString() }
  try {
    if (looksPlain(value)) return { ok: true, text: JSON.stringify(value) ?? NO_OUTPUT }
    const plain = toPlainJson(value)
    if (!plain.ok) return plain
    // an Error or bytes at the root have become a text: that is the output, without quotes
    if (typeof plain.value === 'string') return { ok: true, text: plain.value }
    return { ok: true, text: JSON.stringify(plain.value) ?? NO_OUTPUT }
  } catch (error) {
    // more text than a string can hold
    return { ok: false, path: '', reason: errorText(error) }
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

const firstChars = (text: string, count: number): string =>
  text.slice(0, count > 0 && isHighSurrogate(text.charCodeAt(count - 1)) ? count - 1 : count)

const lastChars = (text: string, count: number): string => {
  const start = text.length - count
  return text.slice(count > 0 && isLowSurrogate(text.charCodeAt(start)) ? start + 1 : start)
}

/** Of what is kept, how much is from the beginning: the rest shows how it ends. */
const HEAD_SHARE = 0.8

/**
 * Cuts the middle out of a text that is longer than `maxChars` UTF-16 units, with a note in its place that names both sizes.
 *
 * What comes back is never longer than `maxChars` and splits no surrogate pair; lone surrogates become U+FFFD. Costs O(maxChars), and does not keep the long
 * text alive.
 */
export const limitText = (text: string, maxChars: number): string => {
  if (text.length <= maxChars) return text
  const note = (kept: number): string =>
    `\n[… ${kept} of ${text.length} characters shown; the middle is cut …]\n`
  const room = Math.max(0, Math.floor(maxChars))
  const kept = room - note(room).length
  if (kept <= 0) return detach(firstChars(text, room))
  const head = firstChars(text, Math.ceil(kept * HEAD_SHARE))
  const tail = lastChars(text, kept - Math.ceil(kept * HEAD_SHARE))
  return detach(head + note(head.length + tail.length) + tail)
}

/** A slice of a string keeps the whole string in memory; a copy through bytes does not. */
const detach = (text: string): string => Buffer.from(text).toString()
