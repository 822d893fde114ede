import type { CustomToolCall, FunctionCall, InputItem, ResponseRequest } from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import type { LimitHit, Spent } from '../budget/purse.ts'
import type { Usage } from '../budget/usage.ts'
import { ConfigError } from '../errors.ts'

/** Layout of the state; a reader refuses what it does not know. */
export const STATE_VERSION = 1

/** One call of the turn that waits. */
export type SavedCall =
  | { status: 'done'; item: FunctionCall | CustomToolCall; output: InputItem }
  | { status: 'pending'; item: FunctionCall | CustomToolCall; pending: PendingCall; nested?: RunState }

/**
 * A run that waits, as plain JSON: store it anywhere, resume it from any process with `agent.resume(state, decisions)`.
 * It holds the whole history, so it is as confidential as the conversation; it holds no key.
 */
export interface RunState {
  version: typeof STATE_VERSION
  runId: string
  /** Name of the agent that was run, and of the one that spoke last. */
  agent: string
  currentAgent: string
  /** The history without the outputs of the waiting turn. */
  history: InputItem[]
  /** Index where the run's own items begin. */
  start: number
  /** The session of the run, and how many of its items stand first in the history. */
  session?: { id: string; before: number }
  turn: number
  calls: SavedCall[]
  /** Name of the agent that was handed to in the waiting turn. */
  nextAgent?: string
  /** The limit that a call of the waiting turn ran into. */
  limitHit?: LimitHit
  /** Input that was given by `steer` and `followUp` and has not been used. */
  steering?: InputItem[]
  followUps?: InputItem[]
  calledTools: string[]
  spent: Spent
  usage: Usage
  costUsd?: number
  repairs: number
  server?: {
    previousResponseId?: string
    conversation?: ResponseRequest['conversation']
    continued?: boolean
    sentUpTo: number
  }
}

/** Reads a state that comes from outside. */
export const checkState = (state: unknown): RunState => {
  const found = state as Partial<RunState> | null
  if (
    typeof found !== 'object' ||
    found === null ||
    !Array.isArray(found.history) ||
    !Array.isArray(found.calls)
  )
    throw new ConfigError(
      'invalid_state',
      'Expected the state of a run (`result.state`), got something else.',
    )
  if (found.version !== STATE_VERSION)
    throw new ConfigError(
      'invalid_state',
      `The state has version ${found.version}; this Antiphon reads version ${STATE_VERSION}. Resume it with the version that wrote it.`,
    )
  return found as RunState
}
