import type { Response } from '@antiphon/client'
import type { WireEvent } from './wire-event.ts'

interface ChatParts {
  reasoning: string
  content: string
  refusal: string
  calls: { id: string; name: string; arguments: string }[]
}

/** The parts of a response that a chat completion can say. */
const partsOf = (response: Response): ChatParts => {
  const parts: ChatParts = { reasoning: '', content: '', refusal: '', calls: [] }
  for (const item of response.output) {
    if (item.type === 'function_call') {
      parts.calls.push({ id: item.call_id, name: item.name, arguments: item.arguments })
    }
    if (item.type === 'reasoning') for (const part of item.summary) parts.reasoning += part.text
    if (item.type !== 'message') continue
    for (const part of item.content) {
      if (part.type === 'output_text') parts.content += part.text
      if (part.type === 'refusal') parts.refusal += part.refusal
    }
  }
  return parts
}

const finishReason = (response: Response, parts: ChatParts): string => {
  const reason = response.incomplete_details?.reason
  if (response.status === 'incomplete') return reason === 'content_filter' ? 'content_filter' : 'length'
  return parts.calls.length > 0 ? 'tool_calls' : 'stop'
}

const usageOf = (response: Response): unknown =>
  response.usage
    ? {
        prompt_tokens: response.usage.input_tokens,
        completion_tokens: response.usage.output_tokens,
        total_tokens: response.usage.total_tokens,
      }
    : null

const envelope = (response: Response, object: string): WireEvent => ({
  id: `chatcmpl-${response.id}`,
  object,
  created: response.created_at,
  model: response.model,
})

const errorBody = (response: Response): WireEvent => ({
  error: { message: response.error?.message, type: 'server_error', param: null, code: response.error?.code },
})

/** The response as the JSON answer of `POST /v1/chat/completions`; a failed one as an error body. */
export const chatCompletion = (response: Response): WireEvent => {
  if (response.status === 'failed') return errorBody(response)
  const parts = partsOf(response)
  const message: WireEvent = {
    role: 'assistant',
    content: parts.content || null,
    refusal: parts.refusal || null,
  }
  if (parts.reasoning) message.reasoning_content = parts.reasoning
  if (parts.calls.length > 0) {
    message.tool_calls = parts.calls.map(({ id, ...fn }) => ({ id, type: 'function', function: fn }))
  }
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(response, parts) }
  return { ...envelope(response, 'chat.completion'), choices: [choice], usage: usageOf(response) }
}

const split = (value: string): string[] => value.match(/[\s\S]{1,8}/g) ?? []

/**
 * The response as the chunks of a streamed chat completion. A chunk with the usage comes last when `includeUsage`.
 *
 * Source: Chat Completions API, `chat.completion.chunk`.
 */
export const chatChunks = (response: Response, includeUsage: boolean): WireEvent[] => {
  const parts = partsOf(response)
  const chunk = (delta: object, finish_reason: string | null = null): WireEvent => ({
    ...envelope(response, 'chat.completion.chunk'),
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(includeUsage ? { usage: null } : undefined),
  })
  const chunks = [chunk({ role: 'assistant', content: '' })]
  for (const piece of split(parts.reasoning)) chunks.push(chunk({ reasoning_content: piece }))
  for (const piece of split(parts.content)) chunks.push(chunk({ content: piece }))
  for (const piece of split(parts.refusal)) chunks.push(chunk({ refusal: piece }))
  parts.calls.forEach(({ id, name, arguments: text }, index) => {
    chunks.push(chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }))
    for (const piece of split(text))
      chunks.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
  })
  if (response.status === 'failed') return [...chunks, errorBody(response)]
  chunks.push(chunk({}, finishReason(response, parts)))
  if (includeUsage) {
    chunks.push({ ...envelope(response, 'chat.completion.chunk'), choices: [], usage: usageOf(response) })
  }
  return chunks
}
