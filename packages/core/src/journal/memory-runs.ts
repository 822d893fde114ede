import type { Decision } from '../approval.ts'
import type { JournalError } from '../errors/journal-error.ts'
import type { RunEvent } from '../events/events.ts'
import { decisionRecords } from './decide.ts'
import type { LogRecord, NewRecord, RunStart } from './log-record.ts'
import { runRefusals } from './run-refusals.ts'
import type { FollowedEvent, OpenOptions, OpenRun, RunStatus, RunStore, RunSummary } from './run-store.ts'

/** What is kept in memory, and for how long. */
export interface MemoryRunsOptions {
  /** How many runs that are over are remembered; the oldest are forgotten first. @defaultValue 1000 */
  readonly keep?: number
}

interface Kept {
  readonly runId: string
  readonly agent: string
  readonly createdAt: number
  updatedAt: number
  status: RunStatus
  error: { readonly code: string; readonly message: string } | undefined
  /** The one that may write; an object of its own for each time it is opened. */
  holder: { stop(reason: JournalError): void } | undefined
  readonly records: LogRecord[]
  readonly keys: Set<string>
  readonly events: RunEvent[]
  /** Called when there is something new for those who follow. */
  readonly wake: Set<() => void>
}

/**
 * Runs in this process: they end with it. Nothing is copied, so a record is the value that the run works with; a store that survives has what JSON keeps of it.
 */
export const memoryRuns = ({ keep = 1_000 }: MemoryRunsOptions = {}): RunStore => {
  const runs = new Map<string, Kept>()
  /** Runs that are over, oldest first. */
  const over = new Set<string>()
  const find = (runId: string): Kept => {
    const kept = runs.get(runId)
    if (kept === undefined) throw runRefusals.unknown(runId)
    return kept
  }
  const settle = (kept: Kept, status: RunStatus): void => {
    kept.status = status
    kept.updatedAt = Date.now()
    over.delete(kept.runId)
    if (status !== 'running' && status !== 'waiting') over.add(kept.runId)
    for (const runId of over) {
      if (over.size <= keep) break
      over.delete(runId)
      if (runs.get(runId)?.holder === undefined) runs.delete(runId)
    }
    wakeAll(kept)
  }
  return {
    async open(runId, { start, takeOver = false }: OpenOptions = {}) {
      const kept = runs.get(runId) ?? (start === undefined ? undefined : makeRun(runs, runId, start))
      if (kept === undefined) throw runRefusals.unknown(runId)
      if (start !== undefined && !isSameStart(kept, start)) throw runRefusals.conflict(runId)
      if (kept.holder !== undefined && !takeOver) throw runRefusals.busy(runId)
      kept.holder?.stop(runRefusals.taken(runId))
      if (kept.status === 'waiting' || kept.status === 'failed') {
        kept.error = undefined
        settle(kept, 'running')
      }
      return openKept(kept, settle)
    },
    async decide(runId, decisions: readonly Decision[]) {
      const kept = find(runId)
      if (kept.status === 'cancelled') throw runRefusals.cancelled(runId, kept.error?.message)
      for (const record of decisionRecords(kept.records, decisions, Date.now())) add(kept, record)
      kept.updatedAt = Date.now()
    },
    async cancel(runId, reason) {
      const kept = runs.get(runId)
      if (kept === undefined || kept.status === 'done' || kept.status === 'cancelled') return false
      const { holder } = kept
      const error = runRefusals.cancelled(runId, reason)
      kept.error = { code: error.code, message: reason ?? error.message }
      settle(kept, 'cancelled')
      holder?.stop(error)
      return true
    },
    async get(runId) {
      const kept = runs.get(runId)
      return kept === undefined ? undefined : summaryOf(kept)
    },
    async read(runId, { after = 0 } = {}) {
      return find(runId).records.slice(after)
    },
    follow: (runId, options) => followKept(() => find(runId), options),
  }
}

const makeRun = (runs: Map<string, Kept>, runId: string, start: RunStart): Kept => {
  const now = Date.now()
  const kept: Kept = {
    runId,
    agent: start.agent,
    createdAt: now,
    updatedAt: now,
    status: 'running',
    error: undefined,
    holder: undefined,
    records: [],
    keys: new Set(),
    events: [],
    wake: new Set(),
  }
  add(kept, { key: 'run', kind: 'run', at: now, value: start })
  runs.set(runId, kept)
  return kept
}

const isSameStart = ({ records }: Kept, start: RunStart): boolean => {
  const known = records[0]?.value as RunStart
  return known.agent === start.agent && JSON.stringify(known.input) === JSON.stringify(start.input)
}

const add = (kept: Kept, record: NewRecord): void => {
  if (kept.keys.has(record.key)) throw runRefusals.repeated(kept.runId, record)
  kept.keys.add(record.key)
  kept.records.push({ seq: kept.records.length + 1, ...record })
}

const openKept = (kept: Kept, settle: (kept: Kept, status: RunStatus) => void): OpenRun => {
  let stopped: JournalError | undefined
  const listeners: ((reason: JournalError) => void)[] = []
  const holder = {
    stop(reason: JournalError): void {
      if (stopped !== undefined) return
      stopped = reason
      for (const listener of listeners) listener(reason)
    },
  }
  kept.holder = holder
  if (kept.status === 'cancelled') holder.stop(runRefusals.cancelled(kept.runId, kept.error?.message))
  return {
    runId: kept.runId,
    records: [...kept.records],
    async append(record) {
      if (stopped !== undefined) throw stopped
      add(kept, record)
    },
    async appendEvents(events) {
      if (stopped !== undefined) throw stopped
      kept.events.push(...events)
      wakeAll(kept)
    },
    onStop(stop) {
      if (stopped === undefined) listeners.push(stop)
      else stop(stopped)
    },
    async close(status, error) {
      if (kept.holder !== holder) return
      kept.holder = undefined
      stopped ??= runRefusals.taken(kept.runId)
      if (kept.status === 'cancelled') return
      kept.error = error
      settle(kept, status)
    },
  }
}

const wakeAll = ({ wake }: Kept): void => {
  for (const awake of [...wake]) awake()
}

async function* followKept(
  find: () => Kept,
  { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<FollowedEvent, void, undefined> {
  const kept = find()
  let seq = after
  while (signal?.aborted !== true) {
    const event = kept.events[seq]
    if (event !== undefined) yield { seq: ++seq, event }
    else if (kept.status !== 'running') return
    else await news(kept, signal)
  }
}

const news = ({ wake }: Kept, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const awake = (): void => {
      wake.delete(awake)
      signal?.removeEventListener('abort', awake)
      resolve()
    }
    wake.add(awake)
    signal?.addEventListener('abort', awake, { once: true })
  })

const summaryOf = ({ runId, agent, status, createdAt, updatedAt, error }: Kept): RunSummary => ({
  runId,
  agent,
  status,
  createdAt,
  updatedAt,
  ...(error === undefined ? {} : { error }),
})
