import { eventsOf, type Response, type ResponseEvent } from '@antiphon/client'
import type { FrameSink, ResponseReply } from '../http/reply.ts'

/** Characters that wait for their reader before the writer is told to wait. */
const HIGH_WATER = 65_536

/**
 * The wire events of a reply to `POST /responses`, streamed or whole, for `chatHandler`: a chat is answered by the same way as any request.
 *
 * Ends when the reply does, or when the signal aborts; then the reply is told that its reader has gone.
 */
export const replyEvents = async function* (
  reply: ResponseReply,
  signal: AbortSignal,
): AsyncGenerator<ResponseEvent, void, undefined> {
  if (reply.kind === 'json') {
    yield* eventsOf(reply.body as Response)
    return
  }
  const waiting: string[] = []
  const onDrain: (() => void)[] = []
  const onClose: (() => void)[] = []
  let length = 0
  let isFull = false
  let isEnded = false
  let wake: (() => void) | undefined
  const sink: FrameSink = {
    write: (frames) => {
      if (isEnded) return false
      waiting.push(frames)
      length += frames.length
      isFull = length >= HIGH_WATER
      wake?.()
      return !isFull
    },
    end: () => {
      isEnded = true
      wake?.()
    },
    onDrain: (fn) => void onDrain.push(fn),
    onClose: (fn) => void onClose.push(fn),
  }
  const stop = (): void => wake?.()
  signal.addEventListener('abort', stop, { once: true })
  const over = reply.open(sink)
  try {
    while (!signal.aborted) {
      const frames = waiting.shift()
      if (frames !== undefined) {
        length -= frames.length
        yield* eventsIn(frames)
      } else if (isEnded) return
      else if (isFull) {
        isFull = false
        for (const fn of onDrain) fn()
      } else
        await new Promise<void>((resolve) => {
          wake = resolve
          if (isEnded || signal.aborted || waiting.length > 0) resolve()
        })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    if (!isEnded) {
      isEnded = true
      for (const fn of onClose) fn()
    }
    over?.()
  }
}

/** The events of whole frames; comments and `[DONE]` are none. */
const eventsIn = function* (frames: string): Generator<ResponseEvent> {
  for (const line of frames.split('\n'))
    if (line.startsWith('data: {')) yield JSON.parse(line.slice('data: '.length)) as ResponseEvent
}
