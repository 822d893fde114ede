import type { Clause } from './clauses.ts'
import type { MadeCall } from './read-conversation.ts'
import { nameWords } from './words.ts'

/** What a call is about, in the words of its arguments. */
export interface Subject {
  /** The argument itself: `77`. */
  readonly value: string
  /** As a reader would say it: `order 77`. */
  readonly label: string
}

/** True for arguments that are sums: their answer reads `1 + 1 = 2`. */
export const isCalculation = (text: string): boolean =>
  /^[-(\d][\d\s+*/().,^%-]*[-+*/^%][\d\s+*/().,^%-]*$/.test(text)

/** Longest argument that can head a line, in characters and in words. */
const MOST = { chars: 60, words: 4 }

/** The argument that an answer is about: the one that the user wrote, or an id with the name of its kind. */
export const subjectOf = (call: MadeCall, clause: Clause): Subject | undefined => {
  const args = Object.entries(call.args)
  const strings = args.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const texts = strings.filter(([, value]) => canHead(value, clause))
  const written = texts.filter(([, text]) => isWritten(text.replace(/\.md$/, ''), clause.text))
  const only = texts.length === 1 && (isCalculation(texts[0]![1]) || !/[*\s]/.test(texts[0]![1])) ? texts : []
  // Of several, only what was searched for is the topic; a lone later one, such as a unit, is none.
  const one = written.length === 1 ? written : written.length === 0 ? only : []
  const text = written.find(([name]) => SEARCHES.test(name)) ?? one.find((entry) => entry === strings[0])
  if (text !== undefined) return { value: text[1], label: labelOf(text[0], text[1], call) }
  const id =
    written.length > 1 ? undefined : args.find(([name, value]) => typeof value === 'number' && isId(name))
  return id === undefined ? undefined : { value: String(id[1]), label: labelOf(id[0], String(id[1]), call) }
}

const SEARCHES = /^(?:query|q|term|search|keyword|symbol)$/

const canHead = (value: string, clause: Clause): boolean =>
  value !== '' &&
  value !== '.' &&
  value.length <= MOST.chars &&
  (isCalculation(value) || value.split(' ').length <= MOST.words) &&
  value !== clause.text

/** True when the text stands in the question as a whole word. */
const isWritten = (text: string, question: string): boolean => {
  const at = question.toLowerCase().indexOf(text.toLowerCase())
  return at >= 0 && !/\p{L}/u.test(`${question[at - 1] ?? ''}${question[at + text.length] ?? ''}`)
}

const ID_WORDS = /^(?:id|ids|number|no|nr|key|code|ref)$/

const isId = (name: string): boolean => nameWords(name).some((word) => ID_WORDS.test(word))

/** `order_id: 77` is `order 77`, `get_user({ id: 42 })` is about `user 42`. */
const labelOf = (name: string, value: string, call: MadeCall): string => {
  if (!isId(name) || !/\d/.test(value)) return value
  const kind = nameWords(name).filter((word) => !ID_WORDS.test(word))
  const noun = kind.length > 0 ? kind.join(' ') : nameWords(call.name).slice(1).at(-1)
  return noun === undefined ? value : `${noun} ${value}`
}
