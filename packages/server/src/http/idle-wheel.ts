/** What is to be told when it was idle for long. */
export interface Idle {
  /** Tick of its last activity: set it to `wheel.now` with every activity, it costs nothing else. */
  lastTick: number
  onIdle(): void
}

const SLOTS = 16

/** One timer for everything that may be idle. It runs only while there is something to watch, and keeps no process alive. */
export class IdleWheel {
  /** Ticks so far. */
  now = 0
  readonly #slots = Array.from({ length: SLOTS }, () => new Set<Idle>())
  readonly #slotOf = new Map<Idle, Set<Idle>>()
  readonly #tickMs: number
  #timer: ReturnType<typeof setInterval> | undefined

  /** `idleMs` is how long something is idle until it is told, give or take a sixteenth. */
  constructor(idleMs: number) {
    this.#tickMs = Math.max(1, idleMs / SLOTS)
  }

  get size(): number {
    return this.#slotOf.size
  }

  /** Everything that is watched. */
  get entries(): Iterable<Idle> {
    return this.#slotOf.keys()
  }

  add(entry: Idle): void {
    entry.lastTick = this.now
    this.#put(entry, this.now)
    if (this.#timer !== undefined) return
    this.#timer = setInterval(this.#tick, this.#tickMs)
    // Absent where timers are numbers.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  delete(entry: Idle): void {
    this.#slotOf.get(entry)?.delete(entry)
    this.#slotOf.delete(entry)
    if (this.#slotOf.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #put(entry: Idle, tick: number): void {
    const slot = this.#slots[tick % SLOTS] as Set<Idle>
    slot.add(entry)
    this.#slotOf.set(entry, slot)
  }

  readonly #tick = (): void => {
    this.now++
    const due = this.#slots[this.now % SLOTS] as Set<Idle>
    for (const entry of due) {
      if (this.now - entry.lastTick < SLOTS) {
        due.delete(entry)
        this.#put(entry, entry.lastTick)
      } else {
        entry.lastTick = this.now
        entry.onIdle()
      }
    }
  }
}
