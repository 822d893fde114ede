/** C0 but tab and newline, DEL and C1: what a terminal obeys. Directional overrides and isolates: what makes text look like another. */
const isHostile = (code: number): boolean =>
  code < 0x20
    ? code !== 0x0a && code !== 0x09
    : (code >= 0x7f && code <= 0x9f) ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069)

const visible = (code: number): string => {
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `\\u${code.toString(16).padStart(4, '0')}`
}

/**
 * A text that a terminal only shows and never obeys: control characters become visible signs (`␛`, `␇`, `\u009b`), so nothing is hidden.
 * A carriage return before a line break goes away. Tabs and line breaks stay.
 */
export const neutralise = (text: string): string => {
  let clean = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (!isHostile(code)) continue
    const endsLine = code === 0x0d && (at + 1 === text.length || text.charCodeAt(at + 1) === 0x0a)
    clean += text.slice(copied, at) + (endsLine ? '' : visible(code))
    copied = at + 1
  }
  return copied === 0 ? text : clean + text.slice(copied)
}

/** The same on one line of at most `maxChars` characters. */
export const oneLine = (text: string, maxChars: number): string => {
  // Only what can be shown is looked at: the text may be megabytes.
  const line = neutralise(text.slice(0, maxChars * 4))
    .replace(/\s+/g, ' ')
    .trim()
  const chars = [...line]
  const cut = chars.length > maxChars || text.length > maxChars * 4
  return cut ? `${chars.slice(0, maxChars - 1).join('')}…` : line
}
