import type { FunctionCallOutput, OutputItem, Response, ResponseEvent } from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import type { Usage } from '../budget/usage.ts'
import type { Stop } from './stop.ts'
import type { WarningEvent } from './warning.ts'

/*
 * Order and guarantees of a run's events
 *
 *   run.started
 *     built_in.opened         one per built-in tool of the agent, before its first turn: who executes it
 *     turn.started
 *       response.*            every wire event, unchanged, in order (unknown ones too)
 *       tool.queued           a call was sealed and accepted; may come before the response has ended
 *       tool.started          it got its slot
 *       tool.progress*        what the tool reported
 *       tool.ended            exactly once per call that was answered; also for calls that never started
 *       tool.pending          instead of tool.ended, once all others are answered: the call waits for a decision or for the caller's output.
 *                             A call of a sub-agent has the calls above it as its path. A client-side item other than a function call (shell_call, …)
 *                             comes with this event alone
 *       tool.discarded        the response failed: what the call did is void. Instead of tool.ended, or after it when the call had ended already
 *     turn.ended
 *     agent.changed           a hand-off
 *     agent.event             an event of a sub-agent, wrapped
 *     limit.reached           at most once per run
 *     warning                 something was tolerated that deserves a look
 *   run.ended                 always the last one
 */

/** First event of a run. */
export interface RunStartedEvent {
  type: 'run.started'
  runId: string
  agent: string
}

/** A run that was recorded goes on from here: everything before was taken from its log. What was heard of this turn before is void. */
export interface RunResumedEvent {
  type: 'run.resumed'
  runId: string
  agent: string
  /** Zero-based. */
  turn: number
}

/** A built-in tool of the agent is ready: it tells who executes its calls. */
export interface BuiltInOpenedEvent {
  type: 'built_in.opened'
  /** Its name, such as `web_search`. */
  tool: string
  /** `local`: this process; `hosted`: the provider behind the model. */
  runs: 'local' | 'hosted'
  /** Names of the functions that the model is offered for it; none when it is hosted. */
  functions: readonly string[]
  /** Items that it shows before the first answer, such as `mcp_list_tools`. */
  items: readonly OutputItem[]
}

/** A model call is about to be made. */
export interface TurnStartedEvent {
  type: 'turn.started'
  /** Zero-based. */
  turn: number
  agent: string
}

/** A model call and the tool calls it asked for are over. */
export interface TurnEndedEvent {
  type: 'turn.ended'
  turn: number
  /** The folded response of this turn. */
  response: Response
  /** Usage of this turn alone. */
  usage: Usage
}

/** A call was sealed in the stream and accepted. */
export interface ToolQueuedEvent {
  type: 'tool.queued'
  callId: string
  name: string
  /** As the model wrote them. */
  arguments: string
}

/** A call got its slot and runs now. */
export interface ToolStartedEvent {
  type: 'tool.started'
  callId: string
  name: string
  /** 1 for the first try. */
  attempt: number
  /** Milliseconds between acceptance and this moment. */
  queuedMs: number
  /** The call as callers of the wire see it, for a tool that has a view: `web_search_call`, `mcp_call`, … */
  item?: OutputItem
}

/** What a tool told by `ctx.progress()` or by a `yield`. */
export interface ToolProgressEvent {
  type: 'tool.progress'
  callId: string
  name: string
  progress: unknown
}

/** How an answered call ended. */
export type ToolOutcome =
  | 'ok'
  | 'error'
  | 'timeout'
  | 'aborted'
  | 'limit'
  | 'rejected'
  | 'invalid'
  | 'not_executed'
  | 'unknown'

/** A call has its one output. */
export interface ToolEndedEvent {
  type: 'tool.ended'
  callId: string
  name: string
  outcome: ToolOutcome
  /** The item that goes back to the model. */
  output: FunctionCallOutput
  /** What the tool gave for people and programs, not for the model. */
  details?: unknown
  /** The call as callers of the wire see it, and what stands behind it, for a tool that has a view. */
  items?: readonly OutputItem[]
  /** Milliseconds spent waiting for a slot; 0 when it never started. */
  queuedMs: number
  /** Milliseconds spent running, all attempts; 0 when it never started. */
  durationMs: number
}

/** A call waits for a decision (approval) or for an output that only the caller can give. */
export interface ToolPendingEvent {
  type: 'tool.pending'
  call: PendingCall
}

/** A call that was started early is void, because its response failed. */
export interface ToolDiscardedEvent {
  type: 'tool.discarded'
  callId: string
  name: string
}

/** A hand-off: the next turn is made by another agent. */
export interface AgentChangedEvent {
  type: 'agent.changed'
  from: string
  to: string
}

/** An event of a sub-agent. */
export interface AgentEvent {
  type: 'agent.event'
  /** The call of the parent that runs the sub-agent. */
  callId: string
  agent: string
  event: RunEvent
}

/** A limit was reached; what happens next is `onLimit`. */
export interface LimitReachedEvent {
  type: 'limit.reached'
  limit: string
  used: number
  max: number
}

/** Last event of a run. */
export interface RunEndedEvent {
  type: 'run.ended'
  runId: string
  stop: Stop
  usage: Usage
}

/** Events that Antiphon adds to those of the wire. */
export type LoopEvent =
  | RunStartedEvent
  | RunResumedEvent
  | BuiltInOpenedEvent
  | TurnStartedEvent
  | TurnEndedEvent
  | ToolQueuedEvent
  | ToolStartedEvent
  | ToolProgressEvent
  | ToolEndedEvent
  | ToolPendingEvent
  | ToolDiscardedEvent
  | AgentChangedEvent
  | AgentEvent
  | LimitReachedEvent
  | WarningEvent
  | RunEndedEvent

/** Everything a run tells: its own events and every wire event, unchanged. */
export type RunEvent = LoopEvent | ResponseEvent
