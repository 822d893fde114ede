import type { OutputItem, Response, ResponseEvent, ResponseRequest, ResponseUsage } from '@antiphon/client'
import type { EventSink } from '../../model.ts'
import { begunResponse, type ChatHead } from './begun-response.ts'

/** How an item ended. */
export type DoneStatus = 'completed' | 'incomplete'

/** The events of one response in their line: created, in progress, items with dense indexes, one terminal event, all numbered. */
export class ResponseLine {
  readonly output: OutputItem[] = []
  readonly sink: EventSink
  readonly #begun: Response
  readonly #stem = crypto.randomUUID().replaceAll('-', '').slice(0, 24)
  #sequence = 0

  constructor(request: ResponseRequest, head: ChatHead, sink: EventSink) {
    this.sink = sink
    this.#begun = begunResponse(request, head, `resp_${head.id ?? this.#stem}`)
    this.send({ type: 'response.created', response: this.#begun })
    this.send({ type: 'response.in_progress', response: this.#begun })
  }

  /** The number of the next event. */
  next(): number {
    return this.#sequence++
  }

  /** Sends an event that is not sent per delta. */
  send(event: { type: string; [field: string]: unknown }): void {
    event.sequence_number = this.#sequence++
    this.sink(event as unknown as ResponseEvent)
  }

  /** Announces an item at the next place of the output; `make` gets the item's id. */
  add(
    prefix: string,
    make: (id: string) => OutputItem,
  ): { readonly id: string; readonly outputIndex: number } {
    const outputIndex = this.output.length
    const id = `${prefix}_${this.#stem}${outputIndex}`
    const item = make(id)
    this.output.push(item)
    this.send({ type: 'response.output_item.added', output_index: outputIndex, item })
    return { id, outputIndex }
  }

  /** Ends the item at a place. */
  finish(output_index: number, item: OutputItem): void {
    this.output[output_index] = item
    this.send({ type: 'response.output_item.done', output_index, item })
  }

  /** The terminal event. */
  end(
    incomplete: 'max_output_tokens' | 'content_filter' | undefined,
    usage: ResponseUsage | null,
    more: object,
  ): void {
    const status: DoneStatus = incomplete === undefined ? 'completed' : 'incomplete'
    const response = {
      ...this.#begun,
      ...more,
      status,
      completed_at: incomplete === undefined ? Math.floor(Date.now() / 1000) : null,
      incomplete_details: incomplete === undefined ? null : { reason: incomplete },
      output: this.output,
      usage,
    }
    this.send({ type: `response.${status}`, response })
  }
}
