import {
  eventsOf,
  type InputItem,
  isTerminalEvent,
  type OutputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import { pairingOf } from '../history/pairing.ts'
import type { EventSink } from '../model.ts'

/** An item of the turn that is under way: where it stands there, and where in the whole response. */
interface Slot {
  readonly inner: number
  /** Undefined for an item that is not shown. */
  readonly outer: number | undefined
  readonly id: unknown
  readonly item: OutputItem
  sealed: boolean
}

/** An event that nobody else has. */
type Pushed = ResponseEvent & { sequence_number?: unknown }

/** What happens to the whole is told once, by `begin` and `end`; that of a single turn is not. */
const OF_ONE_TURN: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'error',
])

/**
 * Makes one response of the responses of many turns: their items in one output, numbered without gaps, their ids as they are; with one beginning and one end.
 * Items that a server began and never finished, or never began, are completed from the folded response of their turn.
 */
export class SpanningResponse {
  readonly #base: Response
  readonly #sink: EventSink
  readonly #showCalls: boolean
  readonly #output: OutputItem[] = []
  #begun = false
  #sequence = 0
  #slots: Slot[] = []

  constructor(base: Response, sink: EventSink, showCalls: boolean) {
    this.#base = base
    this.#sink = sink
    this.#showCalls = showCalls
  }

  /** Takes a wire event of the turn under way. The first of all begins the response, also when it is not shown itself: who waits learns that something goes on. */
  take(event: ResponseEvent): void {
    if (!this.#begun) this.#begin()
    const { output_index: inner } = event as { output_index?: unknown }
    if (typeof inner !== 'number') {
      if (!OF_ONE_TURN.has(event.type) && !isTerminalEvent(event)) this.#push({ ...event })
      return
    }
    if (event.type === 'response.output_item.added') {
      const { outer } = this.#open(inner, event.item)
      if (outer !== undefined) this.#push({ ...event, output_index: outer })
      return
    }
    // What was never announced comes whole, at the end of the turn.
    const slot = this.#slotAt(inner)
    if (slot === undefined || slot.sealed) return
    if (event.type === 'response.output_item.done') this.#seal(slot, event.item)
    else if (slot.outer !== undefined) {
      const own = { ...event } as { output_index: number; item_id?: unknown }
      own.output_index = slot.outer
      if (own.item_id !== undefined && own.item_id !== slot.id && typeof slot.id === 'string')
        own.item_id = slot.id
      this.#push(own as unknown as Pushed)
    }
  }

  /** The turn is over, and this is its response: whatever its events lacked is made up for. */
  endTurn(response: Response): void {
    const slots = [...this.#slots].sort((a, b) => a.inner - b.inner)
    const isWhole = slots.length === response.output.length
    response.output.forEach((item, index) => {
      const slot = isWhole ? slots[index] : slots.find((open) => matches(open, item, index))
      if (slot === undefined) this.add(item)
      else if (!slot.sealed) this.#seal(slot, item)
    })
    this.breakOff()
  }

  /** The turn under way will not be finished: what it began is closed as it is. */
  breakOff(): void {
    for (const slot of this.#slots)
      if (!slot.sealed) this.#seal(slot, { ...slot.item, status: 'incomplete' } as OutputItem)
    this.#slots = []
  }

  /** Adds an item that no stream has brought. */
  add(item: OutputItem): void {
    if (this.#isHidden(item)) return
    if (!this.#begun) this.#begin()
    const outer = this.#output.push(item) - 1
    for (const event of eventsOf({ ...this.#base, output: [item] }))
      if (!OF_ONE_TURN.has(event.type) && !isTerminalEvent(event))
        this.#push({ ...event, output_index: outer } as Pushed)
  }

  /** Ends the whole with what is known only then. */
  end(known: Pick<Response, 'status' | 'usage' | 'incomplete_details'>): void {
    if (!this.#begun) this.#begin()
    const response: Response = {
      ...this.#base,
      ...known,
      output: this.#output,
      ...(known.status === 'completed' ? { completed_at: Math.floor(Date.now() / 1000) } : {}),
    }
    const type = known.status === 'completed' ? 'response.completed' : 'response.incomplete'
    this.#push({ type, response })
  }

  #begin(): void {
    this.#begun = true
    const response: Response = { ...this.#base, status: 'in_progress' }
    this.#push({ type: 'response.created', response })
    this.#push({ type: 'response.in_progress', response })
  }

  #open(inner: number, item: OutputItem): Slot {
    const outer = this.#isHidden(item) ? undefined : this.#output.push(item) - 1
    const slot: Slot = { inner, outer, id: (item as { id?: unknown }).id, item, sealed: false }
    this.#slots.push(slot)
    return slot
  }

  /** An item keeps the id that it was announced with: some servers change it on the way. */
  #seal(slot: Slot, item: OutputItem): void {
    slot.sealed = true
    if (slot.outer === undefined) return
    const sealed = (item as { id?: unknown }).id === slot.id ? item : ({ ...item, id: slot.id } as OutputItem)
    this.#output[slot.outer] = sealed
    this.#push({ type: 'response.output_item.done', output_index: slot.outer, item: sealed })
  }

  #isHidden(item: OutputItem): boolean {
    return !this.#showCalls && pairingOf(item as InputItem)?.role === 'call'
  }

  #slotAt(inner: number): Slot | undefined {
    const newest = this.#slots.at(-1)
    return newest?.inner === inner ? newest : this.#slots.findLast((slot) => slot.inner === inner)
  }

  /** Numbers an event that is ours to change, and hands it on. */
  #push(event: Pushed): void {
    event.sequence_number = this.#sequence++
    this.#sink(event)
  }
}

const matches = (slot: Slot, item: OutputItem, index: number): boolean => {
  const { id } = item as { id?: unknown }
  return typeof id === 'string' && id !== '' ? slot.id === id : slot.inner === index
}
