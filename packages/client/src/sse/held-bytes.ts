const LINE_FEED = 10
const FIRST_CAPACITY = 1024
const KEPT_CAPACITY = 64 * 1024

/** Holds the bytes of an event whose blank line has not come yet, in one buffer that doubles: a large event in small pieces costs linear time. */
export class HeldBytes {
  /** How many bytes are held. */
  length = 0
  #buffer = NONE

  /** True when the last byte held is a line feed. */
  endsWithLineFeed(): boolean {
    return this.length > 0 && this.#buffer[this.length - 1] === LINE_FEED
  }

  /** Copies the bytes in; the chunk may be reused by its owner afterwards. */
  add(bytes: Uint8Array): void {
    const needed = this.length + bytes.length
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2, FIRST_CAPACITY))
      larger.set(this.#buffer.subarray(0, this.length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.length)
    this.length = needed
  }

  /** Gives all bytes held and forgets them; the view is valid until the next `add`. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.length)
    this.length = 0
    // One huge event must not keep its buffer for the rest of a long stream.
    if (this.#buffer.length > KEPT_CAPACITY) this.#buffer = NONE
    return bytes
  }
}

const NONE = new Uint8Array(0)
