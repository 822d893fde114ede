/** True for text that every database can keep: without NUL, and without half a character. */
export const isPlain = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text)

/** Begins a key that is kept as JSON, since a hostile call id made it one that databases have no text for. */
const ESCAPED = '\u001b'

/** A key as the table has it. */
export const keyText = (key: string): string =>
  isPlain(key) && !key.startsWith(ESCAPED) ? key : ESCAPED + JSON.stringify(key)

/** The key that the table means. */
export const keyOf = (text: string): string =>
  text.startsWith(ESCAPED) ? (JSON.parse(text.slice(1)) as string) : text
