import type { Annotation, Logprob, OutputItem, ResponseUsage } from '@antiphon/client'
import { type CallHead, CallWriter } from './call-writer.ts'
import { MessageWriter } from './message-writer.ts'
import { ReasoningWriter } from './reasoning-writer.ts'
import type { DoneStatus, ResponseLine } from './response-line.ts'

/** Writes an answer as items: whatever begins closes what was open before it, so that items come one after the other. */
export class ResponseWriter {
  readonly #line: ResponseLine
  #message: MessageWriter | undefined
  #reasoning: ReasoningWriter | undefined

  constructor(line: ResponseLine) {
    this.#line = line
  }

  /** All text of the answer so far. */
  get text(): string {
    return this.#line.output.map(textIn).join('') + (this.#message?.openText ?? '')
  }

  /** True while text may still get an annotation. */
  get hasOpenText(): boolean {
    return this.#message?.openText !== undefined
  }

  reason(delta: string): void {
    if (this.#message !== undefined) this.#close('completed')
    this.#reasoning ??= new ReasoningWriter(this.#line)
    this.#reasoning.push(delta)
  }

  say(delta: string, logprobs: readonly Logprob[] | undefined): void {
    this.#openMessage().say(delta, logprobs)
  }

  refuse(delta: string): void {
    this.#openMessage().refuse(delta)
  }

  annotate(annotation: Annotation): void {
    this.#openMessage().annotate(annotation)
  }

  openCall(head: CallHead): CallWriter {
    this.#close('completed')
    return new CallWriter(this.#line, head)
  }

  /** Ends the response; what is open is closed with it. */
  end(
    incomplete: 'max_output_tokens' | 'content_filter' | undefined,
    usage: ResponseUsage | null,
    more: object,
  ): void {
    this.#close(incomplete === undefined ? 'completed' : 'incomplete')
    this.#line.end(incomplete, usage, more)
  }

  #openMessage(): MessageWriter {
    if (this.#reasoning !== undefined) this.#close('completed')
    this.#message ??= new MessageWriter(this.#line)
    return this.#message
  }

  #close(status: DoneStatus): void {
    this.#reasoning?.close(status)
    this.#reasoning = undefined
    this.#message?.close(status)
    this.#message = undefined
  }
}

const textIn = (item: OutputItem): string => {
  if (item.type !== 'message') return ''
  return item.content.map((part) => (part.type === 'output_text' ? part.text : '')).join('')
}
