import type { Clause } from './clauses.ts'
import { type Answered, describeCall } from './describe-call.ts'
import { type Done, problemLines } from './describe-problems.ts'
import { fieldWords, shortText } from './describe-value.ts'
import { excerpt } from './excerpt.ts'
import { descriptionOf } from './json-schema.ts'
import { callKey, type Plan } from './plan-calls.ts'
import type { MadeCall, Turn } from './read-conversation.ts'
import { NOTE, readOutput } from './read-output.ts'
import type { Tool } from './read-tools.ts'
import { smallTalk } from './small-talk.ts'

/** The answer as text, clause by clause, and at its end the note that says what answered. */
export const composeAnswer = (plan: Plan, turn: Turn, tools: readonly Tool[], seed: number): string => {
  const blocks = answerBlocks(plan, turn, tools, seed)
  const body = blocks.join(blocks.some((block) => block.includes('\n')) || blocks.length > 3 ? '\n\n' : ' ')
  return `${body}${body.includes('\n') ? '\n\n' : ' '}${NOTE}`
}

/** The parts of the answer without the note. */
export const answerBlocks = (plan: Plan, turn: Turn, tools: readonly Tool[], seed: number): string[] => {
  const byClause = groupByClause(plan, turn)
  const blocks: string[] = []
  const talk = plan.clauses.map((clause) => smallTalk(clause.text, seed))
  plan.clauses.forEach((clause, index) => {
    const done = byClause.get(index) ?? []
    if (done.length > 0) blocks.push(...clauseBlocks(clause, done))
    const lacking = plan.lacking.filter(
      (one) => one.clause === index && !done.some(({ call }) => call.name === one.tool.name),
    )
    for (const one of lacking) blocks.push(askFor(one.tool, one.parameters))
    if (done.length > 0 || lacking.length > 0) return
    const reply = talk[index]
    if (reply !== undefined) {
      if (byClause.size > 0) blocks.push(reply)
    } else if (byClause.size > 0 && isTopic(clause))
      blocks.push(`I have no tool for “${shortText(clause.text, 80)}”.`)
  })
  if (blocks.length > 0) return blocks
  const onlyTalk = talk.length > 0 && talk.every((reply) => reply !== undefined)
  return [onlyTalk ? (talk[0] ?? '') : withoutTools(turn.question, tools)]
}

const isTopic = (clause: Clause): boolean =>
  clause.stems.length > 1 && /\?$|^(?:what|how|who|when|where|which|why)\b/i.test(clause.text)

const groupByClause = (plan: Plan, turn: Turn): Map<number, Done[]> => {
  const planned = new Map(plan.calls.map((call) => [callKey(call.tool.name, call.args), call.clause]))
  const groups = new Map<number, Done[]>()
  for (const call of turn.calls) {
    if (call.name.startsWith('transfer_to_')) continue
    const clause = planned.get(callKey(call.name, call.args))
    const index = clause ?? closestClause(plan, call)
    const group = groups.get(index)
    const done = { call, outcome: readOutput(call.output), planned: clause !== undefined }
    if (group === undefined) groups.set(index, [done])
    else group.push(done)
  }
  return groups
}

/** The clause that a call belongs to which is not in the plan: a correction, or a call with edited arguments. */
const closestClause = (plan: Plan, call: MadeCall): number => {
  const args = JSON.stringify(call.args).toLowerCase()
  const named = plan.clauses.findIndex((clause) =>
    clause.entities.some((entity) => entity.kind !== 'phrase' && args.includes(entity.text.toLowerCase())),
  )
  if (named >= 0) return named
  return (
    plan.calls.find((planned) => planned.tool.name === call.name)?.clause ??
    Math.max(0, plan.clauses.length - 1)
  )
}

const clauseBlocks = (clause: Clause, done: readonly Done[]): string[] => {
  const found = done.flatMap(
    ({ call, outcome, planned }): Array<Answered & { planned: boolean }> =>
      outcome.kind === 'value' || outcome.kind === 'text' ? [{ call, outcome, clause, planned }] : [],
  )
  // A listing that was only made to find a file is no answer when the file was read.
  const tool = done.find((one) => one.planned)?.call.name
  const failed = done.filter(({ outcome }) => outcome.kind !== 'value' && outcome.kind !== 'text')
  const answers = found.filter((one) => one.planned || tool === undefined || one.call.name === tool)
  const corrected = answers.some((one) => !one.planned)
  const lines = answers.map(describeCall)
  const problems = corrected ? failed.filter(({ outcome }) => outcome.kind !== 'error') : failed
  const blocks = lines.some((line) => line.includes('\n'))
    ? lines
    : lines.length > 2
      ? [lines.map((line) => `- ${line}`).join('\n')]
      : lines.length > 0
        ? [lines.join(' ')]
        : []
  return [...blocks, ...problemLines(clause, problems)]
}

const askFor = (tool: Tool, parameters: Plan['lacking'][number]['parameters']): string => {
  const names = parameters.map((parameter) => {
    const about = descriptionOf(parameter.shape)
    return about === ''
      ? fieldWords(parameter.name)
      : `${fieldWords(parameter.name)} (${shortText(about, 80).replace(/\.$/, '')})`
  })
  return `To use ${tool.name} I need: ${names.join(', ')}. Please tell me.`
}

const withoutTools = (question: string, tools: readonly Tool[]): string => {
  const topic = shortText(question, 100)
  if (topic === '') return 'There is no question in the input.'
  const summary = summaryOf(question)
  if (summary !== undefined) return summary
  const usable = tools.filter((tool) => !tool.handoff).map((tool) => tool.name)
  if (usable.length === 0) return `You wrote: “${topic}”. Without tools I know nothing about it.`
  const names = usable.length > 6 ? `${usable.slice(0, 6).join(', ')}, …` : usable.join(', ')
  return `You wrote: “${topic}”. None of my tools (${names}) fits it.`
}

/** Summaries are the one thing that works on a text alone: its most telling sentences. */
const summaryOf = (question: string): string | undefined => {
  if (question.length < 300 || !/\bsummar(?:y|i[sz]e)/i.test(question)) return undefined
  const lines = excerpt(question, '', 5).filter((line) => !/\bsummar(?:y|i[sz]e)\b/i.test(line))
  return lines.length === 0 ? undefined : `In short:\n${lines.map((line) => `- ${line}`).join('\n')}`
}
