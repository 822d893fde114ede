import { isDeepStrictEqual } from 'node:util'
import type { DBOSClient } from '@dbos-inc/dbos-sdk'
import { type Decision, isAntiphonError, JournalError, type RunStore } from 'antiphon'
import type { ResumeOptions } from './engine-options.ts'
import { continuationId, enqueue, type QueuePlace } from './enqueue.ts'
import { known } from './outcome.ts'
import { workflowsOf } from './run-workflows.ts'

/** Records decisions, then sees to it that a workflow takes them up: one that has not begun yet will, otherwise a new one does. */
export const continueRun = async (
  store: RunStore,
  client: DBOSClient,
  place: QueuePlace,
  runId: string,
  decisions: readonly Decision[],
  options: ResumeOptions,
): Promise<void> => {
  const { agent, status } = await known(store, runId)
  if (status === 'cancelled')
    throw new JournalError('run_cancelled', `Run ${runId} was cancelled; it cannot be resumed.`)
  const news = decisions.length > 0 && (await decideOnce(store, runId, decisions))
  if (!news && status === 'done') return
  // In this order: a workflow that the list does not show under way yet reads the log later than the decisions were written.
  const workflows = await workflowsOf(client, runId)
  const taken = news ? ['ENQUEUED', 'DELAYED'] : ['ENQUEUED', 'DELAYED', 'PENDING']
  if (workflows.some((workflow) => taken.includes(workflow.status))) return
  const tenant = options.tenant ?? workflows.find((workflow) => workflow.queuePartitionKey)?.queuePartitionKey
  await enqueue(
    client,
    place,
    continuationId(runId, workflows),
    { runId, agent },
    { ...options, ...(tenant === undefined ? {} : { tenant }) },
  )
}

/** The same decisions a second time change nothing: whoever sent them may not have learned that they had arrived. */
const decideOnce = async (
  store: RunStore,
  runId: string,
  decisions: readonly Decision[],
): Promise<boolean> => {
  try {
    await store.decide(runId, decisions)
    return true
  } catch (error) {
    if (!isAntiphonError(error) || error.code !== 'decision_used') throw error
    const taken = (await store.read(runId)).flatMap(({ kind, value }) => (kind === 'decision' ? [value] : []))
    const sent: unknown[] = JSON.parse(JSON.stringify(decisions))
    if (!sent.every((decision) => taken.some((other) => isDeepStrictEqual(other, decision)))) throw error
    return false
  }
}
