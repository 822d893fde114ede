import type { RunStore } from 'antiphon'
import type { AnswerContext, Approvals } from '../upstream/upstream.ts'

/** What an upstream has at hand for one answer; stopped once, whoever listens. */
export class AnswerScope implements AnswerContext {
  readonly responseId: string
  readonly approvals: Approvals
  readonly runs?: RunStore
  #cancel: ((reason: Error) => void) | undefined
  #controller: AbortController | undefined
  #stopped: Error | undefined

  constructor(responseId: string, approvals: Approvals, runs: RunStore | undefined) {
    this.responseId = responseId
    this.approvals = approvals
    if (runs !== undefined) this.runs = runs
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

  stop(reason: Error): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    this.#controller?.abort(reason)
    this.#cancel?.(reason)
  }
}
