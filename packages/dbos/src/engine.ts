import { setTimeout as pause } from 'node:timers/promises'
import type { DBOSClient } from '@dbos-inc/dbos-sdk'
import type { Decision, FollowedEvent, RunInput, RunStore, RunSummary } from 'antiphon'
import { acceptRun } from './accept-run.ts'
import { continueRun } from './continue-run.ts'
import type { EngineOptions, ResumeOptions, RunOutcome, StartOptions } from './engine-options.ts'
import { DEFAULT_SCHEMA, tablesOf } from './engine-tables.ts'
import { continuationId, enqueue } from './enqueue.ts'
import { openStore } from './open-store.ts'
import { awaitOutcome, isSettled, known } from './outcome.ts'
import { DEFAULT_QUEUE } from './queue-options.ts'
import { isLive, workflowsOf } from './run-workflows.ts'
import { openSystemDatabase } from './system-database.ts'
import { APPLICATION_VERSION } from './task.ts'

/** Starts runs, decides, cancels, waits and follows; any number of them in any process, also where and while there is no worker. */
export interface Engine {
  /**
   * Accepts a run: it is kept and queued when this resolves. The same id again changes nothing.
   *
   * @returns the id of the run.
   * @throws JournalError `run_conflict` when the id belongs to a run of another agent or with other input, `store_failed`.
   */
  start(agent: string, input: RunInput, options?: StartOptions): Promise<string>
  /**
   * Records decisions about calls that wait, and queues the run again. Without decisions: a run that failed is tried again where it failed.
   *
   * @throws EngineError `run_unknown`; JournalError `decision_used`, `decision_expired`; ConfigError `invalid_decision`.
   */
  resume(runId: string, decisions: readonly Decision[], options?: ResumeOptions): Promise<void>
  /** Cancels a run: one in the queue does not start, one under way stops within about a second, in the middle of a tool, too. False when it was over. */
  cancel(runId: string, reason?: string): Promise<boolean>
  /** How a run stands; undefined when there is none. */
  get(runId: string): Promise<RunSummary | undefined>
  /**
   * Waits until the run is done, waits for decisions, has failed or was cancelled.
   *
   * @throws EngineError `run_unknown`, `result_timeout`.
   */
  result(runId: string, options?: { readonly timeoutMs?: number }): Promise<RunOutcome>
  /** Events of a run from `after` on, those to come included, until nothing more happens with it by itself. */
  follow(
    runId: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<FollowedEvent>
  /** Lets go of all connections. */
  close(): Promise<void>
}

/** Connections to the queue. */
const CONNECTIONS = 4
/** Pause before the events of a run are followed again that goes on elsewhere. */
const FOLLOW_AGAIN_MS = 100

/**
 * The way into the queue. Connects when it is first used.
 *
 * @throws EngineError `invalid_options`.
 */
export const createEngine = (options: EngineOptions): Engine => {
  const { queue = DEFAULT_QUEUE, applicationVersion = APPLICATION_VERSION } = options
  tablesOf(options.systemSchema ?? DEFAULT_SCHEMA)
  let opening: Promise<Open> | undefined
  const open = (): Promise<Open> => {
    opening ??= connect(options).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  const place = { queue, applicationVersion }

  return {
    start: async (agent, input, startOptions = {}) => {
      const { store, client } = await open()
      const runId = startOptions.runId ?? `run_${crypto.randomUUID()}`
      await acceptRun(store, runId, agent, input)
      const workflowId =
        startOptions.runId === undefined ? runId : await firstWorkflowId(store, client, runId)
      if (workflowId !== undefined) await enqueue(client, place, workflowId, { runId, agent }, startOptions)
      return runId
    },
    resume: async (runId, decisions, resumeOptions = {}) => {
      const { store, client } = await open()
      await continueRun(store, client, place, runId, decisions, resumeOptions)
    },
    cancel: async (runId, reason) => {
      const { store, client } = await open()
      const stopped = await store.cancel(runId, reason)
      const workflows = await workflowsOf(client, runId)
      if (workflows.length > 0) await client.cancelWorkflows(workflows.map(({ workflowID }) => workflowID))
      return stopped
    },
    get: async (runId) => (await open()).store.get(runId),
    result: async (runId, { timeoutMs } = {}) => {
      const { store, client } = await open()
      return awaitOutcome(store, client, runId, timeoutMs)
    },
    follow: async function* (runId, { after = 0, signal } = {}) {
      const { store, client } = await open()
      for (let seen = after; ; ) {
        for await (const followed of store.follow(runId, { after: seen, ...(signal && { signal }) })) {
          seen = followed.seq
          yield followed
        }
        if (signal?.aborted || (await isSettled(client, await known(store, runId)))) return
        await pause(FOLLOW_AGAIN_MS)
      }
    },
    close: async () => {
      const opened = await opening?.catch(() => undefined)
      await opened?.close()
    },
  }
}

/** Which workflow is to begin a run that has been accepted; undefined where one has it, or had it. */
const firstWorkflowId = async (
  store: RunStore,
  client: DBOSClient,
  runId: string,
): Promise<string | undefined> => {
  // In this order: a run that is still to run although no workflow has it was not queued before we looked.
  const workflows = await workflowsOf(client, runId)
  if (workflows.some(isLive) || (await known(store, runId)).status !== 'running') return undefined
  // Those that are left belong to a run of this id that was removed.
  return workflows.length === 0 ? runId : continuationId(runId, workflows)
}

interface Open {
  readonly store: RunStore
  readonly client: DBOSClient
  close(): Promise<void>
}

const connect = async (options: EngineOptions): Promise<Open> => {
  const { store, close: closeStore } = await openStore(options)
  try {
    const { client, close } = await openSystemDatabase(options, CONNECTIONS)
    return {
      store,
      client,
      close: async () => {
        await close()
        await closeStore()
      },
    }
  } catch (error) {
    await closeStore()
    throw error
  }
}
