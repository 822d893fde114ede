import type { InputContent } from './content.ts'
import type { OpenString } from './open.ts'

/** State of an item. Servers add states of their own. Source: Responses API, items. */
export type ItemStatus = OpenString<'in_progress' | 'completed' | 'incomplete'>

/**
 * Who made a tool call: the model itself, or a program the model wrote.
 *
 * The output must carry the caller of its call. Source: Responses API, programmatic tool calling.
 */
export type ToolCaller = { type: 'direct' } | { type: 'program'; caller_id: string }

/**
 * The model asks for a function of yours.
 *
 * `id` names the item, `call_id` pairs it with its output; never write one into the other.
 * Source: Responses API, `FunctionToolCall`.
 */
export interface FunctionCall {
  type: 'function_call'
  /** Identity of the item, made by the server (`fc_…`). May be left out when sent back. */
  id?: string
  /** Pairs the call with its output; 1–64 characters by contract, longer from some servers. */
  call_id: string
  name: string
  /** JSON as text; may be `''` for a tool without arguments. */
  arguments: string
  status?: ItemStatus
  /** Namespace the function was found in, for tools inside one. */
  namespace?: string
  caller?: ToolCaller | null
  created_by?: string
}

/**
 * What a function gave back.
 *
 * Source: Responses API, `FunctionCallOutputItemParam` (as input) and `FunctionToolCallOutputResource` (as
 * output).
 */
export interface FunctionCallOutput {
  type: 'function_call_output'
  /** Identity of the item; leave it out when sending. */
  id?: string | null
  /** The `call_id` of the call this answers, verbatim; 1–64 characters. */
  call_id?: string | null
  /** Text (at most 10,485,760 characters) or parts. */
  output: string | InputContent[]
  status?: ItemStatus | null
  /** Name of the function, 1–128 characters. */
  name?: string | null
  /** Namespace of the function, 1–64 characters. */
  namespace?: string | null
  caller?: ToolCaller | null
  created_by?: string
}

/** The model calls a custom tool, whose input is free text. Source: Responses API, `CustomToolCall`. */
export interface CustomToolCall {
  type: 'custom_tool_call'
  id?: string
  call_id: string
  name: string
  /** Free text, or text that follows the tool's grammar. */
  input: string
  status?: ItemStatus
  namespace?: string
  caller?: ToolCaller | null
  created_by?: string
}

/** What a custom tool gave back. Source: Responses API, `CustomToolCallOutput`. */
export interface CustomToolCallOutput {
  type: 'custom_tool_call_output'
  id?: string
  call_id: string
  output: string | InputContent[]
  status?: ItemStatus
  caller?: ToolCaller | null
  created_by?: string
}
