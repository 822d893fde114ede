import { isKnownEvent, type OutputItem, type ResponseEvent } from '@antiphon/client'
import { TextDelta } from '../upstream/text-delta.ts'
import { CallIds } from './call-ids.ts'

/** Events of text, and the type of the part that it is for. */
const PART_OF: ReadonlyMap<string, string> = new Map([
  ['response.output_text.delta', 'output_text'],
  ['response.output_text.done', 'output_text'],
  ['response.output_text.annotation.added', 'output_text'],
  ['response.refusal.delta', 'refusal'],
  ['response.refusal.done', 'refusal'],
  ['response.reasoning_text.delta', 'reasoning_text'],
  ['response.reasoning_text.done', 'reasoning_text'],
])

/** An item under way. */
interface Begun {
  readonly item: OutputItem
  /** Types of the parts of its content. */
  readonly parts: unknown[]
}

const NOTHING: Pick<Begun, 'parts'> = { parts: [] }

interface Seen {
  readonly type: string
  readonly output_index?: number
  readonly content_index?: number
  readonly item?: OutputItem | null
  readonly part?: { readonly type?: unknown } | null
}

/** The events of an upstream, without what strict readers throw at: types that they do not know, text for a part of another kind, calls without a call id of their own, items that end under other names than they began. */
export class StrictEvents {
  readonly #calls: CallIds
  /** Made with the first item: a stream may wait for that for long. */
  #begun: Map<number, Begun> | undefined
  #places = 0

  constructor(responseId: string) {
    this.#calls = new CallIds(responseId)
  }

  /** The event as it may be told; undefined for one that nobody is told. What it lacks reaches readers with its whole item. */
  read(event: ResponseEvent): ResponseEvent | undefined {
    if (event instanceof TextDelta) {
      const { parts } = this.#begun?.get(event.output_index) ?? NOTHING
      return parts[event.content_index] === 'output_text' ? event : undefined
    }
    const { type, output_index, content_index, item, part } = event as unknown as Seen
    const wanted = PART_OF.get(type)
    if (wanted !== undefined)
      return this.#begun?.get(output_index as number)?.parts[content_index as number] === wanted
        ? event
        : undefined
    if (!isKnownEvent(event)) return undefined
    if (typeof output_index !== 'number') return event
    if (type === 'response.content_part.added') {
      const parts = this.#begun?.get(output_index)?.parts
      if (content_index === parts?.length) parts?.push(part?.type)
    } else if (type === 'response.output_item.added' && item) {
      const own = this.#calls.own(item, this.#places++)
      this.#begun ??= new Map()
      this.#begun.set(output_index, { item: own, parts: [] })
      return own === item ? event : ({ ...event, item: own } as ResponseEvent)
    } else if (type === 'response.output_item.done' && item) {
      const own = asBegun(item, this.#begun?.get(output_index)?.item)
      return own === item ? event : ({ ...event, item: own } as ResponseEvent)
    }
    return event
  }
}

/** An item as it ends, under the names that it has begun with. */
const asBegun = (item: OutputItem, begun: OutputItem | undefined): OutputItem => {
  if (begun === undefined) return item
  const { type, id, call_id } = begun as { type: string; id?: unknown; call_id?: unknown }
  const now = item as { type: string; id?: unknown; call_id?: unknown }
  const isCall = typeof call_id === 'string'
  if (now.type === type && now.id === id && (!isCall || now.call_id === call_id)) return item
  const names = { type, id, ...(isCall ? { call_id } : {}) }
  // Of another type, it may lack what its own demands.
  return { ...(now.type === type ? {} : begun), ...item, ...names } as OutputItem
}
