import { AsyncResource } from 'node:async_hooks'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { EngineError } from './engine-error.ts'
import { type RunReport, type RunTask, WORKFLOW_NAME } from './task.ts'

/** Takes a run that was dequeued to its end. */
export type Execute = (task: RunTask, workflowId: string) => Promise<RunReport>

/** Attempts are counted by the reaper; the count of DBOS begins anew with every recovery. */
const NO_LIMIT = 1_000_000

let execute: Execute | undefined
let registered = false

/**
 * Makes `run` what the workflows of this process do.
 *
 * @returns takes it back.
 * @throws EngineError `worker_exists`.
 */
export const serveWorkflows = (run: Execute): (() => void) => {
  if (execute !== undefined || DBOS.isInitialized())
    throw new EngineError(
      'worker_exists',
      'DBOS runs in this process already. Start one worker per process; a second one belongs into another process.',
    )
  // Of the scope of the workflow nothing reaches the run: what a tool does with DBOS is no step of this workflow, which has none.
  const outside = new AsyncResource('antiphon.worker')
  execute = (task, workflowId) => outside.runInAsyncScope(run, undefined, task, workflowId)
  if (!registered) {
    registered = true
    DBOS.registerWorkflow(runTask, { name: WORKFLOW_NAME, maxRecoveryAttempts: NO_LIMIT })
  }
  return () => {
    execute = undefined
  }
}

const runTask = (task: RunTask): Promise<RunReport> => {
  const workflowId = DBOS.workflowID
  if (execute === undefined || workflowId === undefined)
    return Promise.reject(
      new EngineError('worker_exists', 'No worker of this process takes runs. Use `createWorker().start()`.'),
    )
  return execute(task, workflowId)
}
