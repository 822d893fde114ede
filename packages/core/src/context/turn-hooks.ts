import type { InputItem, Response, ResponseRequest, ToolChoice } from '@antiphon/client'
import type { Usage } from '../budget/usage.ts'
import type { Model } from '../model.ts'

/** What hooks may look at. Everything is read-only. */
export interface TurnInfo {
  readonly runId: string
  readonly agent: string
  /** Zero-based number of the model call that is next (`prepareTurn`) or was last (`stopWhen`). */
  readonly turn: number
  /** The whole history so far. */
  readonly history: readonly InputItem[]
  /** The last response, when there was one. */
  readonly response: Response | undefined
  /** Names of the tools called so far, in order of being sealed. */
  readonly calledTools: readonly string[]
  readonly usage: Readonly<Usage>
  /** The value given to `agent.run` as `context`. */
  readonly context: unknown
}

/** What `prepareTurn` may change, for this one model call. Omitted means unchanged. */
export interface TurnOverrides {
  /** Runs inside the agent's middleware, like its own. */
  readonly model?: Model
  readonly instructions?: string
  /** Names of the tools to declare; others are hidden for this turn, but for those of a caller (`adaptAgent`). */
  readonly tools?: readonly string[]
  readonly toolChoice?: ToolChoice
  /** Wire parameters, merged over the agent's settings. */
  readonly settings?: Partial<ResponseRequest>
  /** What is sent in the place of the history; the history itself stays as it is. */
  readonly input?: readonly InputItem[]
}

/** Stops when one of these tools was called in the run. */
export const hasCalled =
  (...names: readonly string[]) =>
  (info: TurnInfo): boolean =>
    info.calledTools.some((name) => names.includes(name))
