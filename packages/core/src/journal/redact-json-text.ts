import type { RedactText } from '../middleware/redact-patterns.ts'

/**
 * A text without secrets. One that is JSON is read, looked through as a value and written again, so that it stays JSON and no escape hides anything; the text itself when
 * there was nothing in it. JSON that was cut off ends where the first hidden field begins.
 */
export const mapJsonText = (
  text: string,
  names: ReadonlySet<string>,
  edit: RedactText,
  clean: (value: unknown) => unknown,
): string => {
  if (!/^\s*[{["]/.test(text)) return edit(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return edit(cutAtField(text, names))
  }
  const cleaned = clean(value)
  // Of a name that stands twice in an object only the last value was looked at, so the text itself is looked at, too.
  const isAsItWas = cleaned === value && cutAtField(text, names) === text && edit(text) === text
  if (isAsItWas) return text
  const written = JSON.stringify(cleaned)
  const edited = edit(written)
  // A secret that is JSON itself, or a pattern that spans more than one value.
  return edited === written ? written : JSON.stringify(edited)
}

/** Cut-off JSON cannot be read as a value: nothing after the name of a hidden field is kept. */
const cutAtField = (text: string, names: ReadonlySet<string>): string => {
  if (names.size === 0) return text
  for (const match of text.matchAll(/"((?:[^"\\]|\\.){1,200})"\s*:/g)) {
    if (names.has(nameOf(match[1] ?? '').toLowerCase()))
      return `${text.slice(0, match.index + match[0].length)}"[redacted]"`
  }
  return text
}

const nameOf = (source: string): string => {
  try {
    return JSON.parse(`"${source}"`) as string
  } catch {
    return source
  }
}
