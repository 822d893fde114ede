import { randomUUID } from 'node:crypto'
import { DBOS, type DBOSClient } from '@dbos-inc/dbos-sdk'
import type { Agent, RunStore } from 'antiphon'
import { EngineError } from './engine-error.ts'
import { DEFAULT_SCHEMA, tablesOf } from './engine-tables.ts'
import { executeRun } from './execute-run.ts'
import { letGo } from './let-go.ts'
import { openStore } from './open-store.ts'
import { startPresence } from './presence.ts'
import { DEFAULT_QUEUE, queueParameters } from './queue-options.ts'
import { loggerOf } from './quiet-logger.ts'
import { startReaper } from './reaper.ts'
import { workflowsOf } from './run-workflows.ts'
import { openSystemDatabase } from './system-database.ts'
import { APPLICATION_NAME, APPLICATION_VERSION, type RunTask, WORKFLOW_NAME } from './task.ts'
import type { StopOptions, WorkerOptions } from './worker-options.ts'
import { serveWorkflows } from './workflow.ts'

/** A process that takes runs from a queue. */
export interface Worker {
  /** Its name among the workers. */
  readonly executorId: string
  /**
   * Takes runs from now on, and those of workers that die.
   *
   * @throws EngineError `worker_exists`; and what the database says.
   */
  start(): Promise<void>
  /** Takes no further run, waits for those under way, hands over what is left, and lets go of everything. */
  stop(options?: StopOptions): Promise<void>
}

const MAX_RECOVERIES = 5
const REAP_INTERVAL_MS = 500
const HANG_TIMEOUT_MS = 10_000
const KEEP_FINISHED_MS = 604_800_000
const DRAIN_TIMEOUT_MS = 30_000
/** Connections to the queue. */
const CONNECTIONS = 10

/**
 * Makes a worker. One per process, because DBOS is.
 *
 * @throws EngineError `invalid_options`.
 */
