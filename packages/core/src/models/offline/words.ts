/** One word of a text: where it stands and what it is compared by. */
export interface Word {
  /** As written. */
  readonly text: string
  /** Lower-case, cut to a stem: `Files` and `file` have the same one. */
  readonly stem: string
  /** Offset of the first character in the text. */
  readonly start: number
  /** Offset after the last character. */
  readonly end: number
}

const STOP = new Set(
  `a about after again all also am an and any are as at be been before being but by can could dear did do does doing
  done each else every for from get give go got had has have having he help her here him his how i if in
  into is it its just kindly know let like many may me might mine more most much must my need no not now of off ok on
  one only onto or other our out over own per please shall she should since so some such than thank thanks that the
  their them then there these they thing things this those through to too under until up upon us using very via want
  was we were what when which while who whom whose why will wish with within without would yes yet you your tell
  show s t m re ve ll d`.split(/\s+/),
)

/** True for words that say nothing about the topic, such as `the` or `please`. Expects lower case. */
export const isStopWord = (lower: string): boolean => STOP.has(lower)

/** Light English stemming: enough that `files`, `file`, `converting` and `converts` meet. Expects lower case. */
export const stem = (lower: string): string => {
  let word = lower.replace(/['’]s?$/, '')
  if (word.length > 4 && word.endsWith('ies')) word = `${word.slice(0, -3)}y`
  else if (word.length > 4 && /(?:s|x|z|ch|sh)es$/.test(word)) word = word.slice(0, -2)
  else if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word)) word = word.slice(0, -1)
  if (word.length > 5 && word.endsWith('ing')) word = undouble(word.slice(0, -3))
  else if (word.length > 4 && word.endsWith('ed')) word = undouble(word.slice(0, -2))
  if (word.length > 3 && word.endsWith('e')) word = word.slice(0, -1)
  return word
}

const undouble = (word: string): string =>
  /([b-df-hj-kmnp-rtv-xz])\1$/.test(word) ? word.slice(0, -1) : word

/** The words of a text in order, stop words included. */
export const wordsOf = (text: string): Word[] => {
  const words: Word[] = []
  for (const match of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’]*/gu)) {
    const start = match.index
    words.push({ text: match[0], stem: stem(match[0].toLowerCase()), start, end: start + match[0].length })
  }
  return words
}

/** An identifier cut into lower-case words: `getUserId`, `get-user-id` and `get_user_id` give the same three. */
export const nameWords = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())

/** Stems of the words of a text that carry meaning. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !isStopWord(word.text.toLowerCase()))
    .map((word) => word.stem)
