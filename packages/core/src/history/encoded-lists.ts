import type { InputItem } from '@antiphon/client'
import type { EncodedInput } from '../model.ts'
import { commonStart } from './common-start.ts'
import type { ItemEncoding } from './encode-item.ts'
import { History } from './history.ts'

/**
 * Bytes of the lists that hooks and middleware send in the place of the history, encoded as the history would be.
 * A list that only grew since it was last seen has only its new items encoded.
 */
export class EncodedLists {
  readonly #encoding: ItemEncoding
  readonly #known = new WeakMap<readonly InputItem[], History>()

  constructor(encoding: ItemEncoding) {
    this.#encoding = encoding
  }

  of(items: readonly InputItem[]): EncodedInput {
    let encoded = this.#known.get(items)
    if (encoded === undefined || commonStart(encoded.items, items) < encoded.items.length) {
      encoded = new History(this.#encoding)
      this.#known.set(items, encoded)
    }
    for (let index = encoded.items.length; index < items.length; index++)
      encoded.append(items[index] as InputItem)
    return encoded
  }
}
