import { isObject, type JsonObject } from './json-schema.ts'
import { parseJson } from './json-values.ts'

/** What came of a call. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error' | 'limit' | 'rejected'; readonly message: string }
  | { readonly kind: 'none' }

/** The note that ends an answer of this model; cut from outputs, so that a sub-agent's does not appear twice. */
export const NOTE = '(offline model: rule-based, no AI)'

/** Reads the output of a call: JSON or text, or one of the texts that say why there is none. */
export const readOutput = (output: string | undefined): Outcome => {
  if (output === undefined) return { kind: 'none' }
  // An approved call with edited arguments says so on a line of its own.
  const text = output
    .replace(/^\(A person changed the arguments[^\n]*\)\n/, '')
    .replaceAll(NOTE, '')
    .trim()
  const failure = failureIn(text)
  if (failure !== undefined) return failure
  const value = /^[[{"\d-]|^(?:true|false|null)$/.test(text) ? parseJson(text) : undefined
  if (value === undefined) return { kind: 'text', text }
  if (isObject(value)) {
    const message = errorMessage(value)
    if (message !== undefined) return { kind: 'error', message }
  }
  return typeof value === 'string'
    ? (failureIn(value) ?? { kind: 'text', text: value })
    : { kind: 'value', value }
}

const failureIn = (text: string): Outcome | undefined => {
  if (/^(?:tool call )?not executed\b/i.test(text)) return { kind: 'limit', message: text }
  if (/^(?:rejected|denied|declined|not approved)\b/i.test(text))
    return { kind: 'rejected', message: text.replace(/^\w+:\s*/, '') }
  if (/^(?:\w*error|failed|failure|exception|aborted|timed? ?out|unknown tool)\b\s*[:(.]/i.test(text))
    return { kind: 'error', message: text.replace(/^error:\s*/i, '') }
  return undefined
}

const errorMessage = (value: JsonObject): string | undefined => {
  const { error } = value
  if (typeof error === 'string' && error !== '') return error
  if (isObject(error)) return typeof error.message === 'string' ? error.message : JSON.stringify(error)
  if ((value.ok === false || value.success === false) && typeof value.message === 'string')
    return value.message
  return undefined
}

/** The list that an output is or holds: an array, the only array of an object, or the lines of a text. */
export const listIn = (outcome: Outcome): unknown[] | undefined => {
  if (outcome.kind === 'text') {
    const lines = outcome.text.split('\n').filter((line) => line.trim() !== '')
    return lines.length === 1 && /\s/.test(lines[0]!.trim())
      ? undefined
      : lines.map((line) => line.replace(/^\s*[-*•]\s+/, '').trim())
  }
  if (outcome.kind !== 'value') return undefined
  if (Array.isArray(outcome.value)) return outcome.value
  if (!isObject(outcome.value)) return undefined
  const lists = Object.values(outcome.value).filter((value) => Array.isArray(value))
  return lists.length === 1 ? (lists[0] as unknown[]) : undefined
}

/** The paths that an output lists: strings, or the `path`, `file` or `name` of its objects. */
export const pathsIn = (outcome: Outcome): string[] =>
  (listIn(outcome) ?? []).flatMap((entry) => {
    const path = isObject(entry) ? (entry.path ?? entry.file ?? entry.name) : entry
    // `src/a.ts:12: text` of a search.
    return typeof path === 'string' ? [path.replace(/:\d+(?::.*)?$/s, '')] : []
  })
