import { MAX_RUN, wholeCharacter } from './count-tokens.ts'

/** How good a place is to cut at: after a paragraph, a line, a sentence, a word, or anywhere. */
export const BORDER = { paragraph: 4, line: 3, sentence: 2, word: 1, none: 0 } as const

/** A stretch of text that ends at a border. */
export interface Stretch {
  readonly start: number
  readonly end: number
  readonly border: number
}

/** Longest stretch that is kept whole, in characters. Chunks are put together of such. */
const MAX_STRETCH = 400

/** The end of a paragraph, a line, or a sentence: the latter also in scripts without spaces. Spaces belong to the words behind them, as tokenizers have it. */
const ENDS = /(?:[.!?…]["'”’)\]]*[^\S\n]*)?(?:\n\s*\n|\n)|[.!?…]["'”’)\]]*(?=\s)|[。！？]["'”’）】」]*/gu

/** Divides a text at its borders; the stretches follow each other without a gap. */
export function* stretches(text: string): Generator<Stretch> {
  let start = 0
  ENDS.lastIndex = 0
  for (let from = 0; from < text.length; ) {
    ENDS.lastIndex = from
    const match = ENDS.exec(text)
    const end = match === null ? text.length : match.index + match[0].length
    from = end
    yield* words(text, start, end, match === null ? BORDER.paragraph : borderOf(match[0]))
    start = end
  }
}

const borderOf = (sign: string): number => {
  const first = sign.indexOf('\n')
  if (first === -1) return BORDER.sentence
  return sign.indexOf('\n', first + 1) === -1 ? BORDER.line : BORDER.paragraph
}

/** A stretch in pieces of words, where it is too long to be kept. */
function* words(text: string, start: number, end: number, border: number): Generator<Stretch> {
  let at = start
  while (end - at > MAX_STRETCH) {
    const cut = lastSpace(text, at, at + MAX_STRETCH)
    if (cut > at) {
      yield { start: at, end: cut, border: BORDER.word }
      at = cut
    } else {
      const hard = wholeCharacter(text, at + MAX_RUN)
      yield { start: at, end: hard, border: BORDER.none }
      at = hard
    }
  }
  if (end > at) yield { start: at, end, border }
}

/** The place before the last space between two places; the first of them when there is none. */
const lastSpace = (text: string, from: number, to: number): number => {
  for (let at = to; at > from; at--)
    if (isSpace(text.charCodeAt(at)) && !isSpace(text.charCodeAt(at - 1))) return at
  return from
}

const isSpace = (unit: number): boolean => unit === 32 || unit === 9 || unit === 160 || unit === 0x3000
