import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base'

/** Texts that mean something to a model, such as `<|endoftext|>`, are words like all others here. */
const PLAIN = { disallowedSpecial: new Set<string>() }

/**
 * Longest run without a border that is counted at once: what pairs of bytes are merged costs its square. Beyond it a run is counted in pieces, which gives a few tokens
 * more than there are.
 */
export const MAX_RUN = 200

/** A run that is too long for the tokenizer: letters, spaces or signs without a change between them. */
const LONG_RUN = new RegExp(
  `[\\p{L}\\p{M}\\p{N}_]{${MAX_RUN},}|\\s{${MAX_RUN},}|[^\\s\\p{L}\\p{N}]{${MAX_RUN},}`,
  'u',
)

/** How many tokens a text has, by the encoding of today's models (o200k). */
export const countTokens = (text: string): number => {
  if (text.length < MAX_RUN || !LONG_RUN.test(text)) return count(text, PLAIN)
  let tokens = 0
  for (let at = 0; at < text.length; ) {
    const end = wholeCharacter(text, at + MAX_RUN)
    tokens += count(text.slice(at, end), PLAIN)
    at = end
  }
  return tokens
}

/** The place at or before `at` that divides no character. */
export const wholeCharacter = (text: string, at: number): number => {
  if (at >= text.length) return text.length
  const unit = text.charCodeAt(at)
  const before = text.charCodeAt(at - 1)
  return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff ? at - 1 : at
}
