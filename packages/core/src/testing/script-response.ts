import type { OutputItem, Response, ResponseRequest, ResponseUsage } from '@antiphon/client'
import type { ItemIds } from './item-ids.ts'
import { callItem, messageItem, reasoningItem, refusalItem } from './make-items.ts'
import type { ScriptParts } from './script-step.ts'

const half = (value: string): string => value.slice(0, Math.ceil(value.length / 2))

/** The output items of a step. */
const outputOf = (parts: ScriptParts, ids: ItemIds): OutputItem[] => {
  const output: OutputItem[] = []
  // What an incomplete answer cuts is its last text or call; items given whole stay as they are.
  const cutCalls = parts.incomplete !== undefined && !parts.items?.length
  const cutText = cutCalls && !parts.calls?.length && parts.refusal === undefined
  if (parts.reasoning !== undefined)
    output.push(reasoningItem({ id: ids.next('rs'), summary: parts.reasoning }))
  if (parts.text !== undefined) {
    output.push(messageItem(cutText ? half(parts.text) : parts.text, { id: ids.next('msg') }))
  }
  if (parts.refusal !== undefined) output.push(refusalItem(parts.refusal, { id: ids.next('msg') }))
  parts.calls?.forEach((call, index, all) => {
    const item = callItem(call.name, call.arguments, call.callId ?? ids.next('call'), { id: ids.next('fc') })
    if (cutCalls && index === all.length - 1) item.arguments = half(item.arguments)
    output.push(item)
  })
  if (parts.items) output.push(...parts.items)
  const last = output.at(-1)
  if (parts.incomplete !== undefined && last && 'status' in last && !parts.items?.length) {
    Object.assign(last, { status: 'incomplete' })
  }
  return output
}

/** Constant, so that tests of budgets can count on it. */
const usageOf = (usage: Partial<ResponseUsage> = {}): ResponseUsage => {
  const { input_tokens = 100, output_tokens = 20 } = usage
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: (input_tokens ?? 0) + (output_tokens ?? 0),
    ...usage,
  }
}

const statusOf = (parts: ScriptParts): Response['status'] => {
  if (parts.failed) return 'failed'
  return parts.incomplete === undefined ? 'completed' : 'incomplete'
}

/** The finished response that answers `request` with `parts`; every field of the contract is there. */
export const scriptResponse = (request: ResponseRequest, parts: ScriptParts, ids: ItemIds): Response => {
  ids.see(request.input)
  const { conversation } = request
  const response: Response = {
    id: ids.next('resp'),
    object: 'response',
    created_at: 1_764_000_000,
    completed_at: 1_764_000_001,
    status: statusOf(parts),
    error: parts.failed ?? null,
    incomplete_details: parts.incomplete === undefined ? null : { reason: parts.incomplete },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: request.model ?? 'scripted',
    output: outputOf(parts, ids),
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: request.reasoning ?? { effort: null, summary: null },
    background: request.background ?? false,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: request.text ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? 'disabled',
    usage: parts.usage === null ? null : usageOf(parts.usage),
    metadata: request.metadata ?? {},
  } as Response
  if (conversation) {
    response.conversation = { id: typeof conversation === 'string' ? conversation : conversation.id }
  }
  return Object.assign(response, parts.response)
}
