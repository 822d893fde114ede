import { AntiphonError, isAntiphonError } from '@antiphon/client'
import { errorText } from '../errors/error-text.ts'
import type { RunResult } from './result.ts'

/**
 * What `run.result()` rejects with: the failure and all that was reached before it.
 *
 * `code` and `retryable` are those of the cause when it is an Antiphon error (`rate_limited`, `stream_truncated`, …), else
 * `run_failed`. `result.history` is valid: `agent.run(error.result.history)` goes on from there.
 */
export class RunError extends AntiphonError {
  override name = 'RunError'
  /** All that was reached before the failure: items, usage, history. */
  readonly result: RunResult<unknown>

  constructor(cause: unknown, where: string, result: RunResult<unknown>) {
    const message = errorText(cause)
    super(isAntiphonError(cause) ? cause.code : 'run_failed', `${message} (${where})`, {
      cause,
      retryable: isAntiphonError(cause) && cause.retryable,
    })
    this.result = result
  }
}
