import { type Entity, findEntities } from './entities.ts'
import type { EntityKind } from './entity-forms.ts'
import { isKnownWord } from './synonyms.ts'
import { isStopWord, stem, wordsOf } from './words.ts'

/** One thing that the question asks for. */
export interface Clause {
  /** As written, trimmed. */
  readonly text: string
  readonly entities: readonly Entity[]
  /** Stems of the words that carry meaning and belong to no entity, each once. */
  readonly stems: readonly string[]
  /** `count` for "how many …", `content` for "what does … say", `where` for "where is …". */
  readonly asks: 'count' | 'content' | 'where' | 'other'
  /** Stems of verbs that must not be done: the `delete` of "do not delete". */
  readonly forbidden: readonly string[]
}

const BEGINS =
  'what|how|who|whom|whose|when|where|which|why|is|are|was|were|does|do|did|can|could|will|would|should|please|then|also|tell|show|give'

/** A longer input is material, such as a text to summarise; its end asks for nothing. */
const MOST_CHARS = 8_000

/** Cuts a question into what it asks for: at the ends of sentences, and where a new question or command begins. */
export const splitClauses = (question: string): Clause[] => {
  const sentences = question
    .slice(0, MOST_CHARS)
    .split(/(?<=[.!?;])\s+(?=\S)|\n+|(?<=[.!?])$/)
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
  const clauses: Clause[] = []
  for (const sentence of sentences) {
    for (const piece of splitSentence(sentence)) clauses.push(readClause(piece))
  }
  return clauses
}

const splitSentence = (sentence: string): string[] => {
  const pieces: string[] = []
  let from = 0
  const quotes = quotedRanges(sentence)
  for (const match of sentence.matchAll(
    /\s*,?\s*\b(?:and then|and also|and|then|but|as well as|plus)\s+|,\s+|;\s*/gi,
  )) {
    const next = match.index + match[0].length
    if (match.index <= from || quotes.some(([start, end]) => match.index > start && match.index < end))
      continue
    if (!beginsClause(sentence.slice(next), sentence.slice(from, match.index))) continue
    pieces.push(sentence.slice(from, match.index))
    from = next
  }
  pieces.push(sentence.slice(from))
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '')
}

const quotedRanges = (text: string): Array<[number, number]> =>
  [...text.matchAll(/"[^"]*"|`[^`]*`|“[^”]*”|(?<![\p{L}\p{N}])'[^']*'/gu)].map((match) => [
    match.index,
    match.index + match[0].length,
  ])

const beginsClause = (all: string, before: string): boolean => {
  const rest = all.replace(/^(?:only|just|instead|simply|rather|please|also|then)\s+/i, '')
  const first = /^[\p{L}'’]+/u.exec(rest)?.[0]
  if (first === undefined) return false
  if (new RegExp(`^(?:${BEGINS})$`, 'i').test(first))
    return wordsOf(before).some((word) => isKnownWord(word.stem) || !isStopWord(word.text.toLowerCase()))
  // A command: a lower-case verb that the model knows, with something after it: "… and read b.txt".
  if (first !== first.toLowerCase() || !isVerb(first)) return false
  return wordsOf(rest).length > 1 && !/^\S+\s*(?:,|and|or)\b/.test(rest)
}

const VERBS = new Set(
  `list read open show search find grep look count calculate compute add subtract multiply divide sum send email mail
  message notify post convert exchange translate delete remove erase drop create make write save store update change edit
  set rename refund pay charge order buy book reserve schedule cancel summarise summarize research investigate fetch
  download run execute test check verify tell describe explain print view get say compare report reply answer call ask
  draft plan file ship deploy publish upload`
    .split(/\s+/)
    .map(stem),
)

const isVerb = (word: string): boolean => VERBS.has(stem(word.toLowerCase()))

/** Entities whose words say something about the tool, too: the `times` of `6 times 7`. */
const STILL_WORDS: ReadonlySet<EntityKind> = new Set(['phrase', 'filetype', 'expression'])

const OPERATIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\+/, 'add'],
  [/[*×]/, 'multiply'],
  [/\d\s*-\s*\d/, 'subtract'],
  [/[/÷]/, 'divide'],
]

/** Reads a text as one clause. */
export const readClause = (text: string): Clause => {
  const entities = withReadme(text, findEntities(text))
  const claimed = (start: number): boolean =>
    entities.some((one) => !STILL_WORDS.has(one.kind) && start >= one.start && start < one.end)
  const stems = new Set<string>()
  const forbidden = new Set<string>()
  const words = wordsOf(text)
  words.forEach((word, index) => {
    const lower = word.text.toLowerCase()
    const previous = words[index - 1]?.text.toLowerCase() ?? ''
    if (/^(?:not|never|without|don['’]t|doesn['’]t)$/.test(previous) && isVerb(lower))
      forbidden.add(word.stem)
    else if (lower === 'many' && previous === 'how') stems.add('howmany')
    else if (lower === 'where') stems.add('where')
    else if (!isStopWord(lower) && !claimed(word.start) && !/^\d+$/.test(lower)) stems.add(word.stem)
  })
  for (const entity of entities) {
    if (entity.kind !== 'expression') continue
    for (const [sign, word] of OPERATIONS) if (sign.test(entity.text)) stems.add(stem(word))
  }
  return {
    text,
    entities,
    stems: [...stems],
    forbidden: [...forbidden],
    asks: asked(withoutQuotes(text, entities)),
  }
}

/** `What is this project about?` is a question to its README. */
const withReadme = (text: string, entities: Entity[]): Entity[] => {
  const project =
    /\b(?:this|the|our) (?:repo(?:sitory)?|project|codebase|checkout)\b(?=\s*(?:about|for|do\b|[?.!]|$))/i.exec(
      text,
    )
  if (project === null || entities.some((entity) => entity.kind === 'path' || entity.kind === 'upper'))
    return entities
  const start = project.index
  return [
    ...entities,
    { kind: 'upper', text: 'README', start, end: start + project[0].length, before: '', after: '' },
  ]
}

const withoutQuotes = (text: string, entities: readonly Entity[]): string =>
  entities.reduce(
    (rest, one) =>
      one.kind === 'quoted'
        ? rest.slice(0, one.start) + ' '.repeat(one.end - one.start) + rest.slice(one.end)
        : rest,
    text,
  )

const asked = (text: string): Clause['asks'] => {
  if (/\b(?:how many|number of|count)\b/i.test(text)) return 'count'
  if (/\bwhere\b|\bwhich files?\b/i.test(text)) return 'where'
  return /\b(?:what|which|read|show|say|says|ask|asks|contain|contains|summari[sz]e|describe|explain|tell)\b/i.test(
    text,
  )
    ? 'content'
    : 'other'
}
