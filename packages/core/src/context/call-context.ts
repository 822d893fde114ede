import type { ToolContext } from '../tools/tool-context.ts'

/** Facts of a call's context that never change. */
export interface CallFacts {
  readonly callId: string
  readonly runId: string
  readonly idempotencyKey: string
  readonly agent: string
  readonly toolName: string
  readonly context: unknown
}

/** A call's context. Its AbortController is made only when the tool reads `signal`: most never do, and it costs more than the call. */
export class CallContext implements ToolContext {
  readonly callId: string
  readonly runId: string
  readonly idempotencyKey: string
  readonly agent: string
  readonly toolName: string
  readonly context: unknown
  attempt = 1
  readonly #onProgress: (value: unknown) => void
  #controller: AbortController | undefined
  #aborted: { reason: Error } | undefined

  constructor(facts: CallFacts, onProgress: (value: unknown) => void) {
    this.callId = facts.callId
    this.runId = facts.runId
    this.idempotencyKey = facts.idempotencyKey
    this.agent = facts.agent
    this.toolName = facts.toolName
    this.context = facts.context
    this.#onProgress = onProgress
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  get aborted(): boolean {
    return this.#aborted !== undefined
  }

  progress(value: unknown): void {
    if (this.#aborted === undefined) this.#onProgress(value)
  }

  /** Aborts the signal, if anybody reads it. */
  abort(reason: Error): void {
    if (this.#aborted !== undefined) return
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }
}
