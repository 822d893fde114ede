import { type OpenItem, unannouncedItem } from './open-item.ts'

/** The place of one item. */
export interface Slot {
  readonly index: number
  /** The fold's own copy while the item is open; once sealed, what was handed on. */
  item: OpenItem
  /** The item is final and was handed on. */
  sealed: boolean
  /** An event carried the item itself, not only pieces of it. */
  announced: boolean
  /** The item that had this index before, with servers that use one twice. */
  readonly previous: Slot | undefined
}

/** What tells which item an event is about. */
export interface ItemRef {
  output_index?: unknown
  item_id?: unknown
}

/** An index beyond it is taken for a mistake of the server; an array is kept that long. */
const MAX_INDEX = 65_535

/** All items of a response, found by `output_index` first and by id second. */
export class Slots {
  #latest: (Slot | undefined)[] = []

  /** The open item that an event adds to; made when it was never announced. Undefined when it is sealed already. */
  open(ref: ItemRef, type: string): Slot | undefined {
    let slot = (isIndex(ref.output_index) ? this.#latest[ref.output_index] : undefined) ?? this.#find(ref)
    if (slot?.previous !== undefined)
      slot = chainOf(slot).find((one) => sameText(one.item.id, ref.item_id)) ?? slot
    // Without index and id, a piece belongs to the item that came last.
    if (slot === undefined && !isIndex(ref.output_index) && !hasText(ref.item_id)) slot = this.#latest.at(-1)
    slot ??= this.#add(ref, unannouncedItem(type, ref.item_id))
    return slot.sealed ? undefined : slot
  }

  /** The place for an announced item: a known one, or a new one. */
  announce(ref: ItemRef, item: OpenItem): Slot {
    const slot = this.#find(ref.output_index === undefined ? { item_id: item.id } : ref)
    if (slot === undefined) return this.#add(ref, item)
    const same = chainOf(slot).find((one) => sameItem(one.item, item))
    if (same) return same
    return isAnother(slot, item) || isSecondCall(slot, item) ? this.#add(ref, item) : slot
  }

  /** The place for a finished item: a known one, or a new one. */
  conclude(ref: ItemRef, item: OpenItem): Slot {
    const slot = this.#find(ref.output_index === undefined ? { item_id: item.id } : ref)
    if (slot === undefined) return this.#add(ref, item)
    if (slot.previous === undefined) return isAnother(slot, item) ? this.#add(ref, item) : slot
    const chain = chainOf(slot)
    const same = chain.find((one) => sameItem(one.item, item))
    const known = same ?? chain.find((one) => !one.sealed && !isAnother(one, item)) ?? slot
    return isAnother(known, item) ? this.#add(ref, item) : known
  }

  /** Forgets all that is not sealed. */
  dropOpen(): void {
    const sealed = this.inOrder().filter((slot) => slot.sealed)
    this.#latest = []
    for (const slot of sealed) this.#latest[slot.index] = { ...slot, previous: this.#latest[slot.index] }
  }

  /** By index, then by arrival. */
  inOrder(): Slot[] {
    const slots: Slot[] = []
    for (const last of this.#latest) {
      const start = slots.length
      if (last !== undefined && last.previous === undefined) slots.push(last)
      else for (let slot = last; slot !== undefined; slot = slot.previous) slots.splice(start, 0, slot)
    }
    return slots
  }

  #find({ output_index: index, item_id: id }: ItemRef): Slot | undefined {
    if (isIndex(index)) return this.#latest[index]
    return this.#latest.findLast((slot) => slot !== undefined && hasText(id) && slot.item.id === id)
  }

  #add(ref: ItemRef, item: OpenItem): Slot {
    const index = isIndex(ref.output_index) ? ref.output_index : this.#latest.length
    const slot: Slot = { index, item, sealed: false, announced: false, previous: this.#latest[index] }
    this.#latest[index] = slot
    return slot
  }
}

const isIndex = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INDEX

const hasText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const sameText = (a: unknown, b: unknown): boolean => hasText(a) && a === b

/** True when two copies name themselves the same item. */
export const sameItem = (a: OpenItem, b: OpenItem): boolean =>
  a.type === b.type && (sameText(a.id, b.id) || sameText(a.call_id, b.call_id))

/** At a sealed place a new id is a new item; at an open one ids may change, but not the kind of an announced item: unless its id says that it is the same. */
const isAnother = (slot: Slot, item: OpenItem): boolean =>
  slot.sealed
    ? !sameItem(slot.item, item) && hasText(item.id) && slot.item.id !== item.id
    : slot.announced && slot.item.type !== item.type && !sameText(slot.item.id, item.id)

/** Calls that are announced one after the other at one index. */
const isSecondCall = (slot: Slot, item: OpenItem): boolean =>
  !slot.sealed &&
  slot.announced &&
  hasText(slot.item.call_id) &&
  hasText(item.call_id) &&
  slot.item.call_id !== item.call_id

/** The items at one index, the latest first. */
const chainOf = (last: Slot): Slot[] => {
  const chain: Slot[] = []
  for (let slot: Slot | undefined = last; slot !== undefined; slot = slot.previous) chain.push(slot)
  return chain
}
