/**
 * The text of anything that was thrown: its message, itself, or its JSON. Never throws, whatever the value does when it is asked: the text of a failure must not
 * be another failure.
 */
export const errorText = (error: unknown): string => {
  try {
    if (error instanceof Error) return String(error.message || error.name)
    const text = String(error)
    return text === '[object Object]' ? (JSON.stringify(error) ?? text) : text
  } catch {
    return 'something that cannot be written as text was thrown'
  }
}

/** Anything that was thrown, as an Error; an Error is itself. */
export const toError = (error: unknown): Error => {
  try {
    if (error instanceof Error) return error
  } catch {
    // a proxy that throws at every question: only a new error can stand for it
  }
  return new Error(errorText(error))
}
