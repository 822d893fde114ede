import type { Response, ResponseEvent } from '@antiphon/client'

/** A response as an endpoint sends it. */
export function sampleResponse(over: Partial<Response> = {}): Response {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_772_611_588,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: 'gpt-5.4',
    output: [sampleMessage('Four.')],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: { input_tokens: 19, output_tokens: 9, total_tokens: 28 },
    ...over,
  } as Response
}

const sampleMessage = (text: string, id = 'msg_1') => ({
  type: 'message' as const,
  id,
  role: 'assistant' as const,
  status: 'completed',
  content: [{ type: 'output_text' as const, text, annotations: [] }],
})

/** The events of a response with one message, `words` deltas long. */
export function sampleEvents(
  words: readonly string[] = ['Fo', 'ur', '.'],
  over: Partial<Response> = {},
): ResponseEvent[] {
  const text = words.join('')
  const begun = sampleResponse({ ...over, status: 'in_progress', output: [], usage: null })
  const done = sampleResponse({ output: [sampleMessage(text)], ...over })
  const part = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] },
    },
    {
      type: 'response.content_part.added',
      ...part,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...part, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...part, text, logprobs: [] },
    { type: 'response.content_part.done', ...part, part: { type: 'output_text', text, annotations: [] } },
    { type: 'response.output_item.done', output_index: 0, item: sampleMessage(text) },
    { type: `response.${done.status}`, response: done },
  ]
  return events.map((event, sequence_number) => ({ ...event, sequence_number })) as ResponseEvent[]
}
