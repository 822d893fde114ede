import { type Annotation, AntiphonError, type Logprob, type ResponseRequest } from '@antiphon/client'
import type { EventSink } from '../../model.ts'
import { CallDeltas } from './call-deltas.ts'
import { callsAsText } from './calls-as-text.ts'
import type { ChatTools } from './chat-tools.ts'
import type {
  ChatChoice,
  ChatChunk,
  ChatContentPart,
  ChatDelta,
  ChatToolCallDelta,
  ChatUsage,
} from './chat-types.ts'
import { fromChatUsage } from './chat-usage.ts'
import { idIn, listIn, objectIn, stringIn } from './chat-values.ts'
import { type ChatEnding, endingOf } from './finish-reason.ts'
import { fromChatAnnotation } from './from-chat-annotation.ts'
import { ResponseLine } from './response-line.ts'
import { ResponseWriter } from './response-writer.ts'
import { textIn } from './text-in.ts'
import { ThinkTags } from './think-tags.ts'

/** What a reader needs beside the chunks. */
export interface ChatStreamOptions {
  readonly request: ResponseRequest
  readonly tools: ChatTools
  readonly sink: EventSink
  /** Look for `<think>` at the start of the text. */
  readonly thinkTags: boolean
  /** Makes the typed error of an error in the stream. */
  readonly errorOf: (event: unknown) => Error
}

/** Reads the chunks of one answer and writes them as the events of a response. */
export class ChatStream {
  readonly #options: ChatStreamOptions
  readonly #manyChoices: boolean
  #writer: ResponseWriter | undefined
  #calls: CallDeltas | undefined
  #tags: ThinkTags | undefined
  #ending: ChatEnding | undefined
  #usage: ChatUsage | null | undefined
  #tier: string | null | undefined
  #logprobs: Logprob[] | undefined
  #early: Annotation[] | undefined
  #ended = false

  constructor(options: ChatStreamOptions) {
    this.#options = options
    const { n } = options.request as { n?: unknown }
    this.#manyChoices = typeof n === 'number' && n > 1
  }

  /** The last chunk has come: the one with the usage and without a choice, after the finish. */
  get isComplete(): boolean {
    return this.#ended
  }

  /**
   * Takes a chunk.
   *
   * @throws the server's error, typed, when the chunk is one; AntiphonError `invalid_answer` and `tool_calls_as_text`
   */
  take(chunk: ChatChunk): void {
    if (this.#ended) return
    if (chunk.error || chunk.type === 'error' || chunk.object === 'error') throw this.#options.errorOf(chunk)
    const usage = objectIn(chunk.usage) ?? objectIn(objectIn(chunk.x_groq)?.usage)
    if (usage) this.#usage = usage
    if (typeof chunk.service_tier === 'string') this.#tier = chunk.service_tier
    const choice = objectIn(listIn(chunk.choices)[0])
    if (choice === undefined) {
      if (usage && this.#ending !== undefined) this.end()
      return
    }
    // Some servers number tokens where the choice has its number, so that it only counts when several were asked for.
    if (this.#manyChoices && choice.index) return
    this.#writer ??= this.#begin(chunk)
    this.#takeChoice(choice, this.#writer)
  }

  /**
   * The stream has ended: writes the terminal event.
   *
   * @throws AntiphonError `stream_truncated` (retryable) when the server never said that it had finished; `tool_calls_as_text`
   */
  end(): void {
    if (this.#ended) return
    const writer = this.#writer
    const ending = this.#ending
    if (writer === undefined || ending === undefined || ending === 'failed') throw truncated()
    this.#ended = true
    this.#tags?.flush(!this.#calls)
    if (ending === 'whole' && this.#options.tools.declared.length > 0 && !this.#calls?.count) {
      const error = callsAsText(writer.text)
      if (error !== undefined) throw error
    }
    writer.end(
      ending === 'whole' ? undefined : ending,
      fromChatUsage(this.#usage),
      this.#tier ? { service_tier: this.#tier } : {},
    )
  }

  #begin(chunk: ChatChunk): ResponseWriter {
    const { request, sink, thinkTags } = this.#options
    const head = {
      id: idIn(chunk.id).replace(/^chatcmpl-/, '') || undefined,
      model: stringIn(chunk.model) || request.model || '',
      createdAt: (typeof chunk.created === 'number' && chunk.created) || Math.floor(Date.now() / 1000),
    }
    const writer = new ResponseWriter(new ResponseLine(request, head, sink))
    if (thinkTags)
      this.#tags = new ThinkTags({
        thought: (text) => {
          this.#logprobs = undefined
          writer.reason(text)
        },
        text: (text) => this.#say(writer, text),
      })
    return writer
  }

  #takeChoice(choice: ChatChoice, writer: ResponseWriter): void {
    if (choice.error) throw this.#options.errorOf({ error: choice.error })
    const delta = objectIn(choice.delta) ?? objectIn(choice.message)
    const logprobs = listIn(choice.logprobs?.content)
    if (logprobs.length > 0) this.#logprobs = [...(this.#logprobs ?? []), ...(logprobs as Logprob[])]
    if (delta) this.#takeDelta(delta, writer)
    this.#usage = objectIn(choice.usage) ?? this.#usage
    const reason = stringIn(choice.finish_reason)
    if (reason !== '') this.#finish(reason)
  }

  #takeDelta(delta: ChatDelta, writer: ResponseWriter): void {
    // Gateways send the same thoughts under two names.
    const thought = textIn(delta.reasoning_content) || textIn(delta.reasoning) || textIn(delta.thinking)
    if (thought !== '') writer.reason(thought)
    const { content } = delta
    if (typeof content === 'string') {
      if (content !== '') this.#takeText(content, writer)
    } else if (content) for (const part of listIn(content)) this.#takePart(part, writer)
    const refusal = stringIn(delta.refusal)
    if (refusal !== '') writer.refuse(refusal)
    if (delta.annotations) for (const each of listIn(delta.annotations)) this.#takeAnnotation(each, writer)
    if (delta.tool_calls) for (const call of listIn(delta.tool_calls)) this.#takeCall(call, writer)
    if (delta.function_call) this.#takeCall({ index: 0, function: delta.function_call }, writer)
  }

