import { AbortedError } from '../errors/aborted-error.ts'
import type { ApiError } from '../errors/api-error.ts'
import { TimeoutError } from '../errors/timeout-error.ts'
import type { AntiphonError } from '../errors.ts'
import { Attempt } from './attempt.ts'
import { type AttemptOwner, type AttemptPlan, describeCall, type Receiver } from './attempt-plan.ts'
import { backoffMs } from './backoff.ts'
import type { Retry } from './call.ts'

/** A call: the plan of its attempts, and how often it is repeated. */
export interface SendingPlan extends AttemptPlan {
  readonly retries: number
  readonly onRetry: ((retry: Retry) => void) | undefined
}

/** How a call ends. */
export interface Settle {
  resolve(): void
  reject(error: unknown): void
}

const longestTimerMs = 2_147_483_647

/** One call, from its first attempt until it settles: retries, the total limit, abort. */
export class Sending implements AttemptOwner {
  private readonly plan: SendingPlan
  private readonly receiver: Receiver
  private readonly settle: Settle
  private attempt: Attempt | undefined
  private attempts = 0
  private handedOn = false
  private settled = false
  private lastError: AntiphonError | undefined
  private pause: ReturnType<typeof setTimeout> | undefined
  private total: ReturnType<typeof setTimeout> | undefined
  private readonly onSignal = (): void => this.abort(this.plan.call.signal?.reason)

  constructor(plan: SendingPlan, receiver: Receiver, settle: Settle) {
    this.plan = plan
    this.receiver = receiver
    this.settle = settle
  }

  start(): void {
    const { call, timeouts } = this.plan
    if (call.signal?.aborted) {
      this.settle.reject(new AbortedError(call.signal.reason))
      return
    }
    call.signal?.addEventListener('abort', this.onSignal)
    if (timeouts.totalMs < longestTimerMs) this.total = setTimeout(() => this.onTotal(), timeouts.totalMs)
    this.send()
    call.onAbort?.((reason) => this.abort(reason))
  }

  get mayRetry(): boolean {
    return !this.handedOn && this.attempts <= this.plan.retries
  }

  handingOn(): void {
    this.handedOn = true
  }

  succeeded(): void {
    // An attempt that succeeded may still read its rest: it is not stopped.
    this.attempt = undefined
    if (this.release()) this.settle.resolve()
  }

  broke(error: unknown): void {
    this.reject(error)
  }

  failed(error: AntiphonError): void {
    this.lastError = error
    if (!error.retryable || !this.mayRetry) {
      this.reject(error)
      return
    }
    const waitMs = backoffMs(this.attempts, (error as Partial<ApiError>).retryAfterMs)
    this.pause = setTimeout(() => this.send(), waitMs)
    try {
      this.plan.onRetry?.({ attempt: this.attempts, waitMs, error })
    } catch (thrown) {
      this.reject(thrown)
    }
  }

  private send(): void {
    this.attempts++
    this.attempt = new Attempt(this.plan, this.receiver, this)
    try {
      this.attempt.start()
    } catch (error) {
      this.reject(error)
    }
  }

  private abort(reason: unknown): void {
    if (!this.attempt?.finishNow()) this.reject(new AbortedError(reason))
  }

  private onTotal(): void {
    if (this.attempt?.finishNow()) return
    const { totalMs } = this.plan.timeouts
    this.reject(new TimeoutError('total_timeout', describeCall(this.plan), totalMs, this.lastError))
  }

  private reject(error: unknown): void {
    if (!this.release()) return
    this.attempt?.stop(error instanceof Error ? error : new Error('the call failed'))
    this.settle.reject(error)
  }

  /** Lets go of everything that outlives a call; false when that was done before. */
  private release(): boolean {
    if (this.settled) return false
    this.settled = true
    this.plan.call.signal?.removeEventListener('abort', this.onSignal)
    if (this.pause !== undefined) clearTimeout(this.pause)
    if (this.total !== undefined) clearTimeout(this.total)
    return true
  }
}
