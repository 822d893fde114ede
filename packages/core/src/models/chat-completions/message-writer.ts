import type { Annotation, Logprob, OutputContent } from '@antiphon/client'
import type { DoneStatus, ResponseLine } from './response-line.ts'

interface OpenPart {
  readonly type: 'output_text' | 'refusal'
  readonly contentIndex: number
  text: string
  readonly annotations: Annotation[]
  readonly logprobs: Logprob[]
}

/** Writes one message of the assistant: parts of text and refusal, one open at a time. */
export class MessageWriter {
  readonly #line: ResponseLine
  readonly #id: string
  readonly #outputIndex: number
  readonly #content: OutputContent[] = []
  #part: OpenPart | undefined

  constructor(line: ResponseLine) {
    this.#line = line
    const { id, outputIndex } = line.add('msg', (id) => ({
      type: 'message',
      id,
      role: 'assistant',
      status: 'in_progress',
      content: [],
    }))
    this.#id = id
    this.#outputIndex = outputIndex
  }

  /** The text that is open; undefined when there is none. */
  get openText(): string | undefined {
    return this.#part?.type === 'output_text' ? this.#part.text : undefined
  }

  say(delta: string, logprobs: readonly Logprob[] | undefined): void {
    const part = this.#open('output_text')
    part.text += delta
    if (logprobs !== undefined) for (const logprob of logprobs) part.logprobs.push(logprob)
    this.#line.sink({
      type: 'response.output_text.delta',
      sequence_number: this.#line.next(),
      item_id: this.#id,
      output_index: this.#outputIndex,
      content_index: part.contentIndex,
      delta,
      logprobs: logprobs === undefined ? [] : [...logprobs],
    })
  }

  refuse(delta: string): void {
    const part = this.#open('refusal')
    part.text += delta
    this.#line.send({ type: 'response.refusal.delta', ...this.#at(part), delta })
  }

  annotate(annotation: Annotation): void {
    const part = this.#open('output_text')
    const annotation_index = part.annotations.push(annotation) - 1
    const type = 'response.output_text.annotation.added'
    this.#line.send({ type, ...this.#at(part), annotation_index, annotation })
  }

  close(status: DoneStatus): void {
    this.#closePart()
    const content = this.#content
    this.#line.finish(this.#outputIndex, {
      type: 'message',
      id: this.#id,
      role: 'assistant',
      status,
      content,
    })
  }

  #at({ contentIndex }: OpenPart): object {
    return { item_id: this.#id, output_index: this.#outputIndex, content_index: contentIndex }
  }

  #open(type: OpenPart['type']): OpenPart {
    if (this.#part?.type === type) return this.#part
    this.#closePart()
    const contentIndex = this.#content.length
    const part: OpenPart = { type, contentIndex, text: '', annotations: [], logprobs: [] }
    this.#part = part
    this.#line.send({ type: 'response.content_part.added', ...this.#at(part), part: wholePart(part) })
    return part
  }

  #closePart(): void {
    const part = this.#part
    if (part === undefined) return
    this.#part = undefined
    const at = this.#at(part)
    const { text, logprobs } = part
    if (part.type === 'refusal') this.#line.send({ type: 'response.refusal.done', ...at, refusal: text })
    else this.#line.send({ type: 'response.output_text.done', ...at, text, logprobs })
    const whole = wholePart(part)
    this.#line.send({ type: 'response.content_part.done', ...at, part: whole })
    this.#content.push(whole)
  }
}

const wholePart = ({ type, text, annotations, logprobs }: OpenPart): OutputContent =>
  type === 'refusal'
    ? { type, refusal: text }
    : { type, text, annotations: [...annotations], logprobs: [...logprobs] }
