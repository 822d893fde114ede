import type { InputItem } from '@antiphon/client'
import { commonStart } from './common-start.ts'

/**
 * A list that goes through a function item by item, as it grows: each item once, into one list that grows, too, so that its bytes are made once as well.
 * When the source changed anywhere else than at its end, all is mapped anew into a new list.
 */
export class MappedList {
  readonly #map: (item: InputItem) => InputItem | undefined
  #seen: InputItem[] = []
  #mapped: InputItem[] = []
  #changed = false

  /** `map` returns the item itself to leave it as it is, and undefined to leave it out. */
  constructor(map: (item: InputItem) => InputItem | undefined) {
    this.#map = map
  }

  /** The mapped list; `source` itself as long as nothing of it was changed. */
  of(source: readonly InputItem[]): readonly InputItem[] {
    if (commonStart(this.#seen, source) < this.#seen.length) {
      this.#seen = []
      this.#mapped = []
      this.#changed = false
    }
    for (let index = this.#seen.length; index < source.length; index++) {
      const item = source[index] as InputItem
      const mapped = this.#map(item)
      this.#seen.push(item)
      if (mapped !== undefined) this.#mapped.push(mapped)
      if (mapped !== item) this.#changed = true
    }
    return this.#changed ? this.#mapped : source
  }
}
