import { claimPhrases } from './claim-phrases.ts'
import { type EntityKind, FORMS } from './entity-forms.ts'
import { extensionsOf, isDocumentName } from './file-kinds.ts'
import { isKnownWord } from './synonyms.ts'
import { isStopWord, stem } from './words.ts'

/** A piece of the question that can become an argument. */
export interface Entity {
  readonly kind: EntityKind
  /** The value, without quotes and units. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** The word before and the words after it, lower case: `from`, `to`, `days`, … */
  readonly before: string
  readonly after: string
}

const SMALL_NUMBERS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
]

/** Finds everything in a text that can become an argument, in the order of the text. */
export const findEntities = (text: string): Entity[] => {
  const taken = new Uint8Array(text.length)
  const found: Entity[] = []
  const claim = (kind: EntityKind, value: string, start: number, end: number): void => {
    if (value === '' || taken.subarray(start, end).some((flag) => flag === 1)) return
    taken.fill(1, start, end)
    found.push({
      kind,
      text: value,
      start,
      end,
      before: wordBefore(text, start),
      after: wordsAfter(text, end),
    })
  }
  for (const [kind, form] of FORMS) {
    for (const match of text.matchAll(form)) {
      const start = match.index
      const inner = match.slice(1).find((group) => group !== undefined)
      if (kind === 'name') claimNames(text, match[0], start, claim)
      else if (kind === 'quoted')
        claim(kind, inner ?? match[0].replace(/^```\w*\n?|```$/g, ''), start, start + match[0].length)
      else if (kind === 'path' && !isPath(match[0])) continue
      else if (kind === 'number') claim(kind, match[0].replace(/[,_]/g, ''), start, start + match[0].length)
      else if (kind === 'filetype')
        claim(kind, extensionsOf(match[0])?.[0] ?? match[0].slice(1), start, start + match[0].length)
      else if (kind === 'upper' && match[0].length < 2) continue
      else claim(kind, match[0], start, start + match[0].length)
    }
  }
  for (const match of text.matchAll(/\b[a-z]+\b/gi)) {
    const number = SMALL_NUMBERS.indexOf(match[0].toLowerCase())
    if (number > 1) claim('number', String(number), match.index, match.index + match[0].length)
  }
  claimPhrases(text, taken, claim)
  return joinPaths(
    text,
    found.sort((left, right) => left.start - right.start),
  )
}

const isPath = (text: string): boolean => {
  if (/^(?:and|he|she|his|or|yes|w|n)\/\w+$/i.test(text) || /^\d+\/\d+$/.test(text)) return false
  // `e.g`, `i.e` and versions are no files; a slash or a star decides at once.
  return /[/*]/.test(text) || (/\.[a-z]\w*$/i.test(text) && !/^(?:\w\.)+\w$/.test(text))
}

/** Takes a range of the text for an entity, unless part of it is taken already. */
type Claim = (kind: EntityKind, value: string, start: number, end: number) => void

/** A capitalised word is a name unless it only begins the sentence: `Weather in Paris` has one, `Berlin, please` too. */
const claimNames = (text: string, run: string, start: number, claim: Claim): void => {
  let from = start
  let rest = run
  for (;;) {
    const first = /^\S+/.exec(rest)?.[0] ?? ''
    const lower = first.toLowerCase().replace(/['’]s?$/, '')
    const begins = /(?:^|[.!?:;\n]\s*|["“(]\s*|^[-*]\s+)$/.test(text.slice(0, from))
    const verb =
      begins &&
      /^\s+(?:a|an|the|my|our|your|all|me|us|it|this|that|any|every)\b/.test(text.slice(from + first.length))
    const common = isStopWord(lower) || verb || (isKnownWord(stem(lower)) && (begins || rest === first))
    if (!common || first === '') break
    const skipped = /^\S+\s*/.exec(rest)?.[0].length ?? rest.length
    from += skipped
    rest = rest
      .slice(skipped)
      .replace(/^(?:(?:de|da|do|la|le|el|del|of|van|von|der|den|am|on)\s+)+/, (small) => {
        from += small.length
        return ''
      })
    if (rest === '') return
  }
  const name = rest.replace(/['’]s?$/, '')
  claim('name', name, from, from + name.length)
}

/** `package.json of packages/core` is one path. */
const joinPaths = (text: string, entities: Entity[]): Entity[] => {
  const joined: Entity[] = []
  for (let index = 0; index < entities.length; index++) {
    const file = entities[index]!
    const folder = entities[index + 1]
    const isFile =
      (file.kind === 'path' && !file.text.includes('/')) ||
      (file.kind === 'upper' && isDocumentName(file.text))
    if (
      isFile &&
      folder?.kind === 'path' &&
      /^\s+(?:in|of|from|under|inside|at)\s+(?:the\s+)?$/.test(text.slice(file.end, folder.start)) &&
      !/\.\w+$/.test(folder.text)
    ) {
      joined.push({
        ...file,
        kind: 'path',
        text: `${folder.text.replace(/\/$/, '')}/${file.text}`,
        end: folder.end,
        after: folder.after,
      })
      index++
    } else joined.push(file)
  }
  return joined
}

const wordBefore = (text: string, start: number): string =>
  /([\p{L}\p{N}]+)[^\p{L}\p{N}]*$/u.exec(text.slice(Math.max(0, start - 40), start))?.[1]?.toLowerCase() ?? ''

const wordsAfter = (text: string, end: number): string => {
  const words = text.slice(end, end + 60).match(/[\p{L}\p{N}%€$°]+/gu) ?? []
  return words.slice(0, 2).join(' ').toLowerCase()
}
