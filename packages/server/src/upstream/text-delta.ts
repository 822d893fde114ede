import type { ResponseEvent } from '@antiphon/client'

/** Type of most events. */
export const TEXT_DELTA = 'response.output_text.delta'

const NO_LOGPROBS: readonly never[] = []

/** A text delta with the fields that all have, and nothing in them but text: who is given one need not look again. Made once per delta, and numbered in its place. */
export class TextDelta {
  readonly type = TEXT_DELTA
  readonly item_id: string
  output_index = -1
  readonly content_index: number
  readonly delta: string
  readonly logprobs = NO_LOGPROBS
  sequence_number = -1

  constructor(itemId: string, contentIndex: number, delta: string) {
    this.item_id = itemId
    this.content_index = contentIndex
    this.delta = delta
  }
}

/** Whether an event is a text delta that has nothing else to tell. */
export const isPlainDelta = (
  event: ResponseEvent,
): event is ResponseEvent & Pick<TextDelta, 'delta' | 'content_index'> => {
  const fields = event as unknown as Record<string, unknown>
  if (fields.type !== TEXT_DELTA || typeof fields.delta !== 'string') return false
  if (typeof fields.content_index !== 'number') return false
  for (const name in fields)
    switch (name) {
      case 'type':
      case 'item_id':
      case 'output_index':
      case 'content_index':
      case 'delta':
      case 'sequence_number':
        continue
      case 'logprobs':
        if (Array.isArray(fields.logprobs) && fields.logprobs.length === 0) continue
        return false
      default:
        return false
    }
  return true
}
