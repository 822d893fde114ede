const longestTimerMs = 2_147_483_647

/** Who is told that a limit has passed. */
export interface StopwatchOwner {
  /** Called once, when `limitMs` passed without a sign of life. */
  onExpired(limitMs: number): void
}

/**
 * A limit that moves: one timer per attempt, and a clock reading per sign of life instead of a new timer.
 *
 * When the timer fires before the limit (life was seen meanwhile) it is set again for the rest.
 */
export class Stopwatch {
  readonly #owner: StopwatchOwner
  #limit = Number.POSITIVE_INFINITY
  #since = 0
  #due = Number.POSITIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(owner: StopwatchOwner) {
    this.#owner = owner
  }

  /** Starts, or starts anew with another limit. */
  start(limitMs: number): void {
    this.#limit = limitMs
    this.#since = performance.now()
    // A running timer that fires early enough is left alone: it will set itself again.
    if (this.#timer === undefined || this.#since + limitMs < this.#due) this.#arm(limitMs)
  }

  /** Life was seen: the limit counts from now. */
  touch(): void {
    this.#since = performance.now()
  }

  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = Number.POSITIVE_INFINITY
  }

  #arm(waitMs: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = performance.now() + waitMs
    if (waitMs !== Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(fire, Math.min(Math.ceil(waitMs), longestTimerMs), this)
  }

  /** @internal */
  fire(): void {
    this.#timer = undefined
    const rest = this.#since + this.#limit - performance.now()
    if (rest > 0) this.#arm(rest)
    else this.#owner.onExpired(this.#limit)
  }
}

const fire = (watch: Stopwatch): void => watch.fire()
