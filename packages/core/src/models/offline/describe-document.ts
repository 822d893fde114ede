import type { Clause } from './clauses.ts'
import { shortText } from './describe-value.ts'
import { excerpt } from './excerpt.ts'
import { isObject } from './json-schema.ts'
import type { Outcome } from './read-output.ts'
import { contentStems } from './words.ts'

/** A text too long to repeat. */
export interface Document {
  readonly name: string | undefined
  readonly text: string
}

/** Lines shown of a source file. */
const SHOWN = 8

/** The document that an output is, or holds in a field such as `content`. */
export const documentIn = (outcome: Outcome, subject: string | undefined): Document | undefined => {
  if (outcome.kind === 'text') {
    return isLong(outcome.text) && !isListing(outcome.text)
      ? { name: subject, text: outcome.text }
      : undefined
  }
  if (outcome.kind !== 'value' || !isObject(outcome.value)) return undefined
  const text = Object.entries(outcome.value).find(
    ([name, field]) =>
      /^(?:content|contents|text|body|markdown|source|data)$/i.test(name) &&
      typeof field === 'string' &&
      isLong(field),
  )
  if (text === undefined) return undefined
  const name = outcome.value.path ?? outcome.value.file ?? outcome.value.title ?? outcome.value.name
  return { name: typeof name === 'string' ? name : subject, text: String(text[1]) }
}

const isLong = (text: string): boolean => text.length > 240 || text.trim().split('\n').length > 4

/** True for lines that are paths or search hits. */
export const isListing = (text: string): boolean => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const entries = lines.filter((line) =>
    /^\s*[-*]?\s*(?:[\w.@/-]+\/?|[\w.@/ -]+:\d+[:-].*)$/.test(line),
  ).length
  return lines.length > 0 && entries >= lines.length * 0.7 && (lines.length > 1 || /[/:]/.test(text))
}

const CODE = /\.(?:[cm]?[jt]sx?|py|rs|go|java|rb|css|sql|sh|c|h|cpp|json|ya?ml|toml)$/i

/** The lines of a document that the clause is about. */
export const describeDocument = ({ name, text }: Document, clause: Clause): string => {
  const lines =
    name !== undefined && CODE.test(name) ? codeLines(text, clause) : excerpt(text, wordsAbout(clause, name))
  if (lines.length === 0) return `${name ?? 'The document'} is empty.`
  const verb = /\bask/i.test(clause.text) ? 'asks' : /\bsays?\b/i.test(clause.text) ? 'says' : undefined
  const lead = name === undefined ? 'It says:' : verb === undefined ? `From ${name}:` : `${name} ${verb}:`
  return `${lead}\n${lines.map((line) => `- ${line}`).join('\n')}`
}

/** The clause without the name of the document, which would match every line of it. */
const wordsAbout = (clause: Clause, name: string | undefined): string => {
  const stem = name
    ?.replace(/\.\w+$/, '')
    .split('/')
    .at(-1)
    ?.replace(/[^\w-]/g, '.')
  return stem === undefined || stem === ''
    ? clause.text
    : clause.text.replace(new RegExp(`${stem}(?:\\.\\w+)?`, 'gi'), '')
}

const codeLines = (text: string, clause: Clause): string[] => {
  const lines = text.split('\n').filter((line) => /[\p{L}\p{N}]/u.test(line))
  const about = lines.filter((line) => contentStems(line).some((word) => clause.stems.includes(word)))
  return (about.length > 0 ? about : lines).slice(0, SHOWN).map((line) => shortText(line, 160))
}
