import type { PendingCall } from '../approval.ts'
import type { LimitName } from '../budget/limits.ts'

/** Why a run stopped. */
export type Stop =
  /** The model answered without asking for more. */
  | { reason: 'done' }
  /** A limit was reached. With `onLimit: 'answer'` the text is still the model's last answer. */
  | { reason: 'limit'; limit: LimitName; used: number; max: number }
  /** Calls wait for decisions or outputs: hand `result.state` and the decisions to `agent.resume`. */
  | { reason: 'approval'; pending: readonly PendingCall[] }
  /** `run.cancel()`, the caller's signal, or the end of its scope. */
  | { reason: 'cancelled'; message: string }
  /** `stopWhen` said so. */
  | { reason: 'stop_when' }
  /** The response ended early (`max_output_tokens`, `content_filter`); its calls were not executed. */
  | { reason: 'incomplete'; details: string }
  /** The run failed; `run.result()` rejects with the error. */
  | { reason: 'error'; code: string; message: string }
