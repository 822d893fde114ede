import type { InputItem } from '@antiphon/client'
import type { HistoryPoint, Session, SessionOptions } from './session.ts'

/** A session as a list shows it. Times are milliseconds since 1970. */
export interface SessionSummary {
  readonly id: string
  /** Runs that have added to it, those before a fork included. */
  readonly turns: number
  /** Items they added. */
  readonly items: number
  /** Where its history ends; absent when it is empty, and in memory. */
  readonly at?: HistoryPoint
  readonly createdAt: number
  readonly updatedAt: number
  /** The run that has it. It may belong to a process that is gone; then whoever asks next gets the session. */
  readonly runId?: string
}

/** Which sessions to list. */
export interface SessionListOptions {
  /** Ids after this one, in the order of the list. */
  readonly after?: string
  /** @defaultValue 100 */
  readonly limit?: number
}

/** Sessions by their ids. */
export interface Sessions {
  /** A session for a run's options; made when the first run opens it. */
  session(id: string, options?: SessionOptions): Session
  /** Sessions, ordered by their ids. */
  list(options?: SessionListOptions): Promise<SessionSummary[]>
  /** How a session stands; undefined when there is none. */
  get(id: string): Promise<SessionSummary | undefined>
  /** All items of a session, in order; none when it is not there. */
  read(id: string): Promise<InputItem[]>
  /**
   * Makes a session that goes on from another one, or from an earlier point of it. What they share is kept once, and neither sees what the other adds.
   *
   * @throws JournalError `session_unknown`, `session_exists`; ConfigError `invalid_config` when the session has no such turn.
   */
  fork(
    id: string,
    newId: string,
    options?: {
      /** How many of its turns the new one has. @defaultValue all */
      readonly at?: number
    },
  ): Promise<void>
  /**
   * Deletes a session, and of its history what no other one shares. False when there was none.
   *
   * @throws JournalError `session_busy` when a run has it.
   */
  delete(id: string): Promise<boolean>
}
