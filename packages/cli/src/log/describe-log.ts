import type { SessionStart, Usage } from 'antiphon'
import { textOf } from '../terminal/answer-text.ts'
import { describeStop, formatCall, formatMs, plural } from '../terminal/format.ts'
import { neutralise, oneLine } from '../terminal/neutralise.ts'
import type { Colors } from '../terminal/terminal.ts'
import type { RunLog } from './read-log.ts'
import { type CallView, type RunView, type TurnView, viewOf } from './run-view.ts'

/** How a log is shown. */
export interface LogStyle {
  readonly colors: Colors
  /** Length of a line. */
  readonly width: number
}

/** A run as it was, in lines: its input, its turns with their calls, how it ended. */
export const describeLog = ({ records, start, damage }: RunLog, style: LogStyle): string[] => {
  const { colors } = style
  const view = viewOf(records)
  const begun = new Date(records[0]?.at ?? 0).toISOString().replace('T', ' ').slice(0, 19)
  const head = `${start.recording === true ? 'recording of' : 'run'} ${oneLine(start.recording === true ? start.agent : start.runId, 80)}`
  const by = start.recording === true ? '' : ` · agent ${oneLine(start.agent, 64)}`
  return [
    `${colors.bold(head)}${colors.dim(`${by} · ${begun} UTC`)}`,
    ...describeSession(records, start, colors),
    ...start.input.flatMap((item) => describeInput(item, style)),
    ...view.turns.flatMap((turn) => describeTurn(turn, style, '')),
    '',
    ...describeEnd(view, (records.at(-1)?.at ?? 0) - (records[0]?.at ?? 0), colors),
    ...(damage === undefined
      ? []
      : [colors.red(`The log is damaged at line ${damage.line}: ${damage.reason}.`)]),
  ]
}

const describeSession = (
  records: RunLog['records'],
  { session }: RunLog['start'],
  colors: Colors,
): string[] => {
  const before = records.find(({ kind }) => kind === 'session')?.value as SessionStart | undefined
  if (before === undefined) return []
  const of = session === undefined ? '' : ` of session ${oneLine(session, 64)}`
  return [colors.dim(`· ${plural(before.count, 'item')}${of} come before`)]
}

/** Messages of the input; other items by their type. */
const describeInput = (item: unknown, { colors, width }: LogStyle): string[] => {
  const { role, content, type } = (item ?? {}) as { role?: unknown; content?: unknown; type?: unknown }
  const text = typeof content === 'string' ? content : Array.isArray(content) ? textOf(content) : ''
  const said = text === '' ? `(${String(type)})` : text
  return [
    `${colors.cyan('›')} ${role === 'user' ? '' : `${oneLine(String(role ?? ''), 20)} `}${oneLine(said, width)}`,
  ]
}

const describeTurn = (turn: TurnView, style: LogStyle, indent: string): string[] => {
  const { colors } = style
  const { response, calls } = turn
  const facts = [
    oneLine(turn.agent, 64),
    ...(turn.ms === undefined ? [] : [formatMs(turn.ms)]),
    ...(response.usage?.total_tokens ? [plural(response.usage.total_tokens, 'token')] : []),
    ...(response.status === undefined || response.status === 'completed' ? [] : [response.status]),
  ]
  const lines = [`${indent}${colors.bold(`turn ${turn.number}`)} ${colors.dim(`· ${facts.join(' · ')}`)}`]
  for (const item of response.output) {
    const { type, content, call_id } = item as unknown as Record<string, unknown>
    const text = type === 'message' && Array.isArray(content) ? neutralise(textOf(content)) : ''
    if (text !== '') lines.push(...text.split('\n').map((line) => `${indent}  ${line}`))
    else if (typeof type === 'string' && type.endsWith('_call') && call_id === undefined)
      lines.push(`${indent}  ${colors.cyan('▪')} ${oneLine(type, 64)}  ${colors.dim('by the endpoint')}`)
  }
  return [...lines, ...calls.flatMap((call) => describeCall(call, style, `${indent}  `))]
}

const describeCall = (call: CallView, style: LogStyle, indent: string): string[] => {
  const { colors, width } = style
  const { name, outcome, ms, waited, decision } = call
  const asked = formatCall(name, call.arguments, Math.max(40, width - 40))
  const took = ms === undefined ? '' : `  ${colors.dim(formatMs(ms))}`
  const note = oneLine(outputText(call.output), Math.max(20, width - asked.length - 16))
  const lines: string[] = []
  if (waited !== undefined) {
    const decided = decision === undefined ? '' : `: ${DECIDED[decision.decision]}`
    const how = waited === 'approval' ? 'waited for approval' : 'waited for its output'
    lines.push(`${indent}${colors.yellow('?')} ${asked}  ${colors.yellow(`${how}${decided}`)}`)
  }
  if (outcome === 'ok')
    lines.push(`${indent}${colors.green('✓')} ${asked}${took}${note === '' ? '' : `  ${note}`}`)
  else if (outcome !== undefined)
    lines.push(
      `${indent}${colors.red('✗')} ${asked}${took}  ${colors.red(`${outcome.replace('_', ' ')}: ${note}`)}`,
    )
  else if (note !== '') lines.push(`${indent}${colors.dim('-')} ${asked}  ${note}`)
  else if (waited === undefined)
    lines.push(
      `${indent}${colors.yellow('-')} ${asked}  ${colors.yellow(call.announced ? 'begun, with no record of how it ended' : 'no result in the log')}`,
    )
  return [...lines, ...call.turns.flatMap((turn) => describeTurn(turn, style, `${indent}  `))]
}

const DECIDED = { approve: 'approved', reject: 'rejected', answer: 'answered' } as const

const outputText = (output: unknown): string => {
  const given = (output as { output?: unknown } | null | undefined)?.output
  if (typeof given === 'string') return given
  if (Array.isArray(given)) return textOf(given)
  return given === undefined || given === null ? '' : JSON.stringify(given)
}

const describeEnd = ({ end, counts, pending }: RunView, elapsedMs: number, colors: Colors): string[] => {
  const sums = [plural(counts.turns, 'turn'), plural(counts.toolCalls, 'call')]
  const took = formatMs(Math.max(0, elapsedMs))
  if (end !== undefined) return [[describeStop(end), ...sums, ...tokensOf(end.usage), took].join(' · ')]
  if (pending.length > 0) {
    const names = pending.map(({ name }) => oneLine(name, 64)).join(', ')
    return [
      colors.yellow(`waits: ${plural(pending.length, 'call')} to decide (${names}) · ${sums.join(' · ')}`),
    ]
  }
  return [[colors.yellow('no end is recorded'), ...sums, took].join(' · ')]
}

const tokensOf = (usage: Usage): string[] =>
  usage.totalTokens > 0 ? [plural(usage.totalTokens, 'token')] : []
