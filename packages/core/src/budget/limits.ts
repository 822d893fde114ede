/** Bounds of a run. Each is checked before the spend; sub-agents and hand-offs share them. */
export interface Limits {
  /** Model calls. @defaultValue 50 */
  readonly turns?: number
  /**
   * Calls of the whole run, over all its responses: function, custom, local built-in and hosted. A call beyond is not executed and gets an
   * output that says so. With hosted tools declared, what is left is sent as `max_tool_calls` with each request.
   */
  readonly toolCalls?: number
  /** Calls by tool name. */
  readonly tools?: Readonly<Record<string, number>>
  /** Input and output tokens together, as the server counts them. */
  readonly totalTokens?: number
  /** US dollars by the price table. Needs a known price. */
  readonly costUsd?: number
  /** Milliseconds since the start. Running tools are stopped; a model call in flight may finish. */
  readonly durationMs?: number
}

/** What happens at a limit: one last turn without tools, a plain stop, or an exception. @defaultValue 'answer' */
export type OnLimit = 'answer' | 'stop' | 'throw'

/** Model calls of a run when nothing else is said. */
export const DEFAULT_TURNS = 50

/** Names of the limits a run can hit. */
export type LimitName = 'turns' | 'toolCalls' | 'totalTokens' | 'costUsd' | 'durationMs' | `tools.${string}`
