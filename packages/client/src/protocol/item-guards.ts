import type { CustomToolCall, FunctionCall, FunctionCallOutput } from './function-items.ts'
import type { McpApprovalRequest } from './mcp-items.ts'
import {
  type KnownOutputItem,
  OUTPUT_ITEM_TYPES,
  type OutputMessage,
  type ReasoningItem,
} from './output-items.ts'

/** Anything an item may be, before its kind is known. The guards are false for what is no item at all, such as a `null` that a server put in a list. */
export interface AnyItem {
  readonly type?: unknown
}

/** True for a call of a function. */
export const isFunctionCall = (item: AnyItem): item is FunctionCall => item?.type === 'function_call'

/** True for the output of a function. */
export const isFunctionCallOutput = (item: AnyItem): item is FunctionCallOutput =>
  item?.type === 'function_call_output'

/** True for a call of a custom tool. */
export const isCustomToolCall = (item: AnyItem): item is CustomToolCall => item?.type === 'custom_tool_call'

/** True for a request to approve an MCP call. */
export const isMcpApprovalRequest = (item: AnyItem): item is McpApprovalRequest =>
  item?.type === 'mcp_approval_request'

/** True for reasoning. */
export const isReasoningItem = (item: AnyItem): item is ReasoningItem => item?.type === 'reasoning'

/**
 * True for a message of the assistant in parts; false for messages of others and for the short form with a
 * string.
 */
export const isOutputMessage = (item: AnyItem): item is OutputMessage => {
  if (item?.type !== 'message') return false
  const { role, content } = item as { role?: unknown; content?: unknown }
  return role === 'assistant' && Array.isArray(content)
}

const known: ReadonlySet<unknown> = new Set(OUTPUT_ITEM_TYPES)

/** True for an item that the contract describes; false for extensions and betas. */
export const isKnownItem = (item: AnyItem): item is KnownOutputItem => known.has(item?.type)
