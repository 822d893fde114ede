import type { DBOSClient } from '@dbos-inc/dbos-sdk'
import type { RunStore } from 'antiphon'
import { runOf } from './run-workflows.ts'
import { WORKFLOW_NAME } from './task.ts'

/** What it takes to remove workflows that nobody needs any more. */
export interface ForgetContext {
  readonly client: DBOSClient
  readonly store: RunStore
  /** How long the workflow of a run that is over is kept, in milliseconds. */
  readonly keepFinishedMs: number
}

const FINISHED = ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'] as const
/** Workflows per look. */
const BATCH = 500
/** How often it looks: so many times while a workflow is kept, and once in an hour at least. */
const LOOKS_PER_KEEPING = 10
const MAX_INTERVAL_MS = 3_600_000

/** How long to wait before the next look; for ever when everything is kept. */
export const forgetIntervalMs = (keepFinishedMs: number): number =>
  keepFinishedMs === Number.POSITIVE_INFINITY
    ? keepFinishedMs
    : Math.min(keepFinishedMs / LOOKS_PER_KEEPING, MAX_INTERVAL_MS)

/**
 * Removes workflows that finished long ago, of runs that are done, cancelled or gone from the store. Those of a run that waits or has failed stay: they know its tenant.
 *
 * @returns how many were removed.
 */
export const forgetFinished = async ({ client, store, keepFinishedMs }: ForgetContext): Promise<number> => {
  const completedBefore = new Date(Date.now() - keepFinishedMs).toISOString()
  let removed = 0
  for (let kept = 0; ; ) {
    const workflows = await client.listWorkflows({
      workflowName: WORKFLOW_NAME,
      status: [...FINISHED],
      completedBefore,
      limit: BATCH,
      offset: kept,
      loadInput: false,
      loadOutput: false,
    })
    const over = new Map<string, boolean>()
    for (const runId of new Set(workflows.map(runOf))) over.set(runId, await isOver(store, runId))
    const ids = workflows.flatMap((workflow) => (over.get(runOf(workflow)) ? [workflow.workflowID] : []))
    if (ids.length > 0) await client.deleteWorkflows(ids)
    removed += ids.length
    kept += workflows.length - ids.length
    if (workflows.length < BATCH) return removed
  }
}

const isOver = async (store: RunStore, runId: string): Promise<boolean> => {
  const status = (await store.get(runId))?.status
  return status === undefined || status === 'done' || status === 'cancelled'
}
