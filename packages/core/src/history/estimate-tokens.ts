/** Characters per token, roughly, over languages and JSON. */
const CHARS_PER_TOKEN = 4
/** What the frame of an item costs. */
const FRAME_TOKENS = 4
/** An image or a file costs by its size in pixels or pages, not by the length of its text. */
const BINARY_CHARS = 4_000

/** Tokens of an item, estimated from its text: good to about a third, and never asks anybody. */
export const estimateTokens = (item: object): number =>
  Math.ceil(charsOf(item) / CHARS_PER_TOKEN) + FRAME_TOKENS

const charsOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  let chars = 0
  for (const [key, entry] of Object.entries(value))
    chars += (key === 'image_url' || key === 'file_data') && entry ? BINARY_CHARS : charsOf(entry)
  return chars
}
