import { lockKey } from './engine-tables.ts'
import { type ForgetContext, forgetFinished, forgetIntervalMs } from './forget.ts'
import { type RecoveryContext, recoverRuns } from './recover.ts'
import { WORKFLOW_NAME } from './task.ts'

/** What a reaper is told besides. */
export interface ReaperOptions extends RecoveryContext, ForgetContext {
  readonly executorId: string
  /** How often it looks, in milliseconds. */
  readonly intervalMs: number
  onRecovered(executorId: string, runs: number): void
}

/** How often it looks for runs of executors that no row names: left by a worker whose row was lost. */
const SWEEP_INTERVAL_MS = 30_000
/** Runs a sweep looks at. */
const SWEEP_LIMIT = 10_000
/** How long the count of a run that lives is kept. */
const FORGET_AFTER = '30 days'

/** Looks for dead workers until it is stopped; the first time at once. */
export const startReaper = (options: ReaperOptions): { stop(): Promise<void> } => {
  let stopped = false
  let wake: () => void = () => undefined
  let swept = Number.NEGATIVE_INFINITY
  let forgot = performance.now()
  const rounds = async (): Promise<void> => {
    while (!stopped) {
      try {
        if (performance.now() - swept >= SWEEP_INTERVAL_MS) {
          await sweep(options)
          swept = performance.now()
        }
        await reap(options)
        if (performance.now() - forgot >= forgetIntervalMs(options.keepFinishedMs)) {
          forgot = performance.now()
          await forgetFinished(options)
        }
      } catch (error) {
        // The database is away: the next round tries again.
        options.onError(error)
      }
      if (stopped) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.intervalMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const ended = rounds()
  return {
    stop: () => {
      stopped = true
      wake()
      return ended
    },
  }
}

/** A lock that can be had belongs to a worker that is dead. It is kept until its runs are in the queue again, so that one reaper does it. */
const reap = async (options: ReaperOptions): Promise<void> => {
  const { presence, tables, executorId } = options
  const dead = await presence.query<{ executor_id: string; lock_key: string }>(
    `with others as materialized (select executor_id, lock_key from ${tables.workers} where executor_id <> $1)
     select executor_id, lock_key from others where pg_try_advisory_lock(lock_key)`,
    [executorId],
  )
  for (const worker of dead) {
    try {
      const runs = await recoverRuns(options, worker.executor_id)
      await presence.query(`delete from ${tables.workers} where executor_id = $1`, [worker.executor_id])
      options.onRecovered(worker.executor_id, runs)
    } finally {
      await presence.query('select pg_advisory_unlock($1)', [worker.lock_key])
    }
  }
}

const sweep = async ({ client, presence, tables }: ReaperOptions): Promise<void> => {
  const pending = await client.listWorkflows({
    workflowName: WORKFLOW_NAME,
    status: 'PENDING',
    limit: SWEEP_LIMIT,
    loadInput: false,
    loadOutput: false,
  })
  const executors = [...new Set(pending.flatMap(({ executorId }) => executorId ?? []))]
  if (executors.length > 0)
    await presence.query(
      `insert into ${tables.workers} (executor_id, lock_key) select * from unnest($1::text[], $2::bigint[])
       on conflict do nothing`,
      [executors, executors.map((executorId) => lockKey(`worker ${executorId}`))],
    )
  await presence.query(
    `delete from ${tables.recoveries} where updated_at < now() - interval '${FORGET_AFTER}'`,
  )
}
