import type { DBOSClient, WorkflowStatus } from '@dbos-inc/dbos-sdk'
import type { RunStore } from 'antiphon'
import type { EngineTables } from './engine-tables.ts'
import { continuationId, enqueue, type QueuePlace } from './enqueue.ts'
import { statusOf } from './let-go.ts'
import type { Presence } from './presence.ts'
import { runOf, workflowsOf } from './run-workflows.ts'
import { WORKFLOW_NAME } from './task.ts'

/** What it takes to give the runs of a dead worker to a live one. */
export interface RecoveryContext {
  readonly client: DBOSClient
  readonly presence: Presence
  readonly tables: EngineTables
  readonly store: RunStore
  readonly place: QueuePlace
  /** Recoveries of a run, one after another, without a new record in its log. */
  readonly maxRecoveries: number
  onError(error: unknown): void
}

/** Workflows per round, so that a worker with many does not fill the memory of another. */
const BATCH = 100
/** A run that has killed two workers comes back after about so long, the next time after twice that, so that those that only ran beside it get on meanwhile. */
const FIRST_DELAY_MS = 1000

/** Puts every run that a dead worker had back into its queue; gives up those that killed too many. Whoever calls it holds the lock of that worker. */
export const recoverRuns = async (context: RecoveryContext, executorId: string): Promise<number> => {
  for (let recovered = 0; ; ) {
    const workflows = await context.client.listWorkflows({
      workflowName: WORKFLOW_NAME,
      executorId,
      status: 'PENDING',
      limit: BATCH,
      loadInput: false,
      loadOutput: false,
    })
    if (workflows.length === 0) return recovered
    const runs = new Map<string, WorkflowStatus[]>()
    for (const workflow of workflows) {
      const runId = runOf(workflow)
      runs.set(runId, [...(runs.get(runId) ?? []), workflow])
    }
    await Promise.all(
      [...runs].map(async ([runId, ofRun]) => {
        for (const workflow of ofRun) await recover(context, workflow, runId, executorId)
      }),
    )
    recovered += workflows.length
  }
}

const recover = async (
  context: RecoveryContext,
  workflow: WorkflowStatus,
  runId: string,
  executorId: string,
): Promise<void> => {
  const { workflowID, queueName = context.place.queue } = workflow
  const attempts = await countRecovery(context, runId, executorId)
  if (attempts > context.maxRecoveries) await giveUp(context, workflow, runId)
  else if (attempts > 1) await comeBackLater(context, workflow, runId, attempts)
  else await context.client.resumeWorkflow(workflowID, { queueName })
}

/** Recoveries since the last new record. A run whose log cannot be read counts as one that gets on: it must not keep the others waiting. */
const countRecovery = async (
  { presence, tables, store, onError }: RecoveryContext,
  runId: string,
  executorId: string,
): Promise<number> => {
  try {
    const [known] = await presence.query<{ attempts: number; seq: string; lost_with: string }>(
      `select attempts, seq, lost_with from ${tables.recoveries} where run_id = $1`,
      [runId],
    )
    // Counted by a reaper that came no further.
    if (known?.lost_with === executorId) return known.attempts
    const news = await store.read(runId, { after: Number(known?.seq ?? 0) })
    const attempts = known === undefined || news.length > 0 ? 1 : known.attempts + 1
    await presence.query(
      `insert into ${tables.recoveries} (run_id, attempts, seq, lost_with) values ($1, $2, $3, $4)
       on conflict (run_id) do update
       set attempts = excluded.attempts, seq = excluded.seq, lost_with = excluded.lost_with, updated_at = now()`,
      [runId, attempts, news.at(-1)?.seq ?? known?.seq ?? 0, executorId],
    )
    return attempts
  } catch (error) {
    onError(error)
    return 1
  }
}

/** In this order, here and below: whoever dies in between leaves a workflow that the next reaper finds again. */
const comeBackLater = async (
  { client, store, place }: RecoveryContext,
  { workflowID, queueName = place.queue, priority, queuePartitionKey }: WorkflowStatus,
  runId: string,
  attempts: number,
): Promise<void> => {
  const agent = (await store.get(runId))?.agent
  if (agent === undefined) return void (await client.cancelWorkflow(workflowID))
  const workflows = await workflowsOf(client, runId)
  if (!workflows.some(({ status }) => status === 'ENQUEUED' || status === 'DELAYED'))
    await enqueue(
      client,
      { ...place, queue: queueName },
      continuationId(runId, workflows),
      { runId, agent },
      {
        priority,
        delayMs: FIRST_DELAY_MS * 2 ** (attempts - 2) * (1 + Math.random()),
        ...(queuePartitionKey === undefined ? {} : { tenant: queuePartitionKey }),
      },
    )
  await client.cancelWorkflow(workflowID)
}

const giveUp = async (
  { client, store, tables, presence, maxRecoveries }: RecoveryContext,
  { workflowID }: WorkflowStatus,
  runId: string,
): Promise<void> => {
  const open = await store.open(runId, { takeOver: true })
  const status = statusOf(open)
  if (status !== 'running') await open.close(status)
  else
    await open.close('failed', {
      code: 'run_poisoned',
      message: `Run ${runId} lost its worker ${maxRecoveries + 1} times without getting on. Mend what kills the workers, then resume the run.`,
    })
  await client.cancelWorkflow(workflowID)
  // Whoever resumes it begins to count anew.
  await presence.query(`delete from ${tables.recoveries} where run_id = $1`, [runId])
}
