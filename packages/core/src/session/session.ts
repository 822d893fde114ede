import type { InputItem } from '@antiphon/client'

/** A place in a history that is kept: after turn `n` of a line. Plain JSON; histories that branch share what lies before. */
export interface HistoryPoint {
  readonly line: string
  /** Turns up to here, from 1; those before the line branched off included. */
  readonly n: number
}

/** What a run says when it opens a session. */
export interface SessionOpenOptions {
  /**
   * The run goes on: it gets the history that it began with, also when others have added to the session since. Without it a run that has added its items already is
   * refused. @defaultValue false
   */
  readonly resumed?: boolean
  /** Takes the session from this same run, whose earlier process can write nothing any more. @defaultValue false */
  readonly takeOver?: boolean
  /** Ends the wait for a session that another run has; `open` rejects with its reason. */
  readonly signal?: AbortSignal
}

/** A session that one run holds: no other run can open it meanwhile. */
export interface OpenSession {
  /** The history that the run goes on from, in order. */
  readonly items: readonly InputItem[]
  /** Where that history ends, for a store that can read it there again; absent when it is empty. */
  readonly at?: HistoryPoint
  /**
   * Adds the items of the run, all at once, at the end of the session. A run adds once: for one that has, this does nothing.
   *
   * @throws JournalError `run_taken` when the run was opened anew since, `store_failed`.
   */
  append(items: readonly InputItem[]): Promise<void>
  /** Lets go of the session; does nothing when it was taken. */
  release(): Promise<void>
}

/**
 * The history that several runs share, one after the other: what a run needs of it. `memorySession()` is one; `@antiphon/store` has those that survive.
 */
export interface Session {
  readonly id: string
  /**
   * Opens the session for a run. For a resumed one that has added its items already it is not held, and nobody is waited for.
   *
   * @throws JournalError `session_busy` when another run has it, `run_conflict` when the run has added its items before and is not resumed, `store_failed`.
   */
  open(runId: string, options?: SessionOpenOptions): Promise<OpenSession>
}

/** What happens while another run has the session. */
export interface SessionOptions {
  /** `error`: `session_busy` at once. `wait`: until it is free. @defaultValue 'error' */
  readonly onBusy?: 'error' | 'wait'
  /** Longest wait in milliseconds; after it `session_busy`. @defaultValue 60_000 */
  readonly waitMs?: number
}
