import { isCalculation, subjectOf } from './call-subject.ts'
import type { Clause } from './clauses.ts'
import { countEntries, describeCount } from './count-entries.ts'
import { describeDocument, documentIn, isListing } from './describe-document.ts'
import { describeValue, shortText } from './describe-value.ts'
import type { MadeCall } from './read-conversation.ts'
import { listIn, type Outcome } from './read-output.ts'

/** A call that gave something back, and the clause it answers. */
export interface Answered {
  readonly call: MadeCall
  readonly outcome: Extract<Outcome, { kind: 'value' | 'text' }>
  readonly clause: Clause
}

/** Entries shown of a long list. */
const SHOWN = 8

/** What a call found, as the question asks for it. */
export const describeCall = (answered: Answered): string => {
  const { call, outcome, clause } = answered
  const subject = subjectOf(call, clause)
  const label = subject?.label
  if (clause.asks === 'count') {
    const counted = countEntries(outcome, clause)
    if (counted !== undefined) return describeCount(counted, clause, placeOf(call, clause))
  }
  const document = documentIn(outcome, subject?.value)
  if (document !== undefined) return describeDocument(document, clause)
  if (outcome.kind === 'text' && !isListing(outcome.text)) return describeText(outcome.text, label)
  const list = listIn(outcome)
  if (list !== undefined && list.length > 0 && (outcome.kind === 'text' || list.length > 3)) {
    return describeList(list, clause, subject?.value)
  }
  // Only a question picks fields; what a command did is told whole.
  const stems = QUESTION.test(clause.text) ? clause.stems : []
  const text = describeValue(outcome.kind === 'value' ? outcome.value : outcome.text, stems, subject?.value)
  if (text === 'nothing') return nothing(label)
  if (subject === undefined || label === undefined) return sentence(capitalised(text))
  if (text.toLowerCase().startsWith(subject.value.toLowerCase())) return sentence(text)
  return isCalculation(label) ? `${label} = ${sentence(text)}` : `${label}: ${sentence(text)}`
}

const QUESTION = /\?|^(?:what|who|which|how|when|where|is|are|does|do|can|tell|show|give)\b/i

/** Words get a capital, names in code do not. */
const capitalised = (text: string): string =>
  /^[a-z]+(?:[ ,;].*)?$/s.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text

const nothing = (subject: string | undefined): string =>
  `Nothing was found${subject === undefined ? '' : ` for ${subject}`}.`

const placeOf = (call: MadeCall, clause: Clause): string | undefined => {
  const texts = Object.values(call.args).filter((value): value is string => typeof value === 'string')
  const place = clause.entities.find(
    (entity) => entity.kind === 'path' || entity.kind === 'name' || entity.kind === 'phrase',
  )
  return texts.find(
    (text) => place !== undefined && text.toLowerCase() === place.text.toLowerCase().replace(/\/$/, ''),
  )
}

const describeText = (text: string, subject: string | undefined): string => {
  const whole = text.trim()
  if (whole === '') return nothing(subject)
  const mentions = subject === undefined || whole.toLowerCase().includes(subject.toLowerCase())
  return mentions || whole.includes('\n') ? sentence(whole) : `${subject}: ${sentence(whole)}`
}

const describeList = (list: readonly unknown[], clause: Clause, subject: string | undefined): string => {
  const entries = list.map((entry) => shortText(describeValue(entry, []), 160))
  // `where is X defined`: the line that defines it, before all that mention it.
  const definition =
    subject === undefined || clause.asks !== 'where'
      ? undefined
      : entries.find((entry) => defines(entry, subject))
  const ordered =
    definition === undefined ? entries : [definition, ...entries.filter((entry) => entry !== definition)]
  const more = list.length > SHOWN ? [`- … and ${list.length - SHOWN} more`] : []
  const about =
    subject === undefined
      ? ''
      : clause.entities.some((entity) => entity.kind === 'path' && entity.text === subject)
        ? ` in ${subject}`
        : ` for ${subject}`
  const lead = `${list.length} ${list.length === 1 ? 'result' : 'results'}${about}${definition === undefined ? ':' : ', the definition first:'}`
  return [lead, ...ordered.slice(0, SHOWN).map((entry) => `- ${entry}`), ...more].join('\n')
}

const DEFINES = /\b(?:const|let|var|function|class|interface|type|enum|def|fn|struct|trait|func)\s+$/

const defines = (entry: string, subject: string): boolean => {
  const at = entry.indexOf(subject, Math.max(0, entry.search(/:\d+[:-]/)))
  return at > 0 && DEFINES.test(entry.slice(0, at))
}

const sentence = (text: string): string => (/[.!?…:)\]}]$/.test(text) ? text : `${text}.`)
