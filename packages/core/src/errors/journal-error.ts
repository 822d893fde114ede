import { AntiphonError } from '@antiphon/client'

/** What can be wrong with a log, a run that is kept, or a session. */
export type JournalErrorCode =
  /** Another process has opened the run: this one can write nothing any more. */
  | 'run_taken'
  /** A live process has the run. */
  | 'run_busy'
  /** Somebody cancelled the run. */
  | 'run_cancelled'
  | 'run_unknown'
  /** A run of that id was started with other input or another agent. */
  | 'run_conflict'
  /** The code went another way than the log says: it was changed, or depends on time, chance or the environment between two steps. */
  | 'nondeterministic'
  /** A recording was asked something that it has no answer to; `key` and `path` say where the nearest request differs. */
  | 'replay_mismatch'
  /** The log was written by a newer version. */
  | 'log_version'
  /** The log is damaged; `line` or `key` says where. */
  | 'log_damaged'
  /** A call was decided before. */
  | 'decision_used'
  /** The time to decide is over. */
  | 'decision_expired'
  /** Another run has the session. */
  | 'session_busy'
  | 'session_unknown'
  /** A session of that id is there already. */
  | 'session_exists'
  /** No history that is kept has this point. */
  | 'point_unknown'
  /** The database or the disk failed; the cause says how. */
  | 'store_failed'
  /** The file or database was made by a newer version. */
  | 'store_version'

/** A log, a kept run or a session refuses. `retryable` for `run_busy`, `session_busy` and `store_failed`. */
export class JournalError extends AntiphonError<JournalErrorCode> {
  override name = 'JournalError'
  /** The record it is about, where there is one. */
  readonly key: string | undefined
  /** Where two requests differ: `input[3].output`. */
  readonly path: string | undefined
  /** Line of a file, from 1. */
  readonly line: number | undefined

  constructor(code: JournalErrorCode, message: string, options: JournalErrorOptions = {}) {
    const { cause, key, path, line } = options
    super(code, message, {
      cause,
      retryable: code === 'run_busy' || code === 'session_busy' || code === 'store_failed',
    })
    this.key = key
    this.path = path
    this.line = line
  }
}

/** What is known of a failure. */
export interface JournalErrorOptions {
  readonly cause?: unknown
  readonly key?: string
  readonly path?: string
  readonly line?: number
}
