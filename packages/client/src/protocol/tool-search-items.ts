import type { ItemStatus } from './function-items.ts'
import type { OpenString } from './open.ts'
import type { ToolDefinition } from './tools.ts'

/** Who looks for tools: the provider, or you. */
export type ToolSearchExecution = OpenString<'server' | 'client'>

/**
 * The model looks for tools; with `execution: 'client'` you answer.
 *
 * Source: Responses API, `ToolSearchCall`.
 */
export interface ToolSearchCall {
  type: 'tool_search_call'
  id: string
  call_id: string | null
  execution: ToolSearchExecution
  arguments: unknown
  status: ItemStatus
  created_by?: string
}

/** The tools that were found. Source: Responses API, `ToolSearchOutput`. */
export interface ToolSearchOutput {
  type: 'tool_search_output'
  id: string
  call_id: string | null
  execution: ToolSearchExecution
  tools: ToolDefinition[]
  status: ItemStatus
  created_by?: string
}

/** Tools added midway, without losing the prompt cache. Source: Responses API, `AdditionalTools`. */
export interface AdditionalTools {
  type: 'additional_tools'
  id: string
  /** Only items of the developer may be sent back. */
  role: MessageRole
  tools: ToolDefinition[]
}

/** Every role the contract names; requests use `user`, `assistant`, `system` and `developer`. */
export type MessageRole = OpenString<
  'unknown' | 'user' | 'assistant' | 'system' | 'critic' | 'discriminator' | 'developer' | 'tool'
>
