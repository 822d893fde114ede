import type { RunEvent } from '../events/events.ts'
import { joinDeltas } from '../events/join-deltas.ts'

/** Milliseconds that events wait for others before they are written. */
const HOLD_MS = 25
/** Characters of deltas after which they are written at once. */
const HOLD_CHARS = 4_096

/**
 * Writes the events of a run for whoever follows it: in batches, with neighbouring deltas of one text joined, so that a token costs no write of its own.
 *
 * One write at a time, in order. What cannot be written is reported by `end`, and by no other call: the run's own records say so first.
 */
export class EventWriter {
  #held: RunEvent[] = []
  #chars = 0
  /** How many events came, and how many of them are written. */
  #pushed = 0
  #written = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  readonly #write: (events: readonly RunEvent[]) => Promise<void>

  constructor(write: (events: readonly RunEvent[]) => Promise<void>) {
    this.#write = write
  }

  readonly push = (event: RunEvent): void => {
    if (this.#failure !== undefined) return
    this.#pushed++
    const last = this.#held[this.#held.length - 1]
    const joined = last === undefined ? undefined : joinDeltas(last, event)
    if (joined === undefined) this.#held.push(event)
    else this.#held[this.#held.length - 1] = joined
    const { delta } = event as { delta?: unknown }
    if (typeof delta === 'string') this.#chars += delta.length
    this.#schedule()
  }

  /** Resolves when all that came so far is written, or cannot be; undefined when it is. What comes meanwhile is not waited for. */
  flushed(): Promise<void> | undefined {
    return this.#isBehind(this.#pushed) ? this.#flushTo(this.#pushed) : undefined
  }

  /** Writes what is left. Rejects with what the first failed write was rejected with. */
  async end(): Promise<void> {
    while (this.#isBehind(this.#pushed)) await this.#flush()
    clearTimeout(this.#timer)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #isBehind(count: number): boolean {
    return this.#failure === undefined && this.#written < count
  }

  async #flushTo(count: number): Promise<void> {
    while (this.#isBehind(count)) await this.#flush()
  }

  #schedule(): void {
    if (this.#held.length === 0 || this.#failure !== undefined) return
    if (this.#chars >= HOLD_CHARS) void this.#flush()
    else this.#timer ??= setTimeout(this.#flushHeld, HOLD_MS)
  }

  readonly #flushHeld = (): void => {
    void this.#flush()
  }

  /** Writes what is held, unless a write is on its way; waits for either. Never rejects. */
  #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing ??= this.#writeHeld()
    return this.#writing
  }

  async #writeHeld(): Promise<void> {
    const events = this.#held
    const count = this.#pushed
    this.#held = []
    this.#chars = 0
    try {
      if (events.length > 0) await this.#write(events)
      this.#written = count
    } catch (error) {
      this.#failure = { error }
    }
    this.#writing = undefined
    this.#schedule()
  }
}
