import { SSE_DONE } from '@antiphon/client'
import type { FrameSink } from '../http/reply.ts'
import { isLastFrame } from './frames.ts'
import type { LiveResponse } from './live-response.ts'

/** Characters that wait for a reader which nobody else could give them to. */
const MAX_WAITING = 32 * 1024 * 1024

/** Gives the only reader of a response that is not stored its events. One that falls too far behind loses the response. */
export const streamLive = (live: LiveResponse, sink: FrameSink): void => {
  let waiting: string[] = []
  let length = 0
  let isFull = false
  const write = (text: string): void => {
    isFull = !sink.write(text)
    if (!isLastFrame(text)) return
    sink.write(SSE_DONE)
    sink.end()
  }
  const untap = live.tap(({ text }) => {
    if (!isFull) return write(text)
    waiting.push(text)
    length += text.length
    if (length <= MAX_WAITING) return
    live.cancel('Its reader has not read for too long.')
    untap()
    sink.end()
  })
  sink.onDrain(() => {
    isFull = false
    const held = waiting
    waiting = []
    length = 0
    for (const [n, text] of held.entries()) {
      if (isFull) {
        waiting = held.slice(n)
        length = waiting.reduce((sum, left) => sum + left.length, 0)
        return
      }
      write(text)
    }
  })
  sink.onClose(untap)
}
