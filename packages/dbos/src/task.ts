/** What a workflow is given. The input of the run stands in its log. */
export interface RunTask {
  readonly runId: string
  /** Name of the agent. */
  readonly agent: string
}

/** How the workflow of a run ended, as DBOS keeps it. */
export interface RunReport {
  /** Why the run stopped, or `elsewhere` when another process goes on with it. */
  readonly stop: string
}

/** Name of the workflow that runs an agent. */
export const WORKFLOW_NAME = 'antiphon.run'

/** Name under which DBOS keeps our workflows and queues apart from those of others. */
export const APPLICATION_NAME = 'antiphon'

/** Pinned: with a version that follows the code, a deployment would hide the runs that were started before it. */
export const APPLICATION_VERSION = 'antiphon-1'
