import type { FunctionCall, FunctionCallOutput, OutputMessage, ReasoningItem } from '@antiphon/client'

/** What the makers of items let you choose. */
export interface MakeItemOptions {
  /** Identity of the item. @defaultValue the kind's prefix with `_1`, such as `msg_1` */
  id?: string
}

/** An assistant message with one text part, completed. Source: Responses API, `OutputMessage`. */
export const messageItem = (text: string, options: MakeItemOptions = {}): OutputMessage => ({
  id: options.id ?? 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})

/** An assistant message with one refusal part, completed. Source: Responses API, `RefusalContent`. */
export const refusalItem = (refusal: string, options: MakeItemOptions = {}): OutputMessage => ({
  id: options.id ?? 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'refusal', refusal }],
})

/**
 * A completed function call. `args` is JSON text as it is, or a value that becomes JSON text.
 *
 * Source: Responses API, `FunctionToolCall`.
 */
export const callItem = (
  name: string,
  args: unknown = {},
  callId = 'call_1',
  options: MakeItemOptions = {},
): FunctionCall => ({
  id: options.id ?? `fc_${callId}`,
  type: 'function_call',
  call_id: callId,
  name,
  arguments: typeof args === 'string' ? args : JSON.stringify(args),
  status: 'completed',
})

/** What a function gave back, as an input item. Source: Responses API, `FunctionCallOutput`. */
export const callOutputItem = (callId: string, output: unknown): FunctionCallOutput => ({
  type: 'function_call_output',
  call_id: callId,
  output: typeof output === 'string' ? output : JSON.stringify(output),
})

/** What {@link reasoningItem} lets you choose. */
export interface ReasoningItemOptions extends MakeItemOptions {
  /** Text of the one summary part. @defaultValue `'Thinking.'` */
  summary?: string
  /** @defaultValue `'encrypted-' + id` */
  encryptedContent?: string
}

/** A reasoning item with a summary and encrypted content. Source: Responses API, `ReasoningItem`. */
export const reasoningItem = (options: ReasoningItemOptions = {}): ReasoningItem => {
  const id = options.id ?? 'rs_1'
  return {
    id,
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: options.summary ?? 'Thinking.' }],
    encrypted_content: options.encryptedContent ?? `encrypted-${id}`,
  }
}
