import type { Response, ResponseRequest } from '@antiphon/client'

/** What the first chunk says of an answer. */
export interface ChatHead {
  /** Of the chat completion, without its prefix. */
  readonly id: string | undefined
  readonly model: string
  /** Unix time in seconds. */
  readonly createdAt: number
}

/** The response before anything is in it, with the request's parameters echoed. */
export const begunResponse = (request: ResponseRequest, head: ChatHead, id: string): Response => ({
  id,
  object: 'response',
  created_at: head.createdAt,
  status: 'in_progress',
  completed_at: null,
  error: null,
  incomplete_details: null,
  instructions: request.instructions ?? null,
  max_output_tokens: request.max_output_tokens ?? null,
  max_tool_calls: request.max_tool_calls ?? null,
  model: head.model,
  output: [],
  parallel_tool_calls: request.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: request.reasoning ?? { effort: null, summary: null },
  store: false,
  temperature: request.temperature ?? null,
  text: request.text ?? { format: { type: 'text' } },
  tool_choice: request.tool_choice ?? 'auto',
  tools: (request.tools ?? []) as NonNullable<Response['tools']>,
  top_p: request.top_p ?? null,
  truncation: 'disabled',
  usage: null,
  metadata: request.metadata ?? {},
})
