/** The text of a field that may be a text, a part, or a list of parts. */
export const textIn = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textIn).join('')
  if (typeof value === 'object' && value !== null) return textIn((value as { text?: unknown }).text)
  return ''
}
