import type { ResponseRequest } from '@antiphon/client'
import type { Limits } from '../budget/limits.ts'
import type { RunStore } from '../journal/run-store.ts'
import type { Session } from '../session/session.ts'
import type { ToolQueue } from '../tools/run-queue.ts'

/**
 * Where the model's memory lies. `local`: the whole history goes out with each request. `server`: only new items, with `previous_response_id`;
 * falls back to the whole history when the server forgot. `{ conversation }`: only new items, into that conversation. Local history is kept in every mode.
 */
export type RunStateMode =
  | 'local'
  | 'server'
  | { readonly conversation: NonNullable<ResponseRequest['conversation']> }

/** What one run may be told. */
export interface RunOptions {
  /** Whose run it is: what built-in tools keep (containers, files, sessions) is kept under it. @defaultValue 'local' */
  readonly tenant?: string
  /** Cancels the run; one listener, removed when the run ends. */
  readonly signal?: AbortSignal
  /** Tighter or wider than the agent's, name by name. */
  readonly limits?: Limits
  /** Calls at once in this run. @defaultValue the agent's, else 16 */
  readonly concurrency?: number
  /** A queue to share with other runs. */
  readonly queue?: ToolQueue
  /** Anything for tools and hooks (`ctx.context`); never sent. */
  readonly context?: unknown
  /** Name of the run in events and idempotency keys. @defaultValue a random id */
  readonly runId?: string
  /**
   * Keeps the run's log, so that it survives the process: `memoryRuns()`, or one of `@antiphon/store`. A `runId` that the store has already goes on where it was; a finished
   * one gives its result again, without any call.
   */
  readonly store?: RunStore
  /** With `store`: takes the run from the process that has it, also when that process is alive. @defaultValue false */
  readonly takeOver?: boolean
  /**
   * With `store`: a resumed run tells its events from the beginning, those of recorded steps too, each text in one delta. For who has to show the whole of it anew; followers of the
   * store get nothing twice. @defaultValue false
   */
  readonly tellAgain?: boolean
  /** With `store`: milliseconds somebody may take to decide about a call; after it the call counts as rejected. @defaultValue for ever */
  readonly decideWithinMs?: number
  /** With `store`: a resumed run must ask for the calls of a turn in the recorded order, and send the recorded requests, too. For tests. @defaultValue false */
  readonly strictReplay?: boolean
  /**
   * The history that the run goes on from: it comes before the input, and what the run adds is added to it, input included, when the run is over. `memorySession()`, or one of
   * `@antiphon/store`. A run that waits has added nothing yet and is resumed with the same session; nor has a failed one with `store`, which can be resumed.
   */
  readonly session?: Session
  readonly state?: RunStateMode
  /** With `state: 'server'`: the response to go on from. */
  readonly previousResponseId?: string
}
