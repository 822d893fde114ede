import type { OutputItem, ResponseEvent } from '@antiphon/client'
import { dataOf } from './frames.ts'
import { OpenText } from './open-text.ts'

/** An item as readers have it: announced, perhaps in part, perhaps whole. */
export class ToldItem {
  readonly id: string
  item: OutputItem
  sealed = false
  /** What was told of it, for the case that it does not come again. */
  readonly text = new OpenText()
  /** It has come again. */
  taken = false
  /** Events that were told of it, but deltas. */
  readonly #events = new Set<string>()
  /** Text that was told, by the part that it belongs to. */
  readonly #texts = new Map<string, string>()

  constructor(id: string, item: OutputItem) {
    this.id = id
    this.item = item
  }

  take(event: ResponseEvent): void {
    this.text.take(event)
    const { delta } = event as { delta?: unknown }
    if (typeof delta === 'string') this.#texts.set(partOf(event), this.#textOf(event) + delta)
    else this.#events.add(partOf(event))
  }

  /** Of the events that tell the whole item, those between its beginning and its end that were not told. */
  missing(whole: readonly ResponseEvent[]): ResponseEvent[] {
    return whole.flatMap((event): ResponseEvent[] => {
      if (!('output_index' in event) || event.type.startsWith('response.output_item.')) return []
      const { delta } = event as { delta?: unknown }
      if (typeof delta !== 'string') return this.#events.has(partOf(event)) ? [] : [event]
      const told = this.#textOf(event)
      // Told in other words: the end has the right ones, and readers take those.
      if (!delta.startsWith(told) || delta.length === told.length) return []
      return [{ ...event, delta: delta.slice(told.length) } as ResponseEvent]
    })
  }

  #textOf(event: ResponseEvent): string {
    return this.#texts.get(partOf(event)) ?? ''
  }
}

/** What readers of a response have been told, by the frames that were written. */
export interface ToldResponse {
  readonly items: readonly ToldItem[]
  /** `response.in_progress` was told. */
  readonly started: boolean
  /** Number of the next event. */
  readonly next: number
}

/** Reads what was told. */
export const toldResponse = async (frames: AsyncIterable<string>): Promise<ToldResponse> => {
  const items: ToldItem[] = []
  let started = false
  let next = 0
  for await (const frame of frames) {
    const event = JSON.parse(dataOf(frame)) as ResponseEvent & { sequence_number: number }
    next = event.sequence_number + 1
    started ||= event.type === 'response.in_progress'
    const { output_index, item } = event as { output_index?: number; item?: OutputItem }
    if (output_index === undefined) continue
    if (event.type === 'response.output_item.added' && item !== undefined) {
      items[output_index] = new ToldItem((item as { id: string }).id, item)
      continue
    }
    const told = items[output_index]
    if (told === undefined) continue
    if (event.type === 'response.output_item.done' && item !== undefined) {
      told.item = item
      told.sealed = true
    } else told.take(event)
  }
  return { items, started, next }
}

const partOf = (event: ResponseEvent): string => {
  const { type, content_index, summary_index, annotation_index, command_index } = event as {
    type: string
    content_index?: number
    summary_index?: number
    annotation_index?: number
    command_index?: number
  }
  return [type, content_index, summary_index, annotation_index, command_index].join(' ')
}
