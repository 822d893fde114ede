import type {
  LogRecord,
  LogRedactor,
  LogRedactorOptions,
  RunStore,
  RunSummary,
  Session,
  SessionOptions,
  Sessions,
} from 'antiphon'
import type { FileStore } from './files/file-store.ts'
import type { ResponseStore } from './responses/response-store.ts'
import type { ForkOptions } from './runs/fork-run.ts'
import type { RunListOptions } from './runs/list-runs.ts'
import type { RetainOptions } from './runs/remove-run.ts'
import type { ImportOptions } from './runs/transfer-run.ts'
import type { KeptHistory } from './sessions/history.ts'
import type { Sql } from './sql.ts'

/** What is the same for every store. */
export interface StoreOptions {
  /**
   * Takes secrets out of what is written: records, events, items of sessions, responses. `{}` for keys of the usual shapes; `{ fields: ['password'], secrets: [/…/] }` for more. What was taken
   * out is not there when the run is resumed.
   *
   * @defaultValue nothing is taken out
   */
  readonly redact?: LogRedactorOptions | LogRedactor
}

/** Processes on one database, by names that they can leave in rows. */
export interface Owners {
  /** The name of this process, as long as the store is open. Others see from the first call on that it is alive; that ends with the process, however it ends. */
  own(): Promise<string>
  /** Whether the process of that name is still there. Needs no clock. */
  isAlive(owner: string): Promise<boolean>
}

/** Runs and sessions that survive, in a file or a database. Opened at first use; close it at the end, or hold it by `await using`. */
export interface Store extends RunStore {
  /** A session for a run's options: `agent.run(input, { session: store.session('user-42') })`. Made when the first run opens it. */
  session(id: string, options?: SessionOptions): Session
  /** All sessions. */
  readonly sessions: Sessions
  /** Histories by the points they have reached: for whoever names them otherwise than by sessions. */
  readonly history: KeptHistory
  /** Responses and conversations of a server, each within a tenant. */
  readonly responses: ResponseStore
  /** Files of a server, each within a tenant. */
  readonly files: FileStore
  /** The database itself, for packages that keep tables of their own in it: `migrateComponent()` makes them. */
  readonly sql: Sql
  /** Which processes are there, for work that must go on elsewhere when one is gone. */
  readonly owners: Owners
  /** Runs, the newest first. */
  list(options?: RunListOptions): Promise<RunSummary[]>
  /** Runs that were going on in a process that is gone. Resume them to go on where they stopped. */
  abandoned(): Promise<RunSummary[]>
  /** One record of a run by its key; costs the same however long the log is. */
  readKey(runId: string, key: string): Promise<LogRecord | undefined>
  /**
   * Makes a run that begins with the first turns of another one, without copying them. It waits to be resumed.
   *
   * @throws JournalError `run_unknown`, `run_conflict` when the new id is taken; ConfigError `invalid_config` when there is no such turn.
   */
  fork(runId: string, options: ForkOptions): Promise<void>
  /** The log of a run as JSON lines. */
  exportRun(runId: string): AsyncIterable<string>
  /**
   * Makes a run of JSON lines, whole or in pieces. Returns its id.
   *
   * @throws JournalError `run_conflict` when the id is taken, `log_damaged` with the line, `log_version`.
   */
  importRun(
    lines: string | Iterable<string> | AsyncIterable<string>,
    options?: ImportOptions,
  ): Promise<string>
  /**
   * Removes a run with its events and its large values. Branches keep what they share with it. False when there was none.
   *
   * @throws JournalError `run_busy` when a live process has it.
   */
  delete(runId: string): Promise<boolean>
  /** Removes runs that are old or too many, but none that a live process has. Returns how many. */
  retain(options: RetainOptions): Promise<number>
  /** Lets go of the file or the database. Runs that are still open can be resumed by others from here on. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
