import type { ItemEventBase } from './event-parts.ts'

/** Names of the events that say where a hosted call stands. */
export type ProgressEventType =
  | 'response.web_search_call.in_progress'
  | 'response.web_search_call.searching'
  | 'response.web_search_call.completed'
  | 'response.file_search_call.in_progress'
  | 'response.file_search_call.searching'
  | 'response.file_search_call.completed'
  | 'response.code_interpreter_call.in_progress'
  | 'response.code_interpreter_call.interpreting'
  | 'response.code_interpreter_call.completed'
  | 'response.image_generation_call.in_progress'
  | 'response.image_generation_call.generating'
  | 'response.image_generation_call.completed'
  | 'response.mcp_list_tools.in_progress'
  | 'response.mcp_list_tools.completed'
  | 'response.mcp_list_tools.failed'
  | 'response.mcp_call.in_progress'
  | 'response.mcp_call.completed'
  | 'response.mcp_call.failed'

/** A hosted call reached the state that `Type` names. */
export interface ProgressEventOf<Type extends ProgressEventType> extends ItemEventBase {
  type: Type
}

/**
 * A hosted call reached another state.
 *
 * The order of these within an item is a convention, no contract: do not depend on it. Source: Responses
 * API, events.
 */
export type ProgressEvent = { [Type in ProgressEventType]: ProgressEventOf<Type> }[ProgressEventType]
