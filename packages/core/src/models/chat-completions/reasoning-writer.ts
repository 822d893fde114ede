import type { DoneStatus, ResponseLine } from './response-line.ts'

/** Writes one reasoning item, its text raw as the model showed it. */
export class ReasoningWriter {
  readonly #line: ResponseLine
  readonly #at: { readonly item_id: string; readonly output_index: number; readonly content_index: number }
  #text = ''

  constructor(line: ResponseLine) {
    this.#line = line
    const { id, outputIndex } = line.add('rs', (id) => ({
      type: 'reasoning',
      id,
      summary: [],
      content: [],
      status: 'in_progress',
    }))
    this.#at = { item_id: id, output_index: outputIndex, content_index: 0 }
    line.send({
      type: 'response.content_part.added',
      ...this.#at,
      part: { type: 'reasoning_text', text: '' },
    })
  }

  push(delta: string): void {
    this.#text += delta
    const { item_id, output_index, content_index } = this.#at
    this.#line.sink({
      type: 'response.reasoning_text.delta',
      sequence_number: this.#line.next(),
      item_id,
      output_index,
      content_index,
      delta,
    })
  }

  close(status: DoneStatus): void {
    const { item_id: id, output_index: outputIndex } = this.#at
    const part = { type: 'reasoning_text' as const, text: this.#text }
    this.#line.send({ type: 'response.reasoning_text.done', ...this.#at, text: this.#text })
    this.#line.send({ type: 'response.content_part.done', ...this.#at, part })
    this.#line.finish(outputIndex, { type: 'reasoning', id, summary: [], content: [part], status })
  }
}
