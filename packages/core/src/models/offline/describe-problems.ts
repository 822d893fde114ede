import { subjectOf } from './call-subject.ts'
import type { Clause } from './clauses.ts'
import { fieldWords, shortText } from './describe-value.ts'
import { looksLikeFile } from './file-kinds.ts'
import { NOT_FOUND } from './follow-up.ts'
import type { MadeCall } from './read-conversation.ts'
import type { Outcome } from './read-output.ts'

/** A call of this turn and what came of it. */
export interface Done {
  readonly call: MadeCall
  readonly outcome: Outcome
  /** The question asked for it; false for corrections and searches that the model added. */
  readonly planned: boolean
}

/** One line for each call that gave nothing: what was not done, and why. Calls over a limit share a line. */
export const problemLines = (clause: Clause, problems: readonly Done[]): string[] => {
  const limited = problems.filter(({ outcome }) => outcome.kind === 'limit')
  const lines = limited.length === 0 ? [] : [limitLine(clause, limited)]
  for (const { call, outcome } of problems) {
    const name = callName(call, clause)
    if (outcome.kind === 'rejected')
      lines.push(`${name} was rejected${because(outcome.message)}. Nothing was done.`)
    else if (outcome.kind === 'error') lines.push(errorLine(call, clause, outcome.message))
    else if (outcome.kind === 'none') lines.push(`${name} has no result yet.`)
  }
  return lines
}

const limitLine = (clause: Clause, limited: readonly Done[]): string => {
  const names = limited.map(({ call }) => callName(call, clause)).join(', ')
  const first = limited[0]?.outcome
  const message = first?.kind === 'limit' ? first.message : ''
  const [, limit, most] = /limit (\w+) reached \(\d+ of (\d+)\)/i.exec(message) ?? []
  const why =
    limit === undefined
      ? shortText(message.replace(/^not executed:\s*/i, ''), 120).replace(/\.$/, '')
      : `the ${fieldWords(limit)} limit of ${most} was reached`
  return `Not done: ${names} (${why}).`
}

const because = (message: string): string =>
  /^(?:rejected)?\W*$/i.test(message) ? '' : `: ${shortText(message, 160).replace(/\.$/, '')}`

const errorLine = (call: MadeCall, clause: Clause, message: string): string => {
  const subject = subjectOf(call, clause)?.value
  if (subject !== undefined && looksLikeFile(subject) && NOT_FOUND.test(message))
    return `${call.name} found no ${subject}.`
  const said = shortText(message.replace(/\n?Correct the arguments and call again\.$/, ''), 200).replace(
    /\.$/,
    '',
  )
  return `${callName(call, clause)} failed: ${said}.`
}

const callName = (call: MadeCall, clause: Clause): string => {
  const subject = subjectOf(call, clause)?.label
  return subject === undefined ? call.name : `${call.name} for ${subject}`
}
