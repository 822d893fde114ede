import { setTimeout as pause } from 'node:timers/promises'
import { type Agent, isAntiphonError, type RunOptions, type RunStore } from 'antiphon'
import { EngineError } from './engine-error.ts'
import type { RunReport, RunTask } from './task.ts'

/** What a worker needs to take a run to its end. */
export interface ExecuteContext {
  readonly agents: ReadonlyMap<string, Agent<unknown>>
  readonly store: RunStore
  /** Options of a run besides those that the worker sets. */
  runOptions?(task: RunTask): WorkerRunOptions
  /** Whether another workflow of the same run is under way. */
  isElsewhere(runId: string, workflowId: string): Promise<boolean>
  /** Ends waits when the worker stops. */
  readonly signal: AbortSignal
}

/** Options of a run that are the process's own: a queue of tools, a context with connections. */
export type WorkerRunOptions = Omit<RunOptions, 'store' | 'runId' | 'signal' | 'takeOver'>

/** Pause before a run is tried again that the store failed, and its bounds. */
const RETRY_MS = 100
const MAX_RETRY_MS = 5000

/** Runs an agent from its log, and again as long as only the store is to blame. */
export const executeRun = async (
  context: ExecuteContext,
  task: RunTask,
  workflowId: string,
): Promise<RunReport> => {
  const { store, signal } = context
  const agent = context.agents.get(task.agent)
  if (agent === undefined) return refuse(context, task)
  const options = { ...context.runOptions?.(task), store }
  let takeOver = false
  for (let retryMs = RETRY_MS; ; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
    try {
      const { stop } = await agent.resume(task.runId, [], { ...options, takeOver }).result()
      return { stop: stop.reason }
    } catch (error) {
      switch (codeOf(error)) {
        case 'run_taken':
          return { stop: 'elsewhere' }
        case 'run_cancelled':
          return { stop: 'cancelled' }
        case 'run_busy':
          // The workflow is ours: whoever still writes the run has lost it, unless a second workflow of the same run is under way.
          takeOver = !(await context.isElsewhere(task.runId, workflowId))
          retryMs = RETRY_MS
          if (takeOver) continue
          break
        case 'store_failed':
          break
        default:
          throw slim(error)
      }
      if (signal.aborted) throw slim(error)
      await pause(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** The run is marked as failed, so that whoever waits for it learns of it; it can be resumed. */
const refuse = async ({ store, agents }: ExecuteContext, { runId, agent }: RunTask): Promise<never> => {
  const error = new EngineError(
    'agent_unknown',
    `The worker that took run ${runId} does not know agent "${agent}", only ${[...agents.keys()].join(', ') || 'none'}. All workers of a queue need the same agents.`,
  )
  const open = await store.open(runId, { takeOver: true })
  await open.close('failed', { code: error.code, message: error.message })
  throw error
}

const codeOf = (error: unknown): string | undefined => (isAntiphonError(error) ? error.code : undefined)

/** The error as DBOS keeps it: without the history that a RunError carries. */
const slim = (error: unknown): Error => {
  const message = error instanceof Error ? error.message : String(error)
  return Object.assign(new Error(message), { code: codeOf(error) })
}
