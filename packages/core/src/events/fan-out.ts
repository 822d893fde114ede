import { EventEmitter } from 'eventemitter3'
import { EventQueue } from './event-queue.ts'
import type { RunEvent } from './events.ts'

type Listener = (event: RunEvent) => void

/** Hands each event to every listener and every iterator. Nobody is waited for; with nobody there it costs two comparisons. */
export class FanOut {
  #emitter: EventEmitter | undefined
  /** A listener that throws must neither stop the others nor the run, so each is wrapped; this finds the wrapper again for `off`. */
  #guarded: WeakMap<Listener, Listener> | undefined
  readonly #queues: EventQueue[] = []
  #ended = false
  #error: unknown
  readonly #onListenerError: (error: unknown, type: string) => void

  constructor(onListenerError: (error: unknown, type: string) => void) {
    this.#onListenerError = onListenerError
  }

  /** Calls `listener` for each event named `name`, or for every event when it is `'event'`. */
  on(name: string, listener: Listener, once: boolean): void {
    this.#emitter ??= new EventEmitter()
    this.#guarded ??= new WeakMap()
    let guarded = this.#guarded.get(listener)
    if (guarded === undefined) {
      guarded = this.#guard(listener)
      this.#guarded.set(listener, guarded)
    }
    if (once) this.#emitter.once(name, guarded)
    else this.#emitter.on(name, guarded)
  }

  /** Reported once per listener: one that fails at each of 50,000 deltas, or at the report itself, must not start an avalanche. */
  #guard(listener: Listener): Listener {
    let reported = false
    const report = (error: unknown, type: string): void => {
      if (reported) return
      reported = true
      this.#onListenerError(error, type)
    }
    return (event) => {
      try {
        const returned: unknown = listener(event)
        // An async function fits the type, and its rejection would end the process.
        if (returned instanceof Promise) returned.catch((error: unknown) => report(error, event.type))
      } catch (error) {
        report(error, event.type)
      }
    }
  }

  off(name: string, listener: Listener): void {
    const guarded = this.#guarded?.get(listener)
    if (guarded !== undefined) this.#emitter?.off(name, guarded)
  }

  /** Somebody may be there. */
  get watched(): boolean {
    return this.#emitter !== undefined || this.#queues.length > 0
  }

  /** Nothing comes after the end: a sub-agent that is still on its way down has nobody to tell. */
  emit(event: RunEvent): void {
    if (this.#ended) return
    if (this.#emitter !== undefined) {
      // A server's event may have any type: an object, or the very name that stands for all.
      const { type } = event as { type: unknown }
      if (typeof type === 'string' && type !== 'event') this.#emitter.emit(type, event)
      this.#emitter.emit('event', event)
    }
    const queues = this.#queues
    for (let n = 0; n < queues.length; n++) (queues[n] as EventQueue).push(event)
  }

  /** Ends every iterator, after what is queued; with `error`, by throwing it. */
  end(error?: unknown): void {
    this.#ended = true
    this.#error = error
    for (const queue of this.#queues) queue.end(error)
  }

  /** Ends every iterator of now, without what it had not read. */
  detach(): void {
    for (const queue of [...this.#queues]) void queue.return()
  }

  iterator(): AsyncIterableIterator<RunEvent> {
    const queue = new EventQueue(this.#leave)
    if (this.#ended) queue.end(this.#error)
    else this.#queues.push(queue)
    return queue
  }

  readonly #leave = (queue: EventQueue): void => {
    const at = this.#queues.indexOf(queue)
    if (at !== -1) this.#queues.splice(at, 1)
  }
}
