import type { CustomToolCall, FunctionCall, FunctionCallOutput, InputItem } from '@antiphon/client'
import type { PendingCall } from '../approval.ts'
import type { ToolOutcome } from '../events/events.ts'
import { emptyOutput } from '../history/empty-output.ts'
import type { SubSpent } from '../journal/log-record.ts'
import type { Tool } from '../tools/tool.ts'
import type { CallContext } from './call-context.ts'

/** What is to be done with a call: the table the executor reads. */
export type Plan =
  /** Parsed, valid and within the budget. */
  | { kind: 'execute'; tool: Tool; input: unknown }
  /** The answer is known without running anything: unknown tool, bad arguments, limit, rejection. */
  | { kind: 'answer'; outcome: Exclude<ToolOutcome, 'ok'>; text: string }
  /** Somebody outside has to decide or to answer. */
  | { kind: 'pending'; pending: PendingCall }
  /** Another agent takes over. */
  | { kind: 'handoff'; tool: Tool }
  /** A wrapper the model invented around several calls (`multi_tool_use.parallel`). */
  | { kind: 'wrapper'; inner: readonly Call[] }

/** The one output of a call. */
interface CallResult {
  outcome: ToolOutcome
  /** Undefined where the wire has no way to say that there is none: then the call itself leaves the history. */
  output: InputItem | undefined
  /** What the tool gave for people beside its output. */
  details?: unknown
}

/** One call of one response, from being sealed to being answered. */
export interface Call {
  readonly item: FunctionCall | CustomToolCall
  /** Type of the item on the wire; of other client-side calls `item` is only a likeness. */
  readonly itemType: string
  readonly callId: string
  readonly name: string
  /** As the model wrote them; the input text of a custom tool. */
  readonly arguments: string
  /** Number of the turn it belongs to. */
  readonly turn: number
  readonly sealedAt: number
  plan: Plan | undefined
  /** Settles when there is a plan, if the schema or `needsApproval` is asynchronous. Never rejects. */
  planning: Promise<void> | undefined
  /** Settles when there is a result, once it was started. Never rejects. */
  done: Promise<void> | undefined
  result: CallResult | undefined
  context: CallContext | undefined
  startedAt: number
  /** Ends the attempt that runs, when its time is up. */
  timer: ReturnType<typeof setTimeout> | undefined
  /** Resolves `done`. */
  finish: (() => void) | undefined
  /** In a run with a log: announces that the call is about to change something. */
  intent?: () => Promise<void>
  /** What the sub-agent that it ran has used. */
  spent?: SubSpent
  /** Set when a person approved it, or edited what it runs with. */
  approved?: { edited?: unknown }
  /** State and decisions of the sub-agent that this call runs, when it is resumed. */
  nested?: unknown
}

/** The arguments of a call as text. Some servers send the object itself, or nothing for a tool that takes nothing. */
export const argumentsOf = (item: FunctionCall | CustomToolCall): string => {
  const written: unknown = item.type === 'custom_tool_call' ? item.input : item.arguments
  if (typeof written === 'string') return written
  return written === undefined || written === null ? '' : JSON.stringify(written)
}

/** A call as it was sealed. */
export const createCall = (
  item: FunctionCall | CustomToolCall,
  turn: number,
  itemType: string = item.type,
): Call => ({
  item,
  itemType,
  callId: item.call_id,
  name: typeof item.name === 'string' ? item.name : '',
  arguments: argumentsOf(item),
  turn,
  sealedAt: performance.now(),
  plan: undefined,
  planning: undefined,
  done: undefined,
  result: undefined,
  context: undefined,
  startedAt: 0,
  timer: undefined,
  finish: undefined,
})

/** The call is answered: its timer must not keep the process alive. */
export const clearTimer = (call: Call): void => {
  if (call.timer === undefined) return
  clearTimeout(call.timer)
  call.timer = undefined
}

/** The output item of a call, of the type that its call asks for. */
export const outputItem = (call: Call, output: FunctionCallOutput['output']): InputItem | undefined => {
  const { itemType, callId } = call
  if (itemType === 'function_call') return { type: 'function_call_output', call_id: callId, output }
  if (itemType === 'custom_tool_call')
    return { type: 'custom_tool_call_output', call_id: callId, output } as InputItem
  return emptyOutput({ type: itemType, call_id: callId, id: callId }, String(output))
}
