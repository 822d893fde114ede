import type { ResponseEvent } from '../protocol/events.ts'
import type { OpenItem, OpenPart } from './open-item.ts'
import { partAt, putAnnotation, putPart } from './parts.ts'
import type { Slots } from './slots.ts'

type Fold<Type extends ResponseEvent['type']> = (
  slots: Slots,
  event: Extract<ResponseEvent, { type: Type }>,
) => void

/**
 * Adds an event about a piece of an item to the item; false for every other event. Runs per delta: one look-up, no search, no copy. (A `switch` over this many strings
 * compares them one after the other, which costs more than all the rest.)
 */
export const foldPiece = (slots: Slots, event: ResponseEvent): boolean => {
  const fold = FOLDS.get(event.type)
  if (fold === undefined) return false
  fold(slots, event as never)
  return true
}

const FOLDS = new Map<string, (slots: Slots, event: never) => void>()

const on = <Type extends ResponseEvent['type']>(types: readonly Type[], fold: Fold<Type>): void => {
  for (const type of types) FOLDS.set(type, fold)
}

on(['response.output_text.delta'], (slots, event) => {
  const part = contentPart(slots, event, 'output_text')
  if (part === undefined) return
  if (typeof event.delta === 'string') part.text = begunText(part.text) + event.delta
  if (event.logprobs?.length && Array.isArray(event.logprobs)) {
    if (!Array.isArray(part.logprobs)) part.logprobs = []
    part.logprobs.push(...event.logprobs)
  }
})
on(['response.reasoning_text.delta', 'response.reasoning.delta'], (slots, event) => {
  const part = contentPart(slots, event, 'reasoning_text')
  if (part !== undefined && typeof event.delta === 'string') part.text = begunText(part.text) + event.delta
})
on(['response.reasoning_summary_text.delta'], (slots, event) => {
  const part = summaryPart(slots, event)
  if (part !== undefined && typeof event.delta === 'string') part.text = begunText(part.text) + event.delta
})
on(['response.refusal.delta'], (slots, event) => {
  const part = contentPart(slots, event, 'refusal')
  if (part !== undefined && typeof event.delta === 'string')
    part.refusal = begunText(part.refusal) + event.delta
})
on(['response.function_call_arguments.delta'], (slots, event) =>
  append(slots.open(event, 'function_call')?.item, 'arguments', event.delta),
)
on(['response.custom_tool_call_input.delta'], (slots, event) =>
  append(slots.open(event, 'custom_tool_call')?.item, 'input', event.delta),
)
on(['response.mcp_call_arguments.delta'], (slots, event) =>
  append(slots.open(event, 'mcp_call')?.item, 'arguments', event.delta),
)
on(['response.code_interpreter_call_code.delta'], (slots, event) =>
  append(slots.open(event, 'code_interpreter_call')?.item, 'code', event.delta),
)

on(
  [
    'response.content_part.added',
    'response.content_part.done',
    'response.reasoning_part.added',
    'response.reasoning_part.done',
  ],
  (slots, event) => {
    const item = slots.open(event, event.part?.type === 'reasoning_text' ? 'reasoning' : 'message')?.item
    if (item !== undefined) putPart(item, 'content', event.content_index, event.part)
  },
)
on(['response.reasoning_summary_part.added', 'response.reasoning_summary_part.done'], (slots, event) => {
  const item = slots.open(event, 'reasoning')?.item
  if (item !== undefined) putPart(item, 'summary', event.summary_index, event.part)
})
on(['response.output_text.done'], (slots, event) => {
  const part = contentPart(slots, event, 'output_text')
  replace(part, 'text', event.text)
  if (part !== undefined && event.logprobs?.length && Array.isArray(event.logprobs))
    part.logprobs = [...event.logprobs]
})
on(['response.output_text.annotation.added'], (slots, event) => {
  const part = contentPart(slots, event, 'output_text')
  if (part !== undefined) putAnnotation(part, event.annotation_index, event.annotation)
})
on(['response.refusal.done'], (slots, event) =>
  replace(contentPart(slots, event, 'refusal'), 'refusal', event.refusal),
)
on(['response.reasoning_text.done', 'response.reasoning.done'], (slots, event) =>
  replace(contentPart(slots, event, 'reasoning_text'), 'text', event.text),
)
on(['response.reasoning_summary_text.done'], (slots, event) =>
  replace(summaryPart(slots, event), 'text', event.text),
)
on(['response.function_call_arguments.done'], (slots, event) => {
  const item = slots.open(event, 'function_call')?.item
  replace(item, 'arguments', event.arguments)
  if (item !== undefined && !item.name) replace(item, 'name', event.name)
})
on(['response.custom_tool_call_input.done'], (slots, event) =>
  replace(slots.open(event, 'custom_tool_call')?.item, 'input', event.input),
)
on(['response.mcp_call_arguments.done'], (slots, event) =>
  replace(slots.open(event, 'mcp_call')?.item, 'arguments', event.arguments),
)
on(['response.code_interpreter_call_code.done'], (slots, event) =>
  replace(slots.open(event, 'code_interpreter_call')?.item, 'code', event.code),
)
on(
  [
    'response.shell_call_command.added',
    'response.shell_call_command.done',
    'response.shell_call_command.delta',
  ],
  (slots, event) => {
    const { action } = (slots.open(event, 'shell_call')?.item ?? {}) as { action?: { commands?: string[] } }
    const { command_index: index } = event
    if (!Array.isArray(action?.commands) || !Number.isInteger(index)) return
    if (index < 0 || index > action.commands.length) return
    if (event.type === 'response.shell_call_command.delta')
      action.commands[index] = begunText(action.commands[index]) + begunText(event.delta)
    else if (event.command || action.commands[index] === undefined)
      action.commands[index] = begunText(event.command)
  },
)

/** What there is of a text; servers have announced parts with other things in its place. */
const begunText = (text: unknown): string => (typeof text === 'string' ? text : '')

interface PieceRef {
  output_index?: unknown
  item_id?: unknown
  content_index?: unknown
  summary_index?: unknown
}

const contentPart = (slots: Slots, event: PieceRef, type: 'output_text' | 'refusal' | 'reasoning_text') => {
  const item = slots.open(event, type === 'reasoning_text' ? 'reasoning' : 'message')?.item
  return item === undefined ? undefined : partAt(item, 'content', event.content_index, type)
}

const summaryPart = (slots: Slots, event: PieceRef) => {
  const item = slots.open(event, 'reasoning')?.item
  return item === undefined ? undefined : partAt(item, 'summary', event.summary_index, 'summary_text')
}

const append = (item: OpenItem | undefined, field: string, delta: unknown): void => {
  if (item === undefined || typeof delta !== 'string') return
  const before = item[field]
  item[field] = typeof before === 'string' ? before + delta : delta
}

/** A text that came whole beats its pieces; an empty one says nothing about pieces that came. */
const replace = (target: OpenItem | OpenPart | undefined, field: string, text: unknown): void => {
  if (target === undefined || typeof text !== 'string') return
  if (text !== '' || target[field] === undefined || target[field] === null) target[field] = text
}
