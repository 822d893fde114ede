import { type ResponseEvent, SSE_DONE } from '@antiphon/client'
import type { UiChunk } from './ui-chunk.ts'
import { createUiTranslator, type UiStreamOptions } from './ui-translator.ts'

/** How a stream of events becomes one for a page. */
export interface UiMessageStreamOptions extends UiStreamOptions {
  /** What the page is told of an error that the events threw. @defaultValue a sentence without the reason, which may hold what is not for the page */
  readonly onError?: (error: unknown) => string
}

/** Headers of the answer. Source: AI SDK, UI message stream protocol v1. */
export const UI_MESSAGE_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no',
} as const

/** One chunk as a frame of the stream. */
export const uiFrame = (chunk: UiChunk): string => `data: ${JSON.stringify(chunk)}\n\n`

/** The events of one response as chunks of a UI message. Never throws: what the events throw becomes an `error` chunk. */
export const toUiMessageChunks = async function* (
  events: AsyncIterable<ResponseEvent>,
  { onError, ...options }: UiMessageStreamOptions = {},
): AsyncGenerator<UiChunk, void, undefined> {
  let chunks: UiChunk[] = []
  const translator = createUiTranslator((chunk) => void chunks.push(chunk), options)
  const taken = (): UiChunk[] => {
    const all = chunks
    chunks = []
    return all
  }
  try {
    for await (const event of events) {
      translator.event(event)
      yield* taken()
    }
    translator.end()
  } catch (error) {
    translator.end(told(error, onError))
  }
  yield* taken()
}

const told = (error: unknown, onError: UiMessageStreamOptions['onError']): string => {
  try {
    return onError?.(error) ?? UNTOLD
  } catch {
    // A broken hook is no reason to leave the page without an end.
    return UNTOLD
  }
}

const UNTOLD = 'The answer could not be finished.'

/**
 * The same as bytes, for the body of an answer with `UI_MESSAGE_STREAM_HEADERS`: `useChat` reads it.
 *
 * Reads the events as fast as the page does; when the page goes, the iterator's `return()` is called.
 */
export const uiMessageStream = (
  events: AsyncIterable<ResponseEvent>,
  options: UiMessageStreamOptions = {},
): ReadableStream<Uint8Array> => {
  const chunks = toUiMessageChunks(events, options)
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next()
      controller.enqueue(encoder.encode(done ? SSE_DONE : uiFrame(value)))
      if (done) controller.close()
    },
    cancel: async () => {
      await chunks.return()
    },
  })
}
