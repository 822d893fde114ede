import type { OutputItem, Response, ResponseEvent, ResponseRequest, ResponseUsage } from '@antiphon/client'
import type { EventSink } from '../../model.ts'
import { spoken } from './estimate-usage.ts'

/** What the model decided to say. */
export interface Decision {
  /** Finished output items, or cut ones when `cutOff` is set. */
  readonly output: readonly OutputItem[]
  /** The answer ran into `max_output_tokens`. */
  readonly cutOff: boolean
}

/** How events are paced; resolves when the next delta may be sent, rejects when the call was cancelled. */
export type Pace = () => Promise<void> | undefined

/** Pushes a decision as the contract orders it: created, in progress, each item with its deltas, one terminal event. */
export const emitResponse = async (
  response: Response,
  decision: Decision,
  usage: ResponseUsage,
  sink: EventSink,
  pace: Pace,
): Promise<void> => {
  let sequence = 0
  const send = (event: object): void =>
    sink({ ...event, sequence_number: sequence++ } as unknown as ResponseEvent)
  send({ type: 'response.created', response })
  send({ type: 'response.in_progress', response })
  const deltas = async (
    type: string,
    at: object,
    pieces: readonly string[],
    extra: object,
  ): Promise<void> => {
    for (const delta of pieces) {
      const wait = pace()
      if (wait !== undefined) await wait
      send({ type, ...at, delta, ...extra })
    }
  }
  for (const [output_index, item] of decision.output.entries()) {
    const at = { item_id: item.id, output_index }
    if (item.type === 'function_call') {
      send({
        type: 'response.output_item.added',
        output_index,
        item: { ...item, arguments: '', status: 'in_progress' },
      })
      await deltas('response.function_call_arguments.delta', at, argumentPieces(item.arguments), {})
      send({
        type: 'response.function_call_arguments.done',
        ...at,
        name: item.name,
        arguments: item.arguments,
      })
    } else if (item.type === 'message') {
      const text = spoken(item)
      const part = { type: 'output_text', text, annotations: [], logprobs: [] }
      const inside = { ...at, content_index: 0 }
      send({
        type: 'response.output_item.added',
        output_index,
        item: { ...item, content: [], status: 'in_progress' },
      })
      send({ type: 'response.content_part.added', ...inside, part: { ...part, text: '' } })
      await deltas('response.output_text.delta', inside, wordPieces(text), { logprobs: [] })
      send({ type: 'response.output_text.done', ...inside, text, logprobs: [] })
      send({ type: 'response.content_part.done', ...inside, part })
    }
    send({ type: 'response.output_item.done', output_index, item })
  }
  const status = decision.cutOff ? 'incomplete' : 'completed'
  send({
    type: `response.${status}`,
    response: {
      ...response,
      status,
      output: decision.output,
      usage,
      ...(decision.cutOff
        ? { incomplete_details: { reason: 'max_output_tokens' } }
        : { completed_at: response.created_at }),
    },
  })
}

/** Words with the space after them. */
const wordPieces = (text: string): string[] => text.match(/\s*\S+\s*/g) ?? (text === '' ? [] : [text])

/** Arguments in pieces of about a token or two; never between the halves of a character. */
const argumentPieces = (text: string): string[] => text.match(/[\s\S]{1,12}(?![\udc00-\udfff])/g) ?? []

/** The response object before anything is in it, with the parameters of the request echoed. */
export const emptyResponse = (id: string, model: string, request: ResponseRequest): Response =>
  ({
    id,
    object: 'response',
    // The model has no clock: the same request gives the same events.
    created_at: 0,
    status: 'in_progress',
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    store: request.store ?? false,
    temperature: request.temperature ?? 1,
    text: request.text ?? { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: [...(request.tools ?? [])],
    top_p: request.top_p ?? 1,
    truncation: 'disabled',
    usage: null,
    metadata: request.metadata ?? {},
  }) as Response
