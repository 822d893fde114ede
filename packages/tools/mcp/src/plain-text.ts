/**
 * Characters that a person does not see and a model reads: tags, marks of direction, those of no width, and controls other than line ends and tabs.
 * Texts of strangers hide instructions in them.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** The text without what cannot be seen, and no longer than `most` characters. */
export const plainText = (text: string, most: number): string => {
  const seen = text.replace(UNSEEN, '')
  return seen.length <= most ? seen : `${wholeUpTo(seen, most)} …`
}

/** The beginning of a text, without half of a surrogate pair at its end. */
export const wholeUpTo = (text: string, most: number): string => {
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most
  return text.slice(0, end)
}
