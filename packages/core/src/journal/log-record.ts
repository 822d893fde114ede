import type { InputItem, Response } from '@antiphon/client'
import type { Decision, PendingCall } from '../approval.ts'
import type { LimitHit, Spent } from '../budget/purse.ts'
import type { Usage } from '../budget/usage.ts'
import type { ToolOutcome } from '../events/events.ts'
import type { Stop } from '../events/stop.ts'
import type { HistoryPoint } from '../session/session.ts'

/** Layout of a run log; a reader refuses what is newer than it knows. */
export const LOG_VERSION = 1

/** What a record says: see the value of each. */
export type RecordKind = 'run' | 'session' | 'model' | 'intent' | 'tool' | 'wait' | 'decision' | 'end'

/**
 * One line of a run log: plain JSON.
 *
 * Keys are unique within a run: `run`, `session`, `t{n}/model`, `t{n}/tool/{call_id}`, `t{n}/tool/{call_id}/intent`, `t{n}/wait`, `t{n}/wait/{call_id}` (a decision), `end`. Those of a
 * sub-agent stand under the call that runs it: `t0/tool/call_1/t0/model`.
 */
export interface LogRecord {
  /** Place in the log, from 1, without gaps. */
  readonly seq: number
  readonly key: string
  readonly kind: RecordKind
  /** When it was recorded: milliseconds since 1970. */
  readonly at: number
  /** Number of the step within its turn, in the order in which the loop asked for it. */
  readonly order?: number
  /** How long the step took, in milliseconds. */
  readonly ms?: number
  /** What the step was asked: {@link ModelAbout} of a model call, {@link ToolAbout} of an intent or a tool call. */
  readonly about?: unknown
  /** {@link RunStart}, {@link SessionStart}, {@link Response}, {@link ToolValue}, {@link WaitValue}, {@link Decision} or {@link EndValue}, by kind; null for an intent. */
  readonly value: unknown
}

/** A record before it has its place. */
export type NewRecord = Omit<LogRecord, 'seq'>

/** Value of the record `run`: all that a process needs to begin. */
export interface RunStart {
  readonly version: number
  readonly runId: string
  /** Name of the agent that was run. */
  readonly agent: string
  readonly input: readonly InputItem[]
  /** It goes on from a run that waited elsewhere. */
  readonly from?: StateStart
  /** Id of the session that it began on; its record `session` says what it saw there. */
  readonly session?: string
  /** The log is a recording of a model (`record()`), with the name of that as `agent`, and not of an agent's run. */
  readonly recording?: true
  /** The run it branches from: its first `at` turns are that run's. */
  readonly parent?: { readonly runId: string; readonly at: number }
}

/** The state that a run begins from, and what was decided about its calls. */
export interface StateStart {
  /** A `RunState` without its history, which is the `input` of the run. */
  readonly state: unknown
  readonly decisions: readonly Decision[]
}

/** Value of the record `session`: the history that came before the input. The first request of the run keeps it, as if it were the last input. */
export interface SessionStart {
  /** Items that the history has. */
  readonly count: number
  /** Where the session's store has them. */
  readonly at?: HistoryPoint
  /** The items, where there is no such place. */
  readonly items?: readonly InputItem[]
}

/** What a model was asked, as the difference to the call before it in the same run. */
export interface ModelAbout {
  /** Name of the agent that spoke. */
  readonly agent: string
  /** The model that answered, where that is not the one of the request. */
  readonly answeredBy?: string
  /** Fields of the request that are new or changed; without `input`. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Fields that are gone. */
  readonly unset?: readonly string[]
  /** The first `keep` items of the last input stay; then come `add`, each an item, or the place where the log has it. */
  readonly input: { readonly keep: number; readonly add: readonly (InputItem | ItemPlace)[] }
  /** Positions of the output in the order in which the stream sealed them, where that is not all of them in theirs: the others are cut off. */
  readonly sealed?: readonly number[]
  /** The limit that made it the last turn. */
  readonly limit?: LimitHit
  /** Items of `add` that came from outside while the run was going (`steer`, `followUp`). */
  readonly steered?: readonly InputItem[]
}

/** An item that another record of the log holds: an item of `run`'s input, of a response's output, or the output of a tool call. */
export interface ItemPlace {
  readonly $record: string
  /** Index in the input or the output. */
  readonly $index?: number
}

/** What a tool was asked. */
export interface ToolAbout {
  readonly name: string
  /** As the model wrote them. */
  readonly arguments: string
}

/** Value of a tool's record. */
export interface ToolValue {
  readonly outcome: ToolOutcome
  /** The output item; absent where the wire has none. */
  readonly output?: InputItem
  /** What the tool gave for people beside its output. */
  readonly details?: unknown
  /** The limit for which it was not executed, or was stopped. */
  readonly limit?: LimitHit
  /** What a sub-agent has used: it is not run again to count it. */
  readonly spent?: SubSpent
}

/** What the run of a sub-agent has used. */
export interface SubSpent {
  readonly usage: Usage
  /** Undefined when a price was not known. */
  readonly costUsd?: number
  readonly purse: Spent
}

/** Value of a wait: calls that somebody outside has to decide. */
export interface WaitValue {
  readonly pending: readonly PendingCall[]
  /** Milliseconds since 1970; after it nobody may decide any more. */
  readonly expiresAt?: number
}

/** Value of the record `end`. */
export interface EndValue {
  readonly stop: Stop
  readonly usage: Usage
  readonly text: string
}

/** The value of each kind. */
export interface RecordValues {
  run: RunStart
  session: SessionStart
  model: Response
  intent: null
  tool: ToolValue
  wait: WaitValue
  decision: Decision
  end: EndValue
}