export const createWorker = (options: WorkerOptions): Worker => {
  const { queue = {}, maxRecoveries = MAX_RECOVERIES, reapIntervalMs = REAP_INTERVAL_MS } = options
  const { hangTimeoutMs = HANG_TIMEOUT_MS, keepFinishedMs = KEEP_FINISHED_MS } = options
  const tables = tablesOf(options.systemSchema ?? DEFAULT_SCHEMA)
  const agents = agentsOf(options.agents)
  const parameters = queueParameters(queue)
  const queueName = queue.name ?? DEFAULT_QUEUE
  const place = { queue: queueName, applicationVersion: options.applicationVersion ?? APPLICATION_VERSION }
  if (hangTimeoutMs < 4 * reapIntervalMs)
    throw new EngineError('invalid_options', '`hangTimeoutMs` has to be 4 times `reapIntervalMs` or more.')
  if (!(keepFinishedMs >= 0))
    throw new EngineError(
      'invalid_options',
      `Expected milliseconds from 0 on as \`keepFinishedMs\`, got ${keepFinishedMs}.`,
    )
  // Never the same in two processes: DBOS queues all runs of a name again when a process of that name starts, also those that go on elsewhere.
  const executorId = `${options.executorId ?? 'worker'}-${randomUUID()}`
  const undo: Array<(drainTimeoutMs: number) => unknown> = []

  const start = async (): Promise<void> => {
    const opened = await openStore(options)
    undo.push(() => opened.close())
    const { store } = opened
    const { client, pool, url, schema, close } = await openSystemDatabase(options, CONNECTIONS)
    undo.push(close)
    const presence = await startPresence({ url, tables, executorId, hangTimeoutMs })
    undo.push(() => presence.stop())
    const stopping = new AbortController()
    const running = new Map<string, RunTask>()
    let handedOver: Promise<void> | undefined
    const release = serveWorkflows(async (task, workflowId) => {
      running.set(workflowId, task)
      try {
        const report = await executeRun(
          {
            agents,
            store,
            signal: stopping.signal,
            ...(options.runOptions === undefined ? {} : { runOptions: options.runOptions }),
            isElsewhere: async (runId, self) =>
              (await workflowsOf(client, runId, ['PENDING'])).some(({ workflowID }) => workflowID !== self),
          },
          task,
          workflowId,
        )
        // Before the queue has the run again this workflow must not end.
        if (report.stop === 'elsewhere') await handedOver
        return report
      } finally {
        running.delete(workflowId)
      }
    })
    undo.push(release)
    undo.push(() => {
      handedOver = handOver(client, store, executorId, running)
      return handedOver
    })
    undo.push(async (drainTimeoutMs) => {
      await DBOS.shutdown({ workflowCompletionTimeoutMS: drainTimeoutMs })
      stopping.abort()
    })
    DBOS.setConfig({
      name: APPLICATION_NAME,
      systemDatabaseUrl: url,
      systemDatabasePool: pool,
      systemDatabaseSchemaName: schema,
      executorID: executorId,
      applicationVersion: place.applicationVersion,
      listenQueues: [queueName],
      logger: loggerOf(options.log),
    })
    // Before the first look into the queue, which would go by older bounds, or find no queue and come back a second later.
    await client.registerQueue(queueName, parameters)
    await DBOS.launch()
    const reaper = startReaper({
      client,
      presence,
      tables,
      store,
      executorId,
      place,
      maxRecoveries,
      keepFinishedMs,
      intervalMs: reapIntervalMs,
      onError: (error) => options.log?.('warn', 'The reaper failed and tries again.', error),
      onRecovered: (dead, runs) =>
        options.log?.('info', `Worker ${dead} is dead; ${runs} of its runs go on.`),
    })
    undo.push(() => reaper.stop())
  }

  const stop = async ({ drainTimeoutMs = DRAIN_TIMEOUT_MS }: StopOptions = {}): Promise<void> => {
    const failures: unknown[] = []
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      try {
        await step(drainTimeoutMs)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  return {
    executorId,
    start: async () => {
      if (undo.length > 0)
        throw new EngineError('worker_exists', `Worker ${executorId} has been started already.`)
      try {
        await start()
      } catch (error) {
        await stop().catch(() => undefined)
        throw error
      }
    },
    stop,
  }
}

/** Runs that did not end in time: back into the queue, and out of the hands of this process, which writes nothing to their logs any more. */
const handOver = async (
  client: DBOSClient,
  store: RunStore,
  executorId: string,
  running: ReadonlyMap<string, RunTask>,
): Promise<void> => {
  const pending = await client.listWorkflows({
    workflowName: WORKFLOW_NAME,
    executorId,
    status: 'PENDING',
    loadInput: false,
    loadOutput: false,
  })
  for (const { workflowID, queueName = DEFAULT_QUEUE } of pending) {
    const task = running.get(workflowID)
    if (task !== undefined) await letGo(await store.open(task.runId, { takeOver: true }))
    await client.resumeWorkflows([workflowID], { queueName })
  }
}

/** @throws EngineError `invalid_options` for a name that is there twice, or is another than that of the agent. */
const agentsOf = (agents: WorkerOptions['agents']): ReadonlyMap<string, Agent<unknown>> => {
  const byName = new Map<string, Agent<unknown>>()
  for (const [key, agent] of Object.entries(agents)) {
    // The log of a run names its agent; under another name nobody could resume it.
    if (!Array.isArray(agents) && key !== agent.name)
      throw new EngineError(
        'invalid_options',
        `The agent under \`${key}\` is named "${agent.name}". Give it the name under which its runs are started: agent({ name: '${key}', … }).`,
      )
    if (byName.has(agent.name))
      throw new EngineError('invalid_options', `Two agents of this worker are named "${agent.name}".`)
    byName.set(agent.name, agent)
  }
  return byName
}