  #takeText(text: string, writer: ResponseWriter): void {
    const tags = this.#tags
    if (tags === undefined || tags.isPlain) this.#say(writer, text)
    else tags.push(text)
  }

  #say(writer: ResponseWriter, text: string): void {
    const logprobs = this.#logprobs
    this.#logprobs = undefined
    writer.say(text, logprobs)
    const early = this.#early
    if (early === undefined) return
    this.#early = undefined
    for (const annotation of early) writer.annotate(annotation)
  }

  /** Mistral's content is a list when the model thinks. */
  #takePart(part: ChatContentPart | null, writer: ResponseWriter): void {
    if (part?.type === 'text') this.#takeText(textIn((part as { text?: unknown }).text), writer)
    else if (part?.type === 'thinking') {
      const thought = textIn((part as { thinking?: unknown }).thinking)
      if (thought !== '') writer.reason(thought)
    }
  }

  #takeAnnotation(value: unknown, writer: ResponseWriter): void {
    const annotation = fromChatAnnotation(value)
    if (annotation === undefined) return
    if (writer.hasOpenText) writer.annotate(annotation)
    else this.#early = [...(this.#early ?? []), annotation]
  }

  #takeCall(call: ChatToolCallDelta, writer: ResponseWriter): void {
    if (objectIn(call) !== undefined) this.#callsOf(writer).take(call)
  }

  #callsOf(writer: ResponseWriter): CallDeltas {
    if (this.#calls === undefined) {
      this.#tags?.flush(false)
      this.#calls = new CallDeltas(writer, this.#options.tools)
    }
    return this.#calls
  }

  #finish(reason: string): void {
    this.#ending = endingOf(reason)
    if (this.#ending === 'failed')
      throw this.#options.errorOf({
        error: {
          message: `The server gave the answer up (finish_reason "${reason}").`,
          type: 'server_error',
          code: reason,
        },
      })
    this.#calls?.finish(this.#ending !== 'whole')
  }
}

const truncated = (): AntiphonError<'stream_truncated'> =>
  new AntiphonError(
    'stream_truncated',
    'The stream of chat completion chunks ended without a finish_reason: the answer is not whole. Send the request again; if it stays so, look for a proxy that cuts streams.',
    { retryable: true },
  )
