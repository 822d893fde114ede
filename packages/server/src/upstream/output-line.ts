import { eventsOf, type OutputItem, type Response, type ResponseEvent } from '@antiphon/client'
import type { EventSink } from 'antiphon'
import { isPlainDelta, TextDelta } from './text-delta.ts'

/** An event of an item, before it has its numbers. */
type Draft = { readonly type: string; readonly [field: string]: unknown }

/** A place in the output, in the order in which the model's items began. What comes after it waits until it is known whether it is shown. */
export interface Place {
  fate: 'open' | 'shown' | 'hidden'
  /** The item as it is announced. */
  item: OutputItem | undefined
  /** `output_index`, once it has one. */
  index: number | undefined
  held: Draft[]
}

/** What is known of a response at its end. */
export type Ended = Partial<Response> & { readonly status: NonNullable<Response['status']> }

/** The events of one response: one beginning, items in dense places, one end. */
export class OutputLine {
  readonly #base: Response
  readonly #sink: EventSink
  readonly #output: OutputItem[] = []
  readonly #waiting: Place[] = []
  #sequence = 0

  constructor(base: Response, sink: EventSink) {
    this.#base = base
    this.#sink = sink
  }

  begin(): void {
    this.#push({ type: 'response.created', response: this.#base })
    this.#push({ type: 'response.in_progress', response: this.#base })
  }

  /** The next place. */
  open(): Place {
    const place: Place = { fate: 'open', item: undefined, index: undefined, held: [] }
    this.#waiting.push(place)
    return place
  }

  /** The place holds this item. */
  show(place: Place, item: OutputItem): void {
    if (place.fate !== 'open') return
    place.fate = 'shown'
    place.item = item
    this.#advance()
  }

  /** Nobody sees what would have been there. */
  hide(place: Place): void {
    if (place.fate !== 'open') return
    place.fate = 'hidden'
    place.held = []
    this.#advance()
  }

  /** Tells an event of the item of a place, as soon as that is shown. */
  tell(place: Place, draft: Draft): void {
    if (place.fate === 'hidden') return
    if (place.index === undefined) place.held.push(draft)
    else this.#pushAt(place.index, draft)
  }

  /** The item of a place is whole. */
  finish(place: Place, item: OutputItem): void {
    this.tell(place, { type: 'response.output_item.done', item })
  }

  end(ended: Ended): void {
    const done = ended.status === 'completed' ? { completed_at: Math.floor(Date.now() / 1000) } : {}
    const response = { ...this.#base, ...done, ...ended, id: this.#base.id, output: this.#output } as Response
    this.#push({ type: `response.${ended.status}`, response })
  }

  #advance(): void {
    for (
      let place = this.#waiting[0];
      place !== undefined && place.fate !== 'open';
      place = this.#waiting[0]
    ) {
      this.#waiting.shift()
      if (place.fate === 'hidden') continue
      const item = place.item as OutputItem
      place.index = this.#output.push(item) - 1
      this.#pushAt(place.index, { type: 'response.output_item.added', item })
      for (const draft of place.held.splice(0)) this.#pushAt(place.index, draft)
    }
  }

  #pushAt(index: number, draft: Draft): void {
    if (draft instanceof TextDelta) {
      draft.output_index = index
      draft.sequence_number = this.#sequence++
      this.#sink(draft as unknown as ResponseEvent)
      return
    }
    if (draft.type === 'response.output_item.done') this.#output[index] = draft.item as OutputItem
    // The one copy of an event that streams.
    this.#sink({
      ...draft,
      output_index: index,
      sequence_number: this.#sequence++,
    } as unknown as ResponseEvent)
  }

  #push(event: Draft): void {
    this.#sink({ ...event, sequence_number: this.#sequence++ } as unknown as ResponseEvent)
  }
}

/** An event as it is told of an item with another id; its numbers are the line's. */
export const withId = (event: ResponseEvent, id: string): Draft => {
  if (isPlainDelta(event)) return new TextDelta(id, event.content_index, event.delta) as unknown as Draft
  const { item_id } = event as { item_id?: unknown }
  const draft = event as unknown as Draft
  return item_id === undefined || item_id === id ? draft : { ...draft, item_id: id }
}

/** Tells all that would have streamed of an item between its two ends. */
export const tellWhole = (line: OutputLine, place: Place, item: OutputItem & { id?: unknown }): void => {
  for (const event of eventsOf({ output: [item] } as unknown as Response)) {
    const { type, output_index: index } = event as { type: string; output_index?: unknown }
    if (typeof index === 'number' && !type.startsWith('response.output_item.'))
      line.tell(place, withId(event, String(item.id)))
  }
}

/** Is an item of a finished response the one that was announced? By its id where it has one, else by its place. */
export const isSameItem = (
  { rawId, inner }: { readonly rawId: unknown; readonly inner: number | undefined },
  item: OutputItem,
  index: number,
): boolean => {
  const { id } = item as { id?: unknown }
  return typeof id === 'string' && id !== '' ? rawId === id : inner === index
}
