import type { Decision, PendingCall } from '../approval.ts'
import type { LogRecord, RecordKind } from './log-record.ts'

/** What a step is told while it runs. */
export interface StepInfo {
  /** Records that the effect is about to happen. Resolves when that is durable; to be awaited before the effect. */
  intent(): Promise<void>
}

/** How a step is recorded. */
export interface StepOptions<T> {
  readonly kind: RecordKind
  /** What the step was asked, for the record. Called when the step has run. */
  about?(): unknown
  /** Of a step that must not happen twice: its value when an earlier process had announced it (`intent`) and left no record of how it ended. */
  unknown?(): T
  /** Nothing is recorded before this has resolved; when it rejects, the step does, and nothing is recorded. */
  readonly after?: Promise<unknown>
  /** The step is made of steps that are recorded themselves: to begin it does not yet lead out of the log. */
  readonly composed?: boolean
  /** Throws when a recorded step is not the one that is asked for. */
  check?(record: LogRecord): void
}

/**
 * What has happened in a run, and what happens in it from here on. The loop goes through it at three points: a model call, a tool call, a wait.
 *
 * A step that is recorded is not executed again: its recorded value is the result. Everything between the steps is executed anew, and has to lead to the same steps.
 */
export interface Journal {
  /** The record of a key, when there is one; costs a look into a map. */
  recorded(key: string): LogRecord | undefined
  /**
   * Runs a step and records its value, at most once; or takes the recorded one.
   *
   * @throws JournalError `run_taken`, `run_cancelled`, `nondeterministic`, `store_failed`; and what the step throws, which is not recorded.
   */
  step<T>(key: string, step: (info: StepInfo) => Promise<T>, options: StepOptions<T>): Promise<T>
  /** Waits for steps that were started together. */
  all<T>(steps: readonly Promise<T>[]): Promise<T[]>
  /** What has been decided about these calls so far; records, once, that they wait. Nobody is waited for: a run that nobody has decided ends, and is resumed. */
  wait(key: string, pending: readonly PendingCall[]): Promise<readonly Decision[]>
  /** The same journal for a run inside a call: its keys stand under `prefix`. */
  scope(prefix: string): Journal
  /** Says that what a recorded model call leads to at once has been done. Of other steps the journal knows by itself. */
  passed(key: string): void
  /** True until the last record was taken, or a step comes that is not in the log: until then all that happens has been told before. */
  readonly replaying: boolean
  /** The run has failed: what is stopped for that has no record, and is made when the run is resumed. */
  readonly failed: boolean
  /** Says that the run has failed. Of a run inside a call nobody has to know: the call has its record. */
  fail(): void
  /** Recorded steps must be those of the log in every detail: the order of calls, the requests. */
  readonly strict: boolean
}
