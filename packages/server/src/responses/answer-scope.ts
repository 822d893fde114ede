import type { RunStore } from 'antiphon'
import type { AnswerContext, Approvals } from '../upstream/upstream.ts'

/** How long an upstream that was stopped may take to end; then nobody waits for it any more. */
const STOP_MS = 2_000

/** What an upstream has at hand for one answer; stopped once, whoever listens. */
export class AnswerScope implements AnswerContext {
  readonly tenant: string
  readonly responseId: string
  readonly approvals: Approvals
  readonly runs?: RunStore
  /** Rejects when it was stopped and has not ended in time. */
  readonly givenUp: Promise<never>
  #giveUp: (reason: Error) => void = () => undefined
  #cancel: ((reason: Error) => void) | undefined
  #controller: AbortController | undefined
  #stopped: Error | undefined

  constructor(tenant: string, responseId: string, approvals: Approvals, runs: RunStore | undefined) {
    this.tenant = tenant
    this.responseId = responseId
    this.approvals = approvals
    if (runs !== undefined) this.runs = runs
    this.givenUp = new Promise((_, reject) => {
      this.#giveUp = reject
    })
    this.givenUp.catch(() => undefined)
  }

  get runId(): string {
    return this.responseId
  }

  get stopped(): Error | undefined {
    return this.#stopped
  }

  onAbort(cancel: (reason: Error) => void): void {
    this.#cancel = cancel
    if (this.#stopped !== undefined) cancel(this.#stopped)
  }

  /** Made when somebody asks for it: a signal is dear. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#stopped !== undefined) this.#controller.abort(this.#stopped)
    return this.#controller.signal
  }

  /** Nobody waits for it any more. A run that is kept is not told: it would be recorded as cancelled, and another process is to go on with it. */
  letGo(reason: Error): void {
    if (this.runs === undefined) this.stop(reason)
    this.#stopped ??= reason
    this.#giveUp(reason)
  }

  stop(reason: Error): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    setTimeout(this.#giveUp, STOP_MS, reason).unref()
    this.#controller?.abort(reason)
    this.#cancel?.(reason)
  }
}
