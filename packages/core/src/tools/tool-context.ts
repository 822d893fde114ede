/** What a tool gets beside its input. */
export interface ToolContext {
  /** Aborted on cancel, timeout and limit. Made on first read: pass it on, or listen to it. */
  readonly signal: AbortSignal
  /** The wire's `call_id`. */
  readonly callId: string
  readonly runId: string
  /** The same for every attempt and after a resume: give it to services that remember keys. */
  readonly idempotencyKey: string
  /** 1 for the first try, 2 for the first retry, … */
  readonly attempt: number
  /** Name of the agent that called. */
  readonly agent: string
  readonly toolName: string
  /** The value given as `context` to `agent.run`; never sent to the model. */
  readonly context: unknown
  /** Tells listeners how far the call is (`tool.progress`). */
  progress(value: unknown): void
}
