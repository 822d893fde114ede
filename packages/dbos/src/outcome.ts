import { setTimeout as pause } from 'node:timers/promises'
import type { DBOSClient } from '@dbos-inc/dbos-sdk'
import type { EndValue, RunStore, RunSummary } from 'antiphon'
import { EngineError } from './engine-error.ts'
import type { RunOutcome } from './engine-options.ts'
import { pendingCalls } from './pending-calls.ts'
import { liveWorkflows } from './run-workflows.ts'

/** Pause between two looks at a run, and its bounds: a short run is noticed at once, a long one costs little. */
const LOOK_MS = 20
const MAX_LOOK_MS = 250

/**
 * Waits until nothing more happens with a run by itself.
 *
 * @throws EngineError `run_unknown`, `result_timeout`.
 */
export const awaitOutcome = async (
  store: RunStore,
  client: DBOSClient,
  runId: string,
  timeoutMs: number | undefined,
): Promise<RunOutcome> => {
  const end = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
  for (let lookMs = LOOK_MS; ; lookMs = Math.min(lookMs * 1.5, MAX_LOOK_MS)) {
    const summary = await known(store, runId)
    if (await isSettled(client, summary)) return outcomeOf(store, summary)
    if (performance.now() + lookMs > end)
      throw new EngineError(
        'result_timeout',
        `Run ${runId} is ${summary.status} after ${timeoutMs} ms. It goes on; ask again, or cancel it.`,
      )
    await pause(lookMs)
  }
}

/** False while a workflow has the run: one that waits may have been decided, one that failed is tried again when only the store was to blame. */
export const isSettled = async (client: DBOSClient, { runId, status }: RunSummary): Promise<boolean> =>
  status === 'done' ||
  status === 'cancelled' ||
  (status !== 'running' && (await liveWorkflows(client, runId)).length === 0)

/** How a run stands. @throws EngineError `run_unknown`. */
export const known = async (store: RunStore, runId: string): Promise<RunSummary> => {
  const summary = await store.get(runId)
  if (summary !== undefined) return summary
  throw new EngineError('run_unknown', `There is no run ${runId}. Was it started on this database?`)
}

const outcomeOf = async (store: RunStore, summary: RunSummary): Promise<RunOutcome> => {
  const { runId, status, error } = summary
  if (status === 'failed' || status === 'cancelled')
    return { status, error: error ?? { code: `run_${status}`, message: `The run ${status}.` } }
  const records = await store.read(runId)
  if (status === 'waiting') return { status, pending: pendingCalls(records) }
  const end = records.at(-1)?.value as EndValue
  return { status: 'done', stop: end.stop, usage: end.usage, text: end.text }
}
