import type { OutputItem } from '../protocol/output-items.ts'
import { isTyped } from './open-item.ts'

/** An event without its sequence number. */
export type Draft = { type: string; [field: string]: unknown }

/** How an item begins, and what is told of it until it is done. */
export interface ItemEvents {
  readonly added: object
  readonly between: Draft[]
}

type At = { item_id: string; output_index: number }
type Part = { type: string; [field: string]: unknown }

/** The events of an item that is whole already, each text in one delta. */
export const itemEvents = (item: OutputItem, at: At): ItemEvents => {
  const added = begun(item)
  switch (item.type) {
    case 'message':
      return { added: { ...added, content: [] }, between: contentEvents(item.content, at) }
    case 'reasoning': {
      const content = item.content ? { content: [] } : undefined
      const between = [...summaryEvents(item.summary, at), ...contentEvents(item.content, at)]
      return { added: { ...added, summary: [], ...content }, between }
    }
    case 'function_call':
      return {
        added: { ...added, arguments: '' },
        between: texts('response.function_call_arguments', at, 'arguments', item.arguments, {
          name: item.name,
        }),
      }
    case 'custom_tool_call':
      return {
        added: { ...added, input: '' },
        between: texts('response.custom_tool_call_input', at, 'input', item.input),
      }
    case 'mcp_call':
      return {
        added: { ...added, arguments: '', output: null, error: null },
        between: texts('response.mcp_call_arguments', at, 'arguments', item.arguments),
      }
    case 'mcp_list_tools': {
      const ended = item.error ? 'failed' : 'completed'
      return {
        added: { ...added, tools: [] },
        between: [
          { type: 'response.mcp_list_tools.in_progress', ...at },
          { type: `response.mcp_list_tools.${ended}`, ...at },
        ],
      }
    }
    case 'code_interpreter_call':
      return {
        added: { ...added, code: '', outputs: null },
        between: texts('response.code_interpreter_call_code', at, 'code', item.code),
      }
    default:
      return { added, between: [] }
  }
}

const begun = (item: OutputItem): Record<string, unknown> => {
  const { encrypted_content: _, ...added } = item as Record<string, unknown>
  return 'status' in added ? { ...added, status: 'in_progress' } : added
}

const contentEvents = (content: unknown, at: At): Draft[] =>
  partsOf(content).flatMap((part, content_index) => {
    if (!isTyped(part)) return []
    const place = { ...at, content_index }
    switch (part.type) {
      case 'output_text':
        return textPart(part, place)
      case 'refusal':
        return wholePart(
          'content_part',
          place,
          part,
          { refusal: '' },
          texts('response.refusal', place, 'refusal', part.refusal),
        )
      case 'reasoning_text':
        return wholePart(
          'content_part',
          place,
          part,
          { text: '' },
          texts('response.reasoning_text', place, 'text', part.text),
        )
      default:
        return wholePart('content_part', place, part, {}, [])
    }
  })

const textPart = (part: Part, at: At & { content_index: number }): Draft[] => {
  const logprobs = Array.isArray(part.logprobs) ? part.logprobs : []
  const [delta, done] = texts('response.output_text', at, 'text', part.text)
  const notes = Array.isArray(part.annotations) ? part.annotations : []
  const between: Draft[] = [
    ...(delta ? [{ ...delta, logprobs }] : []),
    ...notes.map((annotation, annotation_index) => ({
      type: 'response.output_text.annotation.added',
      ...at,
      annotation_index,
      annotation,
    })),
    ...(done ? [{ ...done, logprobs }] : []),
  ]
  const empty = {
    text: '',
    ...('annotations' in part && { annotations: [] }),
    ...('logprobs' in part && { logprobs: [] }),
  }
  return wholePart('content_part', at, part, empty, between)
}

const summaryEvents = (summary: unknown, at: At): Draft[] =>
  partsOf(summary).flatMap((part, summary_index) => {
    if (!isTyped(part)) return []
    const place = { ...at, summary_index }
    const between = texts('response.reasoning_summary_text', place, 'text', part.text)
    return wholePart('reasoning_summary_part', place, part, { text: '' }, between)
  })

const wholePart = (kind: string, at: At, part: Part, empty: object, between: Draft[]): Draft[] => [
  { type: `response.${kind}.added`, ...at, part: { ...part, ...empty } },
  ...between,
  { type: `response.${kind}.done`, ...at, part },
]

/** A delta with all of the text, if there is any, and its done. */
const texts = (name: string, at: At, field: string, text: unknown, extra?: object): Draft[] => {
  if (typeof text !== 'string') return []
  const done: Draft = { type: `${name}.done`, ...at, ...extra, [field]: text }
  return text === '' ? [done] : [{ type: `${name}.delta`, ...at, delta: text }, done]
}

const partsOf = (list: unknown): unknown[] => (Array.isArray(list) ? list : [])
