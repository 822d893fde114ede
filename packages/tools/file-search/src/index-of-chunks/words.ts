import { stemmer } from 'stemmer'

/** Longest word that is kept; what is longer counts by its beginning. */
const MAX_WORD = 40
/** Most different words of a question. */
const MAX_QUERY_WORDS = 64
/** Longest question that is looked at, in characters. */
const MAX_QUERY_LENGTH = 10_000

/** Words with what joins them: `pthread_mutex_lock`, `apt-get`, `node.js`, `don't`. */
const JOINED = /[\p{L}\p{N}\p{M}]+(?:[_.'’-][\p{L}\p{N}\p{M}]+)*/gu
const PARTS = /[\p{L}\p{N}\p{M}]+/gu
/** Where a word in camel case has its parts. */
const HUMPS = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u
/** Scripts that put no space between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]+/gu
const ACCENTS = /[\u0300-\u036f]/g

/**
 * The words of a text as the index has them: lower case, without accents, English ones by their stem. Identifiers count in parts and as a whole; scripts without spaces in
 * pairs of characters. A word has letters, digits and marks, and nothing else.
 */
export const wordsOf = (text: string): string[] => {
  const words: string[] = []
  for (const [joined] of text.normalize('NFKC').matchAll(JOINED)) {
    let own = joined.length <= MAX_REMEMBERED_LENGTH ? remembered.get(joined) : undefined
    if (own === undefined) {
      own = wordsOfOne(joined)
      if (joined.length <= MAX_REMEMBERED_LENGTH) {
        if (remembered.size >= MAX_REMEMBERED) remembered.clear()
        remembered.set(joined, own)
      }
    }
    for (const word of own) words.push(word)
  }
  return words
}

/** Words come again and again: most of the work is done once. */
const remembered = new Map<string, readonly string[]>()
const MAX_REMEMBERED = 20_000
const MAX_REMEMBERED_LENGTH = 40

const wordsOfOne = (joined: string): string[] => {
  const words: string[] = []
  const parts = joined.match(PARTS) ?? []
  const pieces = parts.length > MAX_PIECES ? parts : parts.flatMap(humps)
  for (const piece of pieces) addWord(words, piece)
  if (pieces.length > 1 && pieces.length <= MAX_PIECES) addWord(words, parts.join(''))
  return words
}

/** A chain of more pieces than that is not a name. */
const MAX_PIECES = 8

const humps = (part: string): string[] => {
  const pieces = part.length > MAX_WORD * 2 ? [part] : part.split(HUMPS)
  return pieces.length > MAX_PIECES ? [part] : pieces
}

const addWord = (words: string[], piece: string): void => {
  const plain = piece.toLowerCase().normalize('NFD').replace(ACCENTS, '').normalize('NFC')
  let from = 0
  for (const match of plain.matchAll(UNSPACED)) {
    push(words, plain.slice(from, match.index))
    pairs(words, match[0])
    from = match.index + match[0].length
  }
  push(words, from === 0 ? plain : plain.slice(from))
}

const push = (words: string[], word: string): void => {
  if (word === '') return
  const kept = word.length > MAX_WORD ? (word.slice(0, MAX_WORD).match(PARTS)?.[0] ?? '') : word
  if (kept !== '') words.push(/^[a-z]{4,}$/.test(kept) ? stemmer(kept) : kept)
}

const pairs = (words: string[], run: string): void => {
  const characters = [...run]
  if (characters.length === 1) words.push(run)
  for (let at = 1; at < characters.length; at++) words.push(`${characters[at - 1]}${characters[at]}`)
}

/** What a question consists of, each word once. Small English words count only where there is nothing else. */
export const queryWords = (text: string): string[] => {
  const all = [...new Set(wordsOf(text.slice(0, MAX_QUERY_LENGTH)))]
  const telling = all.filter((word) => !SMALL_WORDS.has(word))
  return (telling.length > 0 ? telling : all).slice(0, MAX_QUERY_WORDS)
}

const SMALL_WORDS: ReadonlySet<string> = new Set(
  wordsOf(
    'a an and are as at be but by can could did do does for from had has have how i if in into is it its me my no not of on or our shall should so such than that the their them then there these they this to was we were what when where which who why will with would you your',
  ),
)
