import { createAccumulator } from './accumulate/accumulator.ts'
import type { ResponseEvent } from './protocol/events.ts'
import type { Response } from './protocol/response.ts'
import type { Cancel, ResponseSink } from './request-options.ts'
import { responseIdOf } from './resume.ts'

/** Runs the call behind a stream: pushes its events, and hands over the function that stops it. */
export type StreamSource = (sink: ResponseSink, onAbort: (cancel: Cancel) => void) => Promise<void>

/**
 * A response while it is made: its events as an async iterable, and the whole of it as a promise.
 *
 * The request is sent at once. Events wait until they are read; each is delivered once, whichever iterator reads it. Leaving the
 * loop early aborts the request. A failure is reported by the iterator and by `response()`; a failure that nobody looks at never
 * becomes an unhandled rejection.
 */
export class ResponseStream implements AsyncIterable<ResponseEvent> {
  #waiting: ResponseEvent[] = []
  #cursor = 0
  #ended = false
  #failure: { error: unknown } | undefined
  #wake: (() => void) | undefined
  #changed: Promise<void> | undefined
  #cancel: Cancel | undefined
  #aborted: Error | undefined
  #id: string | undefined
  #lastSequenceNumber: number | undefined
  readonly #response: Promise<Response>

  /** @param whole - makes the response of what was folded; by default it is the fold itself. */
  constructor(
    source: StreamSource,
    whole: (folded: Response) => Response | Promise<Response> = (folded) => folded,
  ) {
    const accumulator = createAccumulator()
    const sink = (event: ResponseEvent): void => {
      accumulator.push(event)
      this.#take(event)
    }
    const onAbort = (cancel: Cancel): void => {
      this.#cancel = cancel
      if (this.#aborted) cancel(this.#aborted)
    }
    const call = source(sink, onAbort)
    call.then(
      () => this.#end(),
      (error) => this.#end({ error }),
    )
    this.#response = call.then(() => whole(accumulator.finish()))
    // The iterator reports the same failure; whoever only iterates never sees this promise.
    this.#response.catch(() => undefined)
  }

  /** Identifier of the response, as soon as an event has told it. */
  get id(): string | undefined {
    return this.#id
  }

  /** Highest `sequence_number` so far; what `responses.resume()` takes as `startingAfter`. */
  get lastSequenceNumber(): number | undefined {
    return this.#lastSequenceNumber
  }

  /**
   * The whole response, once it has ended; look at its `status`, a failed or incomplete one resolves as well.
   *
   * Rejects with what ended the stream when that was no terminal event. May be called at any time, with or without iteration.
   */
  response(): Promise<Response> {
    return this.#response
  }

  /** Stops the request; pending reads and `response()` reject. Does nothing after the end. */
  abort(reason: Error = new Error('The reader of the stream left.')): void {
    if (this.#ended || this.#aborted) return
    this.#aborted = reason
    this.#cancel?.(reason)
  }

  [Symbol.asyncIterator](): AsyncIterator<ResponseEvent, undefined> {
    let left = false
    return {
      // Who left the loop knows why: the failure that leaving causes is not reported to him.
      next: () => (left ? Promise.resolve({ done: true, value: undefined }) : this.#next()),
      return: async () => {
        left = true
        this.#waiting = []
        this.#cursor = 0
        this.abort()
        return { done: true, value: undefined }
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort()
  }

  #take(event: ResponseEvent): void {
    const { sequence_number: number } = event as { sequence_number?: unknown }
    if (typeof number === 'number' && !(number <= (this.#lastSequenceNumber ?? -1)))
      this.#lastSequenceNumber = number
    if (this.#id === undefined) this.#id = responseIdOf(event)
    this.#waiting.push(event)
    this.#notify()
  }

  #end(failure?: { error: unknown }): void {
    this.#ended = true
    this.#failure = failure
    this.#notify()
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
    this.#changed = undefined
  }

  #next(): Promise<IteratorResult<ResponseEvent, undefined>> {
    const event = this.#waiting[this.#cursor]
    if (event === undefined) return this.#ended ? this.#last() : this.#later()
    this.#cursor++
    if (this.#cursor === this.#waiting.length) {
      this.#waiting = []
      this.#cursor = 0
    }
    return Promise.resolve({ done: false, value: event })
  }

  async #later(): Promise<IteratorResult<ResponseEvent, undefined>> {
    this.#changed ??= new Promise((resolve) => {
      this.#wake = resolve
    })
    await this.#changed
    return this.#next()
  }

  /** The failure is reported once; after it the stream is simply over. */
  async #last(): Promise<IteratorResult<ResponseEvent, undefined>> {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
    return { done: true, value: undefined }
  }
}
