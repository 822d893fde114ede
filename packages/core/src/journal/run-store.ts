import type { AntiphonError } from '@antiphon/client'
import type { Decision } from '../approval.ts'
import type { RunEvent } from '../events/events.ts'
import type { Session, SessionOptions } from '../session/session.ts'
import type { LogRecord, NewRecord, RunStart } from './log-record.ts'

/** How a run stands. `waiting`: for decisions, with no process. `failed`: it can be resumed, and tries again where it failed. */
export type RunStatus = 'running' | 'waiting' | 'done' | 'failed' | 'cancelled'

/** A run as a list shows it. Times are milliseconds since 1970. */
export interface RunSummary {
  readonly runId: string
  readonly agent: string
  readonly status: RunStatus
  readonly createdAt: number
  readonly updatedAt: number
  /** Why it failed, or why it was cancelled. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** An event of a run with its place among all events of the run, from 1, without gaps. */
export interface FollowedEvent {
  readonly seq: number
  readonly event: RunEvent
}

/** A run that this process writes. */
export interface OpenRun {
  readonly runId: string
  /** All that is recorded, in order. */
  readonly records: readonly LogRecord[]
  /**
   * Adds a record. Resolves when it is durable.
   *
   * @throws JournalError `run_taken` when another process has opened the run since, `run_cancelled` when somebody cancelled it, `store_failed`.
   */
  append(record: NewRecord): Promise<void>
  /** Adds events for whoever follows, in one write. Same errors. */
  appendEvents(events: readonly RunEvent[]): Promise<void>
  /** Calls `stop` once, when the run is cancelled or taken from outside. */
  onStop(stop: (reason: AntiphonError) => void): void
  /** Lets go of the run and says how it stands; changes nothing when the run was taken. */
  close(status: RunStatus, error?: { code: string; message: string }): Promise<void>
}

/** Which run to open, and how. */
export interface OpenOptions {
  /** Makes the run when there is none of that id. Without it a run that is not there is an error. */
  readonly start?: RunStart
  /** Takes the run from the process that has it, also when that process is alive. @defaultValue false */
  readonly takeOver?: boolean
}

/** Where runs are kept: what the loop needs of a store. `memoryRuns()` is one; `@antiphon/store` has those that survive. */
export interface RunStore {
  /**
   * Opens a run for writing; whoever had it before cannot write any more.
   *
   * @throws JournalError `run_busy` when a live process has it, `run_unknown`, `run_conflict` when it was made with other input, `log_version`, `store_failed`.
   */
  open(runId: string, options?: OpenOptions): Promise<OpenRun>
  /**
   * Records decisions about calls that wait, each once. Needs no process that runs.
   *
   * @throws JournalError `run_unknown`, `decision_used`, `decision_expired`; ConfigError `invalid_decision`.
   */
  decide(runId: string, decisions: readonly Decision[]): Promise<void>
  /** Cancels a run, wherever it is: its process stops at the next write, or within a second. False when it was over. */
  cancel(runId: string, reason?: string): Promise<boolean>
  /** How a run stands; undefined when there is none. */
  get(runId: string): Promise<RunSummary | undefined>
  /** The log of a run: all of it, or the records from `after` on. */
  read(runId: string, options?: { readonly after?: number }): Promise<readonly LogRecord[]>
  /** Events of a run from `after` on, those to come included, until the run waits, ends or fails. Any number of readers, in any process. */
  follow(
    runId: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<FollowedEvent>
  /** A session of the same store: for a run that began on one and is resumed by its id alone. */
  session?(id: string, options?: SessionOptions): Session
}
