/** Arguments of a call as a value; none are `{}`. What is no JSON stays the text it is. */
export const readArguments = (text: unknown): { readonly value: unknown; readonly isValid: boolean } => {
  if (typeof text !== 'string' || text.trim() === '') return { value: {}, isValid: true }
  try {
    return { value: JSON.parse(text), isValid: true }
  } catch {
    return { value: text, isValid: false }
  }
}
