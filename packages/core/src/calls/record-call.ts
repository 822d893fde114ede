import type { FunctionCallOutput } from '@antiphon/client'
import { addUsage } from '../budget/usage.ts'
import type { Call } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import type { ToolEndedEvent } from '../events/events.ts'
import type { Journal, StepInfo, StepOptions } from '../journal/journal.ts'
import type { LogRecord, SubSpent, ToolAbout, ToolValue } from '../journal/log-record.ts'
import { diverged } from '../journal/open-log.ts'
import { asPlainJson } from '../tools/json-text.ts'
import type { Tool } from '../tools/tool.ts'
import { execute } from './execute.ts'
import { type Ending, settle, showEnded } from './finish.ts'
import { failRun } from './stopping.ts'

/** Thrown inside for what leaves no record: a call that waits for somebody outside, or whose response failed. */
export const NOT_RECORDED = new Error('The call is not recorded.')

/** Key of a call's record. */
export const callKey = (call: Call): string => `t${call.turn}/tool/${call.callId}`

/** May a call run before its response is complete? A sub-agent in a kept run may not: its own steps would be recorded before the call that they belong to. */
export const mayStartEarly = (run: RunContext, tool: Tool): boolean =>
  tool.effect !== 'write' && (run.journal === undefined || tool.slotless !== true)

/** Starts a call; in a kept run as a step of its log. */
export const startCall = (run: RunContext, call: Call, tool: Tool, input: unknown): void => {
  const { journal } = run
  if (journal === undefined) return execute(run, call, tool, input)
  const once = tool.effect === 'write' && tool.idempotent !== true && tool.slotless !== true
  const step = async (info: StepInfo): Promise<ToolValue> => {
    if (once) call.intent = info.intent
    execute(run, call, tool, input)
    await call.done
    return callValue(run, call)
  }
  record(run, journal, call, step, {
    composed: tool.slotless === true,
    ...(once ? { unknown: () => unknownOutcome(run, call) } : {}),
  })
}

/** Answers a call that is not run, for a reason that another process may not find again: a budget that others share, a deadline. A kept run records it. */
export const answerCall = (run: RunContext, call: Call, ending: Ending): void => {
  const { journal } = run
  if (journal === undefined) return settle(run, call, ending)
  const step = async (): Promise<ToolValue> => {
    settle(run, call, ending)
    return callValue(run, call)
  }
  record(run, journal, call, step, {})
}

/** What the log says of a call that was not run; undefined for one that was, or that it does not have. */
export const recordedAnswer = (run: RunContext, call: Call): ToolValue | undefined => {
  const value = run.journal?.recorded(callKey(call))?.value as ToolValue | undefined
  return value !== undefined && NOT_RUN.has(value.outcome) ? value : undefined
}

const NOT_RUN: ReadonlySet<string> = new Set(['limit', 'aborted', 'not_executed'])

/** The call was run before: what is now to happen with it is another thing. */
export const checkRun = (run: RunContext, call: Call): void => {
  const known = run.journal?.recorded(callKey(call))
  if (known === undefined || recordedAnswer(run, call) !== undefined) return
  throw diverged(known.key, `the log has this call of ${call.name} as run, and now it is not to be run`)
}

const record = (
  run: RunContext,
  journal: Journal,
  call: Call,
  step: (info: StepInfo) => Promise<ToolValue>,
  options: Pick<StepOptions<ToolValue>, 'composed' | 'unknown'>,
): void => {
  const about: ToolAbout = { name: call.name, arguments: call.arguments }
  call.done = journal
    .step(callKey(call), step, {
      kind: 'tool',
      about: () => about,
      after: run.turnRecorded,
      check: (known) => checkCall(known, about),
      ...options,
    })
    .then(
      (value) => take(run, call, value),
      (error: unknown) => {
        if (error !== NOT_RECORDED) failRun(run, error)
      },
    )
}

const callValue = (run: RunContext, call: Call): ToolValue => {
  const { result, spent } = call
  if (result === undefined) throw NOT_RECORDED
  const { outcome, output, details } = result
  if (outcome === 'aborted' && (run.failure !== undefined || run.journal?.failed)) throw NOT_RECORDED
  return {
    outcome,
    ...(output === undefined ? {} : { output }),
    // Those of a sub-agent are its whole run, which has its own records.
    ...(details === undefined || spent !== undefined ? {} : writable(run, call, details)),
    ...(outcome === 'limit' && run.limitHit !== undefined ? { limit: run.limitHit } : {}),
    ...(spent === undefined ? {} : { spent }),
  }
}

/** Details are for people: what is no JSON of them is not in the log. */
const writable = (run: RunContext, call: Call, details: unknown): { details?: unknown } => {
  const plain = asPlainJson(details)
  if (plain.ok) return { details: plain.value }
  run.warn(
    'not_recorded',
    `The details of call ${call.callId} (${call.name}) are not in the log: ${plain.reason}${plain.path === '' ? '' : ` at ${plain.path}`}.`,
  )
  return {}
}

/** A recorded call: nobody is told, for they were told when it happened; unless all is told again. */
const take = (run: RunContext, call: Call, value: ToolValue): void => {
  const { outcome, output, details, limit, spent } = value
  if (call.result === undefined) {
    call.result = { outcome, output, ...(details === undefined ? {} : { details }) }
    run.active.delete(call)
    run.limitHit ??= limit
    if (spent !== undefined) bookSpent(run, spent)
    const ended = endingOf(call, value)
    const shown = showEnded(run, call, ended)
    run.tellAgain({ type: 'tool.ended', ...ended, ...shown, queuedMs: 0, durationMs: 0 })
  }
  if (call.result.output !== undefined) run.requests.remember(call.result.output, { $record: callKey(call) })
}

const endingOf = (
  { callId, name }: Call,
  { outcome, output, details }: ToolValue,
): Pick<ToolEndedEvent, 'callId' | 'name' | 'outcome' | 'output' | 'details'> => ({
  callId,
  name,
  outcome,
  output: output as FunctionCallOutput,
  ...(details === undefined ? {} : { details }),
})

/** What a sub-agent used counts as if it had run again. */
const bookSpent = (run: RunContext, { usage, costUsd, purse }: SubSpent): void => {
  addUsage(run.usage, usage)
  run.costUsd = costUsd === undefined || run.costUsd === undefined ? undefined : run.costUsd + costUsd
  run.purse.bookSpent(purse)
}

const unknownOutcome = (run: RunContext, call: Call): ToolValue => {
  settle(run, call, {
    outcome: 'unknown',
    text: 'Unknown outcome: the process ended while this call was running. It may have happened or not; it was not run again. Find out before you call it again.',
  })
  return callValue(run, call)
}

const checkCall = (record: LogRecord, about: ToolAbout): void => {
  const known = record.about as ToolAbout | undefined
  if (known !== undefined && (known.name !== about.name || known.arguments !== about.arguments))
    throw diverged(
      record.key,
      `the log has ${known.name}(${known.arguments}), the call is ${about.name}(${about.arguments})`,
    )
}
