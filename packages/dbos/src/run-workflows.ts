import type { DBOSClient, WorkflowStatus } from '@dbos-inc/dbos-sdk'
import { WORKFLOW_NAME } from './task.ts'

/** States of a workflow that is still to come or under way. */
const LIVE_STATES = ['ENQUEUED', 'DELAYED', 'PENDING'] as const

const ATTRIBUTE = 'antiphonRun'

/** Attributes of a workflow: which run it belongs to. */
export const attributesOf = (runId: string): Record<string, unknown> => ({ [ATTRIBUTE]: runId })

/** The run of a workflow. */
export const runOf = ({ attributes, workflowID }: WorkflowStatus): string =>
  String(attributes?.[ATTRIBUTE] ?? workflowID)

/** Workflows of a run, all or those in some states. */
export const workflowsOf = (
  client: DBOSClient,
  runId: string,
  states?: ReadonlyArray<(typeof LIVE_STATES)[number]>,
): Promise<WorkflowStatus[]> =>
  client.listWorkflows({
    workflowName: WORKFLOW_NAME,
    attributes: attributesOf(runId),
    ...(states === undefined ? {} : { status: [...states] }),
    loadInput: false,
    loadOutput: false,
  })

/** Whether a workflow is to come or under way. */
export const isLive = ({ status }: WorkflowStatus): boolean => LIVE_STATES.some((state) => state === status)

/** Workflows of a run that are to come or under way. */
export const liveWorkflows = (client: DBOSClient, runId: string): Promise<WorkflowStatus[]> =>
  workflowsOf(client, runId, LIVE_STATES)
