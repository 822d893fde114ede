import {
  isTerminalEvent,
  type OutputItem,
  type Response,
  type ResponseEvent,
  type ResponseUsage,
} from '@antiphon/client'
import { itemChunks } from './item-chunks.ts'
import type { EmitChunk, ItemChunks, UiFinishReason, UiMessageMetadata } from './ui-chunk.ts'

/** What a stream continues. */
export interface UiStreamOptions {
  /** Id of the message. Give that of the last message when it is the assistant's: the page goes on in it. @defaultValue the response's id */
  readonly messageId?: string
  /** Calls that the message shows already. */
  readonly knownCalls?: readonly string[]
  /** Of these, the ones that the user has refused. */
  readonly deniedCalls?: readonly string[]
}

/** Wire events to chunks. */
export interface UiTranslator {
  event(event: ResponseEvent): void
  /** The stream is over, with the text of an error or without; says so when the response has not ended. */
  end(errorText?: string): void
}

/** Makes a translator for one response. */
export const createUiTranslator = (emit: EmitChunk, options: UiStreamOptions = {}): UiTranslator => {
  const known = new Set(options.knownCalls)
  const unanswered = new Set<string>()
  const open = new Map<number, ItemChunks>()
  const done = new Set<number>()
  let hasStarted = false
  let isOver = false

  const send: EmitChunk = (chunk) => {
    if (chunk.type === 'tool-input-start') known.add(chunk.toolCallId)
    if (chunk.type === 'tool-input-available' && !chunk.providerExecuted) unanswered.add(chunk.toolCallId)
    if (chunk.type === 'tool-output-available') unanswered.delete(chunk.toolCallId)
    emit(chunk)
  }
  const start = (response?: Response): void => {
    if (hasStarted) return
    hasStarted = true
    const messageId = options.messageId ?? response?.id
    send({
      type: 'start',
      ...(messageId === undefined ? {} : { messageId }),
      ...(response === undefined ? {} : { messageMetadata: metadataOf(response) }),
    })
    send({ type: 'start-step' })
    for (const toolCallId of options.deniedCalls ?? []) send({ type: 'tool-output-denied', toolCallId })
  }
  const begin = (item: OutputItem, index: number): ItemChunks => {
    const before = open.get(index)
    if (before !== undefined) return before
    const chunks = itemChunks(item, index, known, send)
    open.set(index, chunks)
    return chunks
  }
  const finishItem = (item: OutputItem, index: number): void => {
    if (done.has(index)) return
    const chunks = begin(item, index)
    chunks.done(item)
    chunks.close()
    open.delete(index)
    done.add(index)
  }
  const finish = (reason: UiFinishReason, response?: Response, errorText?: string): void => {
    isOver = true
    for (const chunks of open.values()) chunks.close()
    open.clear()
    if (errorText !== undefined) send({ type: 'error', errorText })
    send({ type: 'finish-step' })
    send({
      type: 'finish',
      finishReason: reason,
      ...(response === undefined ? {} : { messageMetadata: metadataOf(response) }),
    })
  }
  const terminal = (response: Response, type: string): void => {
    for (const [index, item] of (response.output ?? []).entries()) finishItem(item, index)
    const status = response.status ?? type.slice('response.'.length)
    if (status === 'failed')
      return finish('error', response, response.error?.message ?? 'The response failed.')
    if (status === 'cancelled') {
      isOver = true
      for (const chunks of open.values()) chunks.close()
      return send({ type: 'abort', reason: 'The response was cancelled.' })
    }
    finish(
      status === 'incomplete' ? cutReason(response) : unanswered.size > 0 ? 'tool-calls' : 'stop',
      response,
    )
  }

  return {
    event: (event) => {
      if (isOver) return
      if (isTerminalEvent(event)) {
        start(event.response)
        return terminal(event.response, event.type)
      }
      switch (event.type) {
        case 'response.created':
        case 'response.queued':
        case 'response.in_progress':
          return start(event.response)
        case 'error':
          start()
          return finish('error', undefined, event.error?.message ?? event.message ?? 'The response failed.')
        case 'response.output_item.added':
          start()
          if (!done.has(event.output_index)) begin(event.item, event.output_index)
          return
        case 'response.output_item.done':
          start()
          return finishItem(event.item, event.output_index)
      }
      if ('output_index' in event && typeof event.output_index === 'number')
        open.get(event.output_index)?.event(event as { type: string; [field: string]: unknown })
    },
    end: (errorText) => {
      if (isOver) return
      start()
      finish('error', undefined, errorText ?? 'The stream ended before the response did.')
    },
  }
}

const cutReason = ({ incomplete_details }: Response): UiFinishReason => {
  const reason = incomplete_details?.reason
  return reason === 'max_output_tokens' ? 'length' : reason === 'content_filter' ? 'content-filter' : 'other'
}

const metadataOf = ({ id, model, created_at, status, usage }: Response): UiMessageMetadata => ({
  responseId: id,
  model,
  createdAt: created_at,
  ...(status === undefined ? {} : { status }),
  ...(usage ? { usage: usageOf(usage) } : {}),
})

const usageOf = (usage: ResponseUsage): NonNullable<UiMessageMetadata['usage']> => ({
  inputTokens: usage.input_tokens ?? undefined,
  outputTokens: usage.output_tokens ?? undefined,
  totalTokens: usage.total_tokens ?? undefined,
  reasoningTokens: usage.output_tokens_details?.reasoning_tokens ?? undefined,
  cachedInputTokens: usage.input_tokens_details?.cached_tokens ?? undefined,
})
