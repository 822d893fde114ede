import type { EventFrames } from '@antiphon/store'

/** Characters after which frames are written at once. */
const WRITE_CHARS = 16_384
/** Shortest time between two writes, unless something has ended. */
const PAUSE_MS = 10

/** Takes written frames: from here on they survive, and readers may have them. */
export type WrittenFrames = (frames: EventFrames) => void

/**
 * Writes frames in their order, one write at a time, what comes meanwhile together; and hands each on when it is written, not before: a reader that comes back after a crash
 * has no number that the log does not have.
 *
 * The first frame after a pause is written at once; then a write follows at most every 10 ms.
 */
export class FrameLog {
  #text = ''
  #first = 0
  #last = -1
  #isUrgent = false
  #writing: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wroteAt = Number.NEGATIVE_INFINITY
  #failure: { readonly error: unknown } | undefined
  readonly #write: (frames: EventFrames) => Promise<void>
  readonly #written: WrittenFrames

  constructor(write: (frames: EventFrames) => Promise<void>, written: WrittenFrames) {
    this.#write = write
    this.#written = written
  }

  push(frame: string, sequence: number, isUrgent: boolean): void {
    if (this.#failure !== undefined) return
    if (this.#text === '') this.#first = sequence
    this.#last = sequence
    this.#text += frame
    this.#isUrgent ||= isUrgent
    this.#schedule()
  }

  /**
   * Writes what is left.
   *
   * @throws what the first failed write was rejected with.
   */
  async end(): Promise<void> {
    this.#isUrgent = true
    while (this.#failure === undefined && (this.#text !== '' || this.#writing !== undefined)) {
      this.#schedule()
      await this.#writing
    }
    clearTimeout(this.#timer)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #schedule(): void {
    if (this.#writing !== undefined || this.#text === '' || this.#failure !== undefined) return
    const waitMs = this.#wroteAt + PAUSE_MS - performance.now()
    if (waitMs <= 0 || this.#isUrgent || this.#text.length >= WRITE_CHARS) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      // What is pushed in the same tick goes with it.
      this.#writing = Promise.resolve().then(this.#writeHeld)
    } else
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#wroteAt = Number.NEGATIVE_INFINITY
        this.#schedule()
      }, waitMs)
  }

  readonly #writeHeld = async (): Promise<void> => {
    const frames = { first: this.#first, last: this.#last, text: this.#text }
    this.#text = ''
    this.#isUrgent = false
    try {
      await this.#write(frames)
      this.#wroteAt = performance.now()
      this.#written(frames)
    } catch (error) {
      this.#failure = { error }
    }
    this.#writing = undefined
    this.#schedule()
  }
}
