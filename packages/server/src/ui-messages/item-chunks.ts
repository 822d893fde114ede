import type { KnownOutputItem, OutputItem } from '@antiphon/client'
import { approvalChunks, customCallChunks, functionCallChunks, mcpCallChunks } from './call-chunks.ts'
import { HOSTED_CALLS, hostedChunks } from './hosted-chunks.ts'
import { messageChunks } from './message-chunks.ts'
import { reasoningChunks } from './reasoning-chunks.ts'
import { type EmitChunk, ITEM_PART, type ItemChunks } from './ui-chunk.ts'

/** Calls that the page knows. */
export interface KnownCalls {
  has(toolCallId: string): boolean
}

/** Makes chunks of one item, by its kind; emits its beginning. */
export const itemChunks = (
  item: OutputItem,
  index: number,
  known: KnownCalls,
  emit: EmitChunk,
): ItemChunks => {
  const some = item as KnownOutputItem
  switch (some.type) {
    case 'message':
      return messageChunks(index, some, emit)
    case 'reasoning':
      return reasoningChunks(index, some, emit)
    case 'function_call':
      return functionCallChunks(some, emit)
    case 'custom_tool_call':
      return customCallChunks(some, emit)
    case 'mcp_call':
      return mcpCallChunks(some, (id) => known.has(id), emit)
    case 'mcp_approval_request':
      return approvalChunks(some, emit)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return outputChunks(index, known, emit)
    case 'mcp_list_tools':
      // Which tools there are is nothing for a page.
      return { event: () => {}, done: () => {}, close: () => {} }
    default:
      return Object.hasOwn(HOSTED_CALLS, item.type)
        ? hostedChunks(item as { type: string; id: string }, emit)
        : otherChunks(index, emit)
  }
}

/** The output of a function that ran on the server: it belongs to its call's part. */
const outputChunks = (index: number, known: KnownCalls, emit: EmitChunk): ItemChunks => ({
  ...otherChunks(index, emit),
  done: (item) => {
    const { call_id, output } = item as { call_id?: unknown; output?: unknown }
    if (typeof call_id === 'string' && known.has(call_id))
      emit({ type: 'tool-output-available', toolCallId: call_id, output })
    else otherChunks(index, emit).done(item)
  },
})

/** An item without a part of its own: the page keeps it for us. */
const otherChunks = (index: number, emit: EmitChunk): ItemChunks => ({
  event: () => {},
  done: (item) => {
    const { id } = item as { id?: unknown }
    emit({ type: ITEM_PART, id: typeof id === 'string' ? id : `item-${index}`, data: item })
  },
  close: () => {},
})
