const MARKER = 'untrusted_file_content'

/** The frame around what comes from files. Always the same, so that instructions can name it. */
export const FRAME = { open: `<${MARKER}>`, close: `</${MARKER}>` } as const

/**
 * What people do not see and models read: control characters, zero widths, marks that turn the direction of text, and the tag characters that spell hidden words. Tabs and line
 * feeds stay, and so does what joins emoji and letters.
 */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/gu

/** What could end the frame, or pass for a line of ours. */
const FORGED = /untrusted[\s_\p{M}]*file[\s_\p{M}]*content/giu
const HEADING = /^===/gm

/** Text of a file, without what hides, what could end the frame and what looks like a heading of ours. */
export const neutralise = (text: string): string =>
  text.replace(HIDDEN, '').replace(FORGED, 'untrusted file content').replace(HEADING, '==')

/** A name on one line, as it may stand in brackets. */
export const neutraliseName = (name: string): string => {
  const line = neutralise(name)
    .replace(/[[\]【】|\s]+/g, ' ')
    .trim()
  return [...line].slice(0, 100).join('') || 'file'
}
