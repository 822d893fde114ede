const MARKER = 'untrusted_web_content'

/** The frame around everything that comes from the web. Always the same, so that instructions can name it. */
export const FRAME = { open: `<${MARKER}>`, close: `</${MARKER}>` } as const

/**
 * What people do not see and models read: control characters, zero widths, marks that turn the direction of text, variation selectors of the second plane, and the tag characters that
 * spell hidden words. Tabs, line feeds and what joins emoji and letters stay.
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/** The marker, also where its letters are of full width or have something between them that is not seen. */
const MARKER_FORMS = new RegExp(
  [...MARKER]
    .map((letter) => `[${letter}${String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)}]`)
    .join('[\\s\\p{M}\\u200c\\u200d]{0,8}'),
  'giu',
)

/** Text from the web without what hides, and without anything that could end the frame. */
export const neutralise = (text: string): string =>
  text.replace(INVISIBLE, '').replace(MARKER_FORMS, 'untrusted web content')

/** Text from the web on one line, at most `maxChars` of it. */
export const neutraliseLine = (text: string, maxChars: number): string => {
  // What is thrown away is not looked at, but for what may shrink.
  const line = neutralise(text.slice(0, maxChars * 4))
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > maxChars ? `${[...line.slice(0, maxChars + 1)].slice(0, -1).join('')}…` : line
}

/** Text from the web, marked as data. */
export const frame = (text: string): string => `${FRAME.open}\n${neutralise(text)}\n${FRAME.close}`
