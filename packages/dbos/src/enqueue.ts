import type { DBOSClient, WorkflowStatus } from '@dbos-inc/dbos-sdk'
import type { ResumeOptions } from './engine-options.ts'
import { attributesOf } from './run-workflows.ts'
import { type RunTask, WORKFLOW_NAME } from './task.ts'

/** Which queue, and for which version of workers. */
export interface QueuePlace {
  readonly queue: string
  readonly applicationVersion: string
}

/** Id of the next workflow of a run. The first has the id of the run; those after it `{runId}#1` and so on. */
export const continuationId = (runId: string, workflows: readonly WorkflowStatus[]): string => {
  const numbers = workflows.map(({ workflowID }) => Number(workflowID.slice(runId.length + 1)) || 0)
  return `${runId}#${1 + Math.max(0, ...numbers)}`
}

/** Puts a workflow into the queue; one of that id that is there already stays as it is. */
export const enqueue = async (
  client: DBOSClient,
  { queue, applicationVersion }: QueuePlace,
  workflowId: string,
  task: RunTask,
  { priority, tenant, delayMs }: ResumeOptions,
): Promise<void> => {
  await client.enqueue(
    {
      queueName: queue,
      workflowName: WORKFLOW_NAME,
      workflowID: workflowId,
      appVersion: applicationVersion,
      attributes: attributesOf(task.runId),
      ...(priority === undefined ? {} : { priority }),
      ...(tenant === undefined ? {} : { queuePartitionKey: tenant }),
      // DBOS adds it to the time of day, which has to stay a whole number of milliseconds.
      ...(delayMs === undefined ? {} : { delaySeconds: Math.ceil(delayMs) / 1000 }),
    },
    task,
  )
}
