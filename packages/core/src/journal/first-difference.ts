import { createLogRedactor } from './redact-log.ts'

/** Where two JSON values differ first. */
export interface Difference {
  /** `input[3].output`; empty when the values differ as a whole. */
  readonly path: string
  /** Undefined where one has nothing at that place. */
  readonly recorded: unknown
  readonly asked: unknown
}

/** The first place where two JSON values differ, in the order of their fields; the order of keys and fields that are undefined make no difference. */
export const firstDifference = (recorded: unknown, asked: unknown, path = ''): Difference | undefined => {
  if (recorded === asked) return undefined
  if (!isObject(recorded) || !isObject(asked) || Array.isArray(recorded) !== Array.isArray(asked))
    return { path, recorded, asked }
  const isList = Array.isArray(recorded)
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(asked)])) {
    const found = firstDifference(
      own(recorded, name),
      own(asked, name),
      isList ? `${path}[${name}]` : join(path, name),
    )
    if (found !== undefined) return found
  }
  return undefined
}

const shown = createLogRedactor()

/** A difference in two lines, each value shortened to what is around it. Keys of the usual shapes are not shown. */
export const describeDifference = ({ recorded, asked }: Difference): string => {
  // Before anything is cut: half a key would not be known as one.
  const [a, b] = [textOf(shown.value(recorded)), textOf(shown.value(asked))]
  let same = 0
  while (same < a.length && same < b.length && a[same] === b[same]) same++
  const from = same > CHARS_BEFORE * 2 ? same - CHARS_BEFORE : 0
  return `  recorded: ${excerpt(a, from)}\n  asked:    ${excerpt(b, from)}`
}

const CHARS_BEFORE = 20
const CHARS = 120

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const own = (object: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined

const join = (path: string, name: string): string => {
  if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`
  return path === '' ? name : `${path}.${name}`
}

const textOf = (value: unknown): string => (value === undefined ? '(nothing)' : JSON.stringify(value))

const excerpt = (text: string, from: number): string => {
  const end = from + CHARS
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${end < text.length ? '…' : ''}`
}
