import type { ErrorEvent, ResponseEvent } from '../protocol/events.ts'
import type { OutputItem } from '../protocol/output-items.ts'
import type { Response } from '../protocol/response.ts'
import { fill } from './fill.ts'
import { finalStatus, type TerminalType } from './final-status.ts'
import { foldPiece } from './fold-piece.ts'
import { mergeOutput } from './merge-output.ts'
import { copyItem, isTyped, openItem } from './open-item.ts'
import { type ItemRef, Slots } from './slots.ts'
import { streamFailure, truncatedStream } from './stream-failure.ts'

/** Who wants to know of items before the response has ended. */
export interface AccumulatorOptions {
  /**
   * Called exactly once per item, when it is final: at its `response.output_item.done`; or, for an item that never got
   * one, at the end of a response that completed, in order of the output.
   *
   * Never called for what was still open when a response ended incomplete or failed. An item may itself say
   * `status: 'incomplete'`. What the callback throws comes out of `push`.
   */
  onSealed?(item: OutputItem, outputIndex: number): void
}

/** A fold of the events of one response. */
export interface Accumulator {
  /** Takes the next event and changes nothing of it. Unknown events, and all after the terminal one, are ignored. */
  push(event: ResponseEvent): void
  /**
   * The whole response, its `status` telling how it ended.
   *
   * Throws `AntiphonError` `stream_truncated` (retryable) when no terminal event came, and the server's error as `ApiError` when
   * an `error` event came instead.
   */
  finish(): Response
  /** The response as far as it is known, a copy that later events do not change; undefined before the first event. */
  snapshot(): Response | undefined
}

/**
 * Makes a fold: events in, a Response out, tolerant of what servers leave out, repeat or rename.
 *
 * Of several copies of a text a `done` event beats its deltas, the finished item beats both, and the terminal response
 * fills what is still lacking. Items are told apart by `output_index` first and by id second.
 * Source: Responses API, streaming events.
 */
export const createAccumulator = (options: AccumulatorOptions = {}): Accumulator => new Fold(options)

// A class, not closures: its methods live as long as the module, so that code optimised for them survives the response.
class Fold implements Accumulator {
  readonly #options: AccumulatorOptions
  readonly #slots = new Slots()
  #response: Response | undefined
  #failure: ErrorEvent | undefined
  #ended = false

  constructor(options: AccumulatorOptions) {
    this.#options = options
  }

  push(event: ResponseEvent): void {
    if (this.#ended || foldPiece(this.#slots, event)) return
    switch (event.type) {
      case 'response.output_item.added':
        this.#announce(event)
        return
      case 'response.output_item.done':
        this.#seal(event)
        return
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#begin(event.response, event.type === 'response.created')
        return
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        this.#end(event.type, event.response)
        return
      case 'error':
        this.#failure = event
    }
  }

  finish(): Response {
    if (this.#ended && this.#response !== undefined) return this.#response
    throw this.#failure === undefined ? truncatedStream() : streamFailure(this.#failure)
  }

  snapshot(): Response | undefined {
    if (this.#ended) return this.#response
    const items = this.#slots.inOrder()
    if (this.#response === undefined && items.length === 0) return undefined
    const output = items.map(({ item, sealed }) => (sealed ? item : copyItem(item)) as OutputItem)
    return { ...(this.#response ?? EMPTY), output }
  }

  #begin(begun: unknown, created: boolean): void {
    if (!isResponse(begun)) return
    // A gateway that tries again in the same stream starts another answer: half items of the first are not part of it.
    if (created && this.#response !== undefined && this.#response.id !== begun.id) this.#slots.dropOpen()
    this.#response = begun
  }

  #announce(event: ItemRef & { item?: unknown }): void {
    const { item } = event
    if (!isTyped(item)) return
    const slot = this.#slots.announce(event, item)
    if (slot.sealed) return
    const open = openItem(item)
    slot.item = slot.item !== item && slot.item.type === item.type ? fill(open, slot.item) : open
    slot.announced = true
  }

  #seal(event: ItemRef & { item?: unknown }): void {
    const { item } = event
    if (!isTyped(item)) return
    const slot = this.#slots.conclude(event, item)
    if (slot.sealed) return
    slot.item = slot.item !== item && slot.item.type === item.type ? fill(item, slot.item, 'status') : item
    slot.sealed = true
    slot.announced = true
    this.#options.onSealed?.(slot.item as OutputItem, slot.index)
  }

  #end(type: TerminalType, last: unknown): void {
    this.#ended = true
    const base = isResponse(last) ? last : (this.#response ?? EMPTY)
    const status = finalStatus(type, base)
    const items = mergeOutput(this.#slots.inOrder(), base.output, status === 'completed')
    const response: Response = { ...base, status, output: items.map(({ item }) => item as OutputItem) }
    this.#response = response
    if (status === 'failed' && this.#failure !== undefined && !response.error)
      response.error = errorOf(this.#failure)
    if (status !== 'completed' || this.#options.onSealed === undefined) return
    for (const { item, index, sealed } of items)
      if (!sealed) this.#options.onSealed(item as OutputItem, index)
  }
}

/** What is known of a response whose server never sent one. */
const EMPTY: Response = {
  id: '',
  object: 'response',
  created_at: 0,
  status: 'in_progress',
  model: '',
  output: [],
}

const isResponse = (value: unknown): value is Response => typeof value === 'object' && value !== null

const errorOf = (event: ErrorEvent): Response['error'] => {
  const { apiCode, message } = streamFailure(event)
  return { code: apiCode ?? 'server_error', message: event.error?.message ?? event.message ?? message }
}
