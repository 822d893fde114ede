import { type ResponseEvent, SSE_DONE } from '@antiphon/client'
import type { FrameSink, Handler } from '../http/reply.ts'
import type { Principal } from '../tenants/principal.ts'
import { type ChatRequest, readChatRequest } from './chat-request.ts'
import {
  toUiMessageChunks,
  UI_MESSAGE_STREAM_HEADERS,
  type UiMessageStreamOptions,
  uiFrame,
} from './ui-message-stream.ts'

/** Who asks, and until when. */
export interface ChatContext {
  readonly principal: Principal
  readonly headers: Headers
  /** Aborted when the page goes, before or while it is answered. */
  readonly signal: AbortSignal
}

/** How a chat is answered. */
export interface ChatHandlerOptions extends Pick<UiMessageStreamOptions, 'onError'> {
  /** Gives the wire events of one response to the chat. What it throws before that is an error answer, not a stream. */
  answer(
    chat: ChatRequest,
    context: ChatContext,
  ): AsyncIterable<ResponseEvent> | Promise<AsyncIterable<ResponseEvent>>
}

/** A handler for `POST` requests of `useChat`: answers with a UI message stream. */
export const chatHandler =
  ({ answer, onError }: ChatHandlerOptions): Handler =>
  async ({ json, principal, headers, signal }) => {
    const chat = readChatRequest(await json())
    const gone = new AbortController()
    const leave = (): void => gone.abort()
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    const events = await answer(chat, { principal, headers, signal: gone.signal })
    return {
      kind: 'stream',
      headers: UI_MESSAGE_STREAM_HEADERS,
      open: (sink) => {
        // Only the end of the events can still throw, when nobody reads them any more.
        writeChunks(events, { ...chat.stream, onError }, sink, gone.signal).catch(() => sink.end())
        return () => {
          signal.removeEventListener('abort', leave)
          leave()
        }
      },
    }
  }

const writeChunks = async (
  events: AsyncIterable<ResponseEvent>,
  options: UiMessageStreamOptions,
  sink: FrameSink,
  gone: AbortSignal,
): Promise<void> => {
  let onRoom: (() => void) | undefined
  const go = (): void => onRoom?.()
  sink.onDrain(go)
  gone.addEventListener('abort', go, { once: true })
  // Leaving the loop ends the events, too.
  for await (const chunk of toUiMessageChunks(events, options)) {
    if (gone.aborted) return
    if (sink.write(uiFrame(chunk))) continue
    await new Promise<void>((resolve) => {
      onRoom = resolve
      if (gone.aborted) resolve()
    })
  }
  sink.write(SSE_DONE)
  sink.end()
}
