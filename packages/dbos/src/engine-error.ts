import { AntiphonError } from 'antiphon'

/** What can go wrong between runs, workers and the queue. */
export type EngineErrorCode =
  /** This process has a worker already: DBOS is one per process. */
  | 'worker_exists'
  /** An option is none, or two contradict each other. */
  | 'invalid_options'
  /** A worker took a run of an agent that it does not know. */
  | 'agent_unknown'
  /** Worker after worker died at the same place of the run. */
  | 'run_poisoned'
  | 'run_unknown'
  /** `result` waited as long as it was told to. The run goes on. */
  | 'result_timeout'

/** The engine refuses, or gave a run up. `retryable` for `result_timeout`. */
export class EngineError extends AntiphonError<EngineErrorCode> {
  override name = 'EngineError'

  constructor(code: EngineErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { ...options, retryable: code === 'result_timeout' })
  }
}
