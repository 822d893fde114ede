import type { Agent, RunStore } from 'antiphon'
import type { WorkerRunOptions } from './execute-run.ts'
import type { QueueOptions } from './queue-options.ts'
import type { EngineLog } from './quiet-logger.ts'
import type { RunTask } from './task.ts'

/** What a worker and an engine have to agree on. */
export interface PlaceOptions {
  /** Postgres, reached directly: a pooler that hands out connections per transaction loses locks and notifications. */
  readonly databaseUrl: string
  /** Where the runs are kept. @defaultValue `postgres(databaseUrl)` of `@antiphon/store/postgres` */
  readonly store?: RunStore
  /** Database of the queue, when it is not that of the runs. @defaultValue `databaseUrl` */
  readonly systemDatabaseUrl?: string
  /** Schema of DBOS in it. @defaultValue `dbos` */
  readonly systemSchema?: string
  /** Version under which runs are queued; a worker takes only those of its own. It does not follow the code, so that a deployment finds the runs before it. @defaultValue `antiphon-1` */
  readonly applicationVersion?: string
  /** Takes what DBOS reports. @defaultValue nothing is written anywhere */
  readonly log?: EngineLog
}

/** What `createWorker()` takes. */
export interface WorkerOptions extends PlaceOptions {
  /** The agents that this worker runs; in a record, under the names that runs are started with. */
  readonly agents: Readonly<Record<string, Agent<unknown>>> | readonly Agent<unknown>[]
  readonly queue?: QueueOptions
  /** Begins the name of this process among the workers, which is unique in any case. @defaultValue `worker` */
  readonly executorId?: string
  /** Recoveries of a run, one after another and without a new record in its log, before it is given up as `failed` with code `run_poisoned`. @defaultValue 5 */
  readonly maxRecoveries?: number
  /** How often it looks for dead workers, in milliseconds. @defaultValue 500 */
  readonly reapIntervalMs?: number
  /** A worker that is silent for so long counts as dead: it hangs, or its machine is gone. One whose process ended is noticed at once. In milliseconds. @defaultValue 10000 */
  readonly hangTimeoutMs?: number
  /**
   * How long the queue keeps what it knows of a run that is done, cancelled or removed from the store, in milliseconds; `Infinity` for ever. The run itself stays until it is removed
   * from the store. @defaultValue 604800000, a week
   */
  readonly keepFinishedMs?: number
  /** Options of each run besides those that the worker sets: a context, limits, a queue of tools. */
  runOptions?(task: RunTask): WorkerRunOptions
}

/** What `worker.stop()` takes. */
export interface StopOptions {
  /** How long runs may take to end, in milliseconds; those that go on after it are handed to another worker. @defaultValue 30000 */
  readonly drainTimeoutMs?: number
}
