import type { InputItem } from '@antiphon/client'
import type { EncodedInput } from '../model.ts'
import { encodeItem, type ItemEncoding } from './encode-item.ts'
import { OwnIds } from './own-ids.ts'

/** Small, because a thousand runs may be open at once; doubles as it fills. */
const FIRST_BYTES = 2048
const OPEN = '{"input":['
/** UTF-8 needs at most 3 bytes per UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3
const COMMA = 0x2c
const CLOSE_BRACKET = 0x5d

/**
 * The items of a run, and the same items as the beginning of a request body.
 *
 * Each item is serialised once, when the next body is asked for; the body of turn n reuses the bytes of turn n−1 and only the part after the items
 * is written anew. So a run of n turns costs O(items), not O(n · items), beside the socket.
 */
export class History implements EncodedInput {
  readonly items: InputItem[] = []
  readonly encoding: ItemEncoding
  #buffer: Buffer | undefined
  /** Bytes that are the opening and the encoded items. */
  #length = 0
  #encoded = 0
  #ids = new OwnIds()

  constructor(encoding: ItemEncoding) {
    this.encoding = encoding
  }

  /**
   * Adds items at the end; they are taken as they are and must not be changed afterwards. Only an id that an earlier item has is left out: some servers number the items
   * of each response anew, and others refuse the second one.
   */
  append(...items: InputItem[]): void {
    for (const item of items) this.items.push(this.#ids.take(item))
  }

  /** Puts items before all others, as if they had been added first. */
  prepend(items: readonly InputItem[]): void {
    const after = this.items.splice(0)
    this.#ids = new OwnIds()
    this.#encoded = 0
    this.#length = 0
    for (const item of items) this.append(item)
    for (const item of after) this.append(item)
  }

  /** Puts `items` in the place of all from `index` on; the bytes are made anew at the next request. */
  replaceFrom(index: number, items: readonly InputItem[]): void {
    this.items.splice(index, this.items.length - index, ...items)
    if (index < this.#encoded) {
      this.#encoded = 0
      this.#length = 0
    }
  }

  body(rest: string): Uint8Array {
    this.#encodeNew()
    this.#reserve(2 + rest.length * MAX_BYTES_PER_UNIT)
    const buffer = this.#buffer as Buffer
    let at = this.#length
    buffer[at++] = CLOSE_BRACKET
    buffer[at++] = COMMA
    at += buffer.write(rest.slice(1), at, 'utf8')
    return buffer.subarray(0, at)
  }

  #encodeNew(): void {
    if (this.#length === 0) {
      this.#reserve(OPEN.length)
      this.#length = (this.#buffer as Buffer).write(OPEN, 0, 'latin1')
    }
    for (; this.#encoded < this.items.length; this.#encoded++) {
      const text = encodeItem(this.items[this.#encoded] as InputItem, this.encoding)
      if (text === undefined) continue
      this.#reserve(text.length * MAX_BYTES_PER_UNIT + 1)
      const buffer = this.#buffer as Buffer
      if (this.#length > OPEN.length) buffer[this.#length++] = COMMA
      this.#length += buffer.write(text, this.#length, 'utf8')
    }
  }

  /** Makes room for `more` bytes after what is encoded. */
  #reserve(more: number): void {
    const need = this.#length + more
    const have = this.#buffer?.length ?? 0
    if (need <= have) return
    const bigger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, have * 2, need))
    this.#buffer?.copy(bigger, 0, 0, this.#length)
    this.#buffer = bigger
  }
}
