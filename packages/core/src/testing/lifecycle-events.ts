import type { OutputItem, Response, ResponseEvent } from '@antiphon/client'

/** An event without its sequence number, which is added last. */
type Draft = { type: string; [field: string]: unknown }

/** Words with the blank before them: what models send as deltas. Nothing for an empty text. */
const words = (value: string): string[] => value.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []

const textPart = (part: { text: string }, at: object): Draft[] => [
  { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
  ...words(part.text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
  { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
  { type: 'response.content_part.done', ...at, part },
]

const refusalPart = (part: { refusal: string }, at: object): Draft[] => [
  { type: 'response.content_part.added', ...at, part: { ...part, refusal: '' } },
  ...words(part.refusal).map((delta) => ({ type: 'response.refusal.delta', ...at, delta })),
  { type: 'response.refusal.done', ...at, refusal: part.refusal },
  { type: 'response.content_part.done', ...at, part },
]

const contentPart = (part: { type: string; [field: string]: unknown }, at: object): Draft[] => {
  if (part.type === 'output_text' && typeof part.text === 'string') return textPart(part as never, at)
  if (part.type === 'refusal' && typeof part.refusal === 'string') return refusalPart(part as never, at)
  return [
    { type: 'response.content_part.added', ...at, part },
    { type: 'response.content_part.done', ...at, part },
  ]
}

const summaryPart = (part: { text: string }, at: object): Draft[] => [
  { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
  ...words(part.text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...at, delta })),
  { type: 'response.reasoning_summary_text.done', ...at, text: part.text },
  { type: 'response.reasoning_summary_part.done', ...at, part },
]

const reasoningPart = (part: { text: string }, at: object): Draft[] => [
  { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
  ...words(part.text).map((delta) => ({ type: 'response.reasoning_text.delta', ...at, delta })),
  { type: 'response.reasoning_text.done', ...at, text: part.text },
  { type: 'response.content_part.done', ...at, part },
]

/** Arguments in pieces of a few characters, so that a piece is no valid JSON. */
const pieces = (value: string): string[] => value.match(/[\s\S]{1,8}/g) ?? []

/** The item as it is announced, and the events between that and its end. */
const itemEvents = (item: OutputItem, at: { item_id?: string; output_index: number }): [object, Draft[]] => {
  switch (item.type) {
    case 'message':
      return [
        { ...item, status: 'in_progress', content: [] },
        item.content.flatMap((part, content_index) => contentPart(part as never, { ...at, content_index })),
      ]
    case 'reasoning': {
      const { content } = item
      return [
        { ...item, summary: [], ...(content ? { content: [] } : undefined) },
        [
          ...item.summary.flatMap((part, summary_index) => summaryPart(part, { ...at, summary_index })),
          ...(content ?? []).flatMap((part, content_index) => reasoningPart(part, { ...at, content_index })),
        ],
      ]
    }
    case 'function_call':
      return [
        { ...item, status: 'in_progress', arguments: '' },
        [
          ...pieces(item.arguments).map((delta) => ({
            type: 'response.function_call_arguments.delta',
            ...at,
            delta,
          })),
          {
            type: 'response.function_call_arguments.done',
            ...at,
            name: item.name,
            arguments: item.arguments,
          },
        ],
      ]
    case 'custom_tool_call':
      return [
        { ...item, input: '' },
        [
          ...pieces(item.input).map((delta) => ({
            type: 'response.custom_tool_call_input.delta',
            ...at,
            delta,
          })),
          { type: 'response.custom_tool_call_input.done', ...at, input: item.input },
        ],
      ]
    default:
      return [item, []]
  }
}

const terminalType = (status: Response['status']): string =>
  status === 'incomplete' || status === 'failed' ? `response.${status}` : 'response.completed'

/**
 * The events that stream a finished response, as the contract orders them: words as deltas, dense indexes,
 * sequence numbers from 0, one terminal event.
 *
 * Source: Responses API, streaming events.
 */
export const lifecycleEvents = (response: Response): ResponseEvent[] => {
  const begun = { ...response, status: 'in_progress', output: [], usage: null, completed_at: null }
  Object.assign(begun, { error: null, incomplete_details: null })
  const drafts: Draft[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
  ]
  response.output.forEach((item, output_index) => {
    const id = 'id' in item && typeof item.id === 'string' ? item.id : undefined
    const [added, between] = itemEvents(item, { ...(id === undefined ? {} : { item_id: id }), output_index })
    drafts.push({ type: 'response.output_item.added', output_index, item: added }, ...between)
    drafts.push({ type: 'response.output_item.done', output_index, item })
  })
  drafts.push({ type: terminalType(response.status), response })
  return drafts.map((draft, sequence_number) => ({ ...draft, sequence_number }) as unknown as ResponseEvent)
}
