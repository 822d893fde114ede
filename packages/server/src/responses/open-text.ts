import type { OutputItem, ResponseEvent } from '@antiphon/client'

interface LoosePart {
  readonly type?: unknown
}

/** What was told of an item that is not whole yet: its parts, and the text of their deltas. */
export class OpenText {
  readonly #parts: LoosePart[] = []
  readonly #texts: string[] = []
  /** Deltas of the item itself, such as the arguments of a call. */
  #own = ''
  /** Events that were told, but deltas. */
  readonly #told = new Set<string>()

  /** Adds the text of a delta; by the place of its part, or of the item itself. */
  add(delta: string, part: number | undefined): void {
    if (part === undefined) this.#own += delta
    else this.#texts[part] = (this.#texts[part] ?? '') + delta
  }

  /** Takes any event of the item that is told. */
  take(event: ResponseEvent): void {
    const {
      type,
      delta,
      content_index: at,
      part,
    } = event as {
      type: string
      delta?: unknown
      content_index?: number
      part?: LoosePart
    }
    if (typeof delta === 'string') {
      if (OF_PART.has(type) || OF_ITEM.has(type)) this.add(delta, OF_ITEM.has(type) ? undefined : at)
      return
    }
    if (type === 'response.content_part.added' && at !== undefined && part !== undefined)
      this.#parts[at] = part
    this.#told.add(keyOf(event))
  }

  /** The item as far as it was told, and no further. */
  incomplete(item: OutputItem): OutputItem {
    const { type } = item as { type: string }
    const cut = { ...item, status: 'incomplete' }
    if (type === 'message')
      return { ...cut, content: this.#parts.map((part, at) => this.#withText(part, at)) } as OutputItem
    if (type === 'function_call' && this.#own !== '') return { ...cut, arguments: this.#own } as OutputItem
    return cut as OutputItem
  }

  /** Of the events that tell the cut item, the ends of its parts that were not told. */
  ends(events: readonly ResponseEvent[]): ResponseEvent[] {
    return events.filter((event) => ENDS.has(event.type) && !this.#told.has(keyOf(event)))
  }

  #withText(part: LoosePart, at: number): object {
    const text = this.#texts[at] ?? ''
    if (part.type === 'refusal') return { ...part, refusal: text }
    return part.type === 'output_text' ? { ...part, text } : part
  }
}

const OF_PART: ReadonlySet<string> = new Set(['response.output_text.delta', 'response.refusal.delta'])
const OF_ITEM: ReadonlySet<string> = new Set(['response.function_call_arguments.delta'])
const ENDS: ReadonlySet<string> = new Set([
  'response.output_text.done',
  'response.refusal.done',
  'response.content_part.done',
])

const keyOf = (event: ResponseEvent): string =>
  `${event.type} ${(event as { content_index?: number }).content_index ?? ''}`
