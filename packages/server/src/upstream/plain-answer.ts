import { isTerminalEvent, type OutputItem, type Response, type ResponseEvent } from '@antiphon/client'
import { isSameItem, type OutputLine, type Place, tellWhole, withId } from './output-line.ts'
import { WireIds } from './wire-ids.ts'

interface Slot {
  readonly inner: number
  readonly place: Place
  readonly rawId: unknown
  readonly id: string
  readonly item: OutputItem
  sealed: boolean
}

/** The events of a model as those of one response: dense places, an id for each item, one beginning and one end. All else stays as it was written. */
export class PlainAnswer {
  readonly #line: OutputLine
  readonly #ids: WireIds
  readonly #slots: Slot[] = []
  #begun = false

  constructor(line: OutputLine, responseId: string) {
    this.#line = line
    this.#ids = new WireIds(responseId)
  }

  readonly take = (event: ResponseEvent): void => {
    if (!this.#begun) {
      this.#begun = true
      this.#line.begin()
    }
    const { output_index: inner } = event as { output_index?: unknown }
    if (typeof inner !== 'number' || isTerminalEvent(event)) {
      if (event.type === 'response.created') this.#ids.startTurn(0, event.response?.id)
      return
    }
    if (event.type === 'response.output_item.added') {
      this.#open(inner, event.item)
      return
    }
    // What was never announced comes whole, at the end.
    const slot = this.#slotAt(inner)
    if (slot === undefined || slot.sealed) return
    if (event.type === 'response.output_item.done') this.#seal(slot, event.item)
    else this.#line.tell(slot.place, withId(event, slot.id))
  }

  /** The answer is over, and this is it: what its events lacked is made up for. */
  end(response: Response): void {
    if (!this.#begun) this.#line.begin()
    const slots = [...this.#slots].sort((a, b) => a.inner - b.inner)
    const isWhole = slots.length === response.output.length
    response.output.forEach((item, index) => {
      const slot = isWhole ? slots[index] : slots.find((each) => isSameItem(each, item, index))
      if (slot !== undefined) this.#seal(slot, item)
      else {
        const whole = this.#open(-1, item)
        tellWhole(this.#line, whole.place, { ...item, id: whole.id } as OutputItem)
        this.#seal(whole, item)
      }
    })
    for (const slot of this.#slots) this.#seal(slot, { ...slot.item, status: 'incomplete' } as OutputItem)
    this.#line.end({ ...response, status: response.status ?? 'completed' })
  }

  #open(inner: number, item: OutputItem): Slot {
    const slot: Slot = {
      inner,
      place: this.#line.open(),
      rawId: (item as { id?: unknown }).id,
      id: this.#ids.idOf(item, this.#slots.length),
      item,
      sealed: false,
    }
    this.#slots.push(slot)
    this.#line.show(slot.place, { ...item, id: slot.id } as OutputItem)
    return slot
  }

  /** The last one that began there. */
  #slotAt(inner: number): Slot | undefined {
    for (let at = this.#slots.length - 1; at >= 0; at--)
      if (this.#slots[at]?.inner === inner) return this.#slots[at]
    return undefined
  }

  #seal(slot: Slot, item: OutputItem): void {
    if (slot.sealed) return
    slot.sealed = true
    this.#line.finish(slot.place, { ...item, id: slot.id } as OutputItem)
  }
}
