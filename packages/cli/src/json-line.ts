/** What a terminal or a line reader may take for more than text: C1, DEL, directional overrides, Unicode line ends. JSON may say them escaped. */
const isUnsafe = (code: number): boolean =>
  (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)

/**
 * A value as one line of JSON, always: a bigint is its digits, an Error its name and message, a Map or Set a list, a cycle a note. What
 * cannot be said at all becomes `{ type, unwritable: reason }`.
 */
export const jsonLine = (value: { readonly type: string }): string => {
  try {
    return `${escapeUnsafe(JSON.stringify(value))}\n`
  } catch {
    return careful(value) // a bigint, a cycle, or a toJSON that throws
  }
}

const careful = (value: { readonly type: string }): string => {
  const above: unknown[] = []
  try {
    return `${escapeUnsafe(
      JSON.stringify(value, function (this: unknown, _key, entry: unknown) {
        if (typeof entry === 'bigint') return entry.toString()
        if (typeof entry !== 'object' || entry === null) return entry
        // `this` is the object that holds the entry: what is deeper has been left again.
        while (above.length > 0 && above.at(-1) !== this) above.pop()
        if (above.includes(entry)) return '(refers back to what holds it)'
        const plain = plainOf(entry)
        above.push(plain)
        return plain
      }),
    )}\n`
  } catch (error) {
    const unwritable = error instanceof Error ? error.message : String(error)
    return `${escapeUnsafe(JSON.stringify({ type: value.type, unwritable }))}\n`
  }
}

const plainOf = (value: object): unknown => {
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof Map || value instanceof Set) return [...value]
  return value
}

const escapeUnsafe = (json: string): string => {
  let clean = ''
  let copied = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code < 0x7f || !isUnsafe(code)) continue
    clean += `${json.slice(copied, at)}\\u${code.toString(16).padStart(4, '0')}`
    copied = at + 1
  }
  return copied === 0 ? json : clean + json.slice(copied)
}
