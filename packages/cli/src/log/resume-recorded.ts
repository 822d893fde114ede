import {
  type Agent,
  type EndValue,
  type Limits,
  type LogRecord,
  memoryRuns,
  type RunResult,
  type RunStart,
} from 'antiphon'
import type { RunLog } from './read-log.ts'
import { turnOf } from './turn-of.ts'

/** Whether an agent goes the way of a log. */
export type Comparison =
  | { readonly same: true; readonly turns: number; readonly toolCalls: number }
  | { readonly same: false; readonly key?: string; readonly path?: string; readonly message: string }

/**
 * Runs an agent over a log: every recorded step gives its recorded value, and nothing else is executed. No model is asked and no tool is run, also where the log ends before
 * the agent does.
 */
export const resumeRecorded = async (
  agent: Agent<unknown>,
  { records, start }: RunLog,
  limits: Limits,
): Promise<Comparison> => {
  const end = records.find(({ kind }) => kind === 'end')?.value as EndValue | undefined
  const store = memoryRuns()
  await keep(store, start, records)
  try {
    const run = agent.resume(start.runId, [], { store, strictReplay: true, limits })
    return compareEnd(end, await run.result())
  } catch (error) {
    return compareFailure(error, records, end)
  }
}

/** Puts the log into a store. Behind an end the journal lets nobody go on, so every log gets one. */
const keep = async (
  store: ReturnType<typeof memoryRuns>,
  start: RunStart,
  records: readonly LogRecord[],
): Promise<void> => {
  // As a branch it has the history that came before it in the log, and needs no session.
  const began = start.session !== undefined || records.some(({ kind }) => kind === 'session')
  const parent = began ? { parent: { runId: start.runId, at: 0 } } : {}
  const open = await store.open(start.runId, { start: { ...parent, ...start } })
  for (const { seq, ...record } of records) if (seq > 1) await open.append(record)
  if (!records.some(({ key }) => key === 'end'))
    await open.append({ key: 'end', kind: 'end', at: records.at(-1)?.at ?? 0, value: null })
  await open.close('failed')
}

const compareEnd = (end: EndValue | undefined, result: RunResult<unknown>): Comparison => {
  const { stop, text, turns, toolCalls } = result
  const difference =
    end === undefined
      ? undefined
      : end.stop.reason !== stop.reason
        ? ['stop.reason', `the run stopped with "${end.stop.reason}", and now with "${stop.reason}"`]
        : end.text !== text
          ? ['text', `the answer was ${quote(end.text)}, and now is ${quote(text)}`]
          : undefined
  if (difference === undefined) return { same: true, turns, toolCalls }
  const [path = '', message = ''] = difference
  return { same: false, key: 'end', path, message }
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)

const compareFailure = (
  error: unknown,
  records: readonly LogRecord[],
  end: EndValue | undefined,
): Comparison => {
  const { cause, result } = error as { cause?: unknown; result?: RunResult<unknown> }
  const { code, key, path, message } = (cause ?? error) as {
    code?: unknown
    key?: string
    path?: string
    message?: string
  }
  if (code !== 'nondeterministic') throw error
  const isOpen = end === undefined || end.stop.reason === 'cancelled'
  // A log that was cut, or a run that was stopped: there is no further step to compare.
  if (isOpen && key !== undefined && isBeyond(key, records))
    return { same: true, turns: result?.turns ?? 0, toolCalls: result?.toolCalls ?? 0 }
  return {
    same: false,
    ...(key === undefined ? {} : { key }),
    ...(path === undefined ? {} : { path }),
    message: message ?? String(error),
  }
}

/** True for a step that lies behind all that is recorded of its run. */
const isBeyond = (key: string, records: readonly LogRecord[]): boolean => {
  if (records.some((record) => record.key === key)) return false
  const { scope, turn, isModel } = turnOf(key)
  const turns = records
    .filter(({ kind }) => kind === 'model')
    .map((record) => turnOf(record.key))
    .filter((other) => other.scope === scope)
  const last = Math.max(-1, ...turns.map((other) => other.turn))
  return isModel ? turn > last : turn >= last
}
