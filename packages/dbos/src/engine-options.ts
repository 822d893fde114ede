import type { EndValue, PendingCall } from 'antiphon'
import type { PlaceOptions } from './worker-options.ts'

/** What `createEngine()` takes. */
export interface EngineOptions extends PlaceOptions {
  /** Name of the queue that runs are put into. @defaultValue `antiphon` */
  readonly queue?: string
}

/** What `engine.start()` takes. */
export interface StartOptions {
  /** Name of the run: starting it again changes nothing. @defaultValue a random one */
  readonly runId?: string
  /** Lower comes first: 0 to 2147483647. @defaultValue 0 */
  readonly priority?: number
  /** Whose run it is, where the queue has bounds per tenant. */
  readonly tenant?: string
  /** How long to wait before it may start, in milliseconds; in steps of a second or so. @defaultValue 0 */
  readonly delayMs?: number
}

/** What `engine.resume()` takes. */
export type ResumeOptions = Omit<StartOptions, 'runId'>

/** How a run stands when nothing more happens with it by itself. */
export type RunOutcome =
  | ({ readonly status: 'done' } & EndValue)
  | { readonly status: 'waiting'; readonly pending: readonly PendingCall[] }
  | {
      readonly status: 'failed' | 'cancelled'
      readonly error: { readonly code: string; readonly message: string }
    }
