import type { InputItem } from '@antiphon/client'

/** Some items, and after them those of a growing list from an index on: one list that only grows, too, so that its bytes are made once. */
export class ListTail {
  readonly #items: InputItem[]
  #taken: number

  constructor(head: readonly InputItem[], from: number) {
    this.#items = [...head]
    this.#taken = from
  }

  /** With all that `source` has by now. */
  of(source: readonly InputItem[]): readonly InputItem[] {
    for (; this.#taken < source.length; this.#taken++) this.#items.push(source[this.#taken] as InputItem)
    return this.#items
  }
}
