import type { RunEvent } from './events.ts'
import { continues, type Delta } from './join-deltas.ts'

/** Events an iterator may lag behind before neighbouring deltas are joined. */
export const MAX_LAG = 4096

interface Waiter {
  resolve(result: IteratorResult<RunEvent>): void
  reject(error: unknown): void
}

const DONE: IteratorResult<RunEvent> = { value: undefined, done: true }

/**
 * One consumer's place in the stream of events: array, cursor and one waiter, no shifting, no stream.
 *
 * A consumer that lags never holds the run back and never loses anything: beyond `MAX_LAG` events, a delta is joined to the waiting one it
 * continues, so that what piles up is the text itself and not an object per token.
 */
export class EventQueue implements AsyncIterableIterator<RunEvent> {
  #buffer: RunEvent[] = []
  #cursor = 0
  #waiter: Waiter | undefined
  readonly #waiters: Waiter[] = []
  #ended = false
  #failure: { error: unknown } | undefined
  // What was joined belongs to this queue alone until it is read, so the next delta is added in place.
  #joined: Delta | undefined
  readonly #onLeave: (queue: EventQueue) => void

  constructor(onLeave: (queue: EventQueue) => void) {
    this.#onLeave = onLeave
  }

  push(event: RunEvent): void {
    if (this.#ended) return
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = this.#waiters.length === 0 ? undefined : this.#waiters.shift()
      waiter.resolve({ value: event, done: false })
      return
    }
    if (this.#buffer.length - this.#cursor >= MAX_LAG && this.#joinToLast(event)) return
    this.#buffer.push(event)
  }

  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    if (error !== undefined) this.#failure = { error }
    const waiter = this.#waiter
    if (waiter === undefined) return
    this.#settleEnd(waiter)
    for (const other of this.#waiters.splice(0)) other.resolve(DONE)
    this.#waiter = undefined
  }

  next(): Promise<IteratorResult<RunEvent>> {
    if (this.#cursor < this.#buffer.length) return Promise.resolve({ value: this.#take(), done: false })
    return new Promise((resolve, reject) => {
      const mine = { resolve, reject }
      if (this.#ended) this.#settleEnd(mine)
      else if (this.#waiter === undefined) this.#waiter = mine
      else this.#waiters.push(mine)
    })
  }

  return(): Promise<IteratorResult<RunEvent>> {
    this.#ended = true
    this.#failure = undefined
    this.#buffer = []
    this.#cursor = 0
    this.#onLeave(this)
    const waiting = this.#waiter
    this.#waiter = undefined
    waiting?.resolve(DONE)
    for (const other of this.#waiters.splice(0)) other.resolve(DONE)
    return Promise.resolve(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): RunEvent {
    const event = this.#buffer[this.#cursor++] as RunEvent
    if (this.#cursor === this.#buffer.length) {
      this.#buffer = []
      this.#cursor = 0
    } else if (this.#cursor >= MAX_LAG && this.#cursor * 2 >= this.#buffer.length) {
      // A reader that never quite catches up must not keep all it has read.
      this.#buffer = this.#buffer.slice(this.#cursor)
      this.#cursor = 0
    }
    return event
  }

  /** Adds a delta to the last event that waits, when it continues its text. */
  #joinToLast(event: RunEvent): boolean {
    const last = this.#buffer[this.#buffer.length - 1] as Delta
    const next = event as Delta
    if (!continues(last, next)) return false
    let joined = this.#joined
    if (joined === undefined || last !== joined) {
      joined = { ...last, ...(Array.isArray(last.logprobs) ? { logprobs: [...last.logprobs] } : {}) }
      this.#joined = joined
      this.#buffer[this.#buffer.length - 1] = joined as RunEvent
    }
    joined.delta = (joined.delta as string) + (next.delta as string)
    joined.sequence_number = next.sequence_number
    if (Array.isArray(next.logprobs) && next.logprobs.length > 0) {
      const logprobs = Array.isArray(joined.logprobs) ? joined.logprobs : []
      for (const logprob of next.logprobs) logprobs.push(logprob)
      joined.logprobs = logprobs
    }
    return true
  }

  #settleEnd(to: Waiter): void {
    if (this.#failure === undefined) return to.resolve(DONE)
    const { error } = this.#failure
    this.#failure = undefined
    to.reject(error)
  }
}
