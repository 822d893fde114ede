import type { RunEvent } from './events.ts'

/** A wire event that carries a piece of text. */
export interface Delta {
  type: string
  delta?: unknown
  logprobs?: unknown
  sequence_number?: unknown
  item_id?: unknown
  output_index?: unknown
  content_index?: unknown
  summary_index?: unknown
}

/** True when `next` only continues the text of `last`; false when both must stay. */
export const continues = (last: Delta, next: Delta): boolean =>
  typeof last.delta === 'string' &&
  typeof next.delta === 'string' &&
  last.type === next.type &&
  last.output_index === next.output_index &&
  last.content_index === next.content_index &&
  last.summary_index === next.summary_index &&
  last.item_id === next.item_id

/** Two deltas of one text as one; undefined when they are not that. Neither is changed. */
export const joinDeltas = (last: RunEvent, next: RunEvent): RunEvent | undefined => {
  const [one, other] = [last as Delta, next as Delta]
  if (!continues(one, other)) return undefined
  const logprobs = [one.logprobs, other.logprobs].flatMap((list) => (Array.isArray(list) ? list : []))
  return {
    ...one,
    delta: (one.delta as string) + (other.delta as string),
    sequence_number: other.sequence_number,
    ...(Array.isArray(one.logprobs) || Array.isArray(other.logprobs) ? { logprobs } : {}),
  } as RunEvent
}
