import { SSE_DONE } from '@antiphon/client'
import type { EventFrames } from '@antiphon/store'
import type { FrameSink } from '../http/reply.ts'
import { isLastFrame, withoutFirst } from './frames.ts'
import { isEnded } from './is-ended.ts'
import type { LiveResponse } from './live-response.ts'
import { liveKey, type Responder } from './responder.ts'
import { lastFrameOf } from './stored-frames.ts'

/** How long who runs a response has to tell its end when another process has cancelled it. */
const SETTLE_MS = 3_000

/**
 * Gives a reader the events of a stored response behind a number: what is written, then what comes, from this process or another one, up to the end. A reader that is slow
 * is given what is written when it has room again; it never holds the response back.
 */
export const readEvents = (
  responder: Responder,
  tenant: string,
  id: string,
  after: number,
  sink: FrameSink,
): void => {
  let cursor = after
  let isClosed = false
  let isFull = false
  /** Everything written is given, so what comes may go out directly. */
  let isUpToDate = false
  let wake = (): void => undefined
  let isAwake = false
  let untap: (() => void) | undefined
  let settledAt: number | undefined
  const awake = (): void => {
    isAwake = true
    wake()
  }
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    untap?.()
    unwatch()
    awake()
  }
  const finish = (): void => {
    sink.write(SSE_DONE)
    sink.end()
    close()
  }
  const unwatch = responder.responses.onNews(tenant, id, awake)
  sink.onClose(close)
  sink.onDrain(() => {
    isFull = false
    awake()
  })
  const give = ({ first, last, text }: EventFrames): void => {
    isFull = !sink.write(first > cursor ? text : withoutFirst(text, cursor - first + 1))
    cursor = last
    if (isLastFrame(text)) finish()
  }
  const take = (frames: EventFrames): void => {
    if (isClosed) return
    if (isUpToDate && !isFull && frames.first <= cursor + 1 && frames.last > cursor) give(frames)
    else {
      isUpToDate = false
      awake()
    }
  }
  const tapLive = (live: LiveResponse | undefined): void => {
    untap ??= live?.tap(take)
  }

  const nextWake = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
    })

  const lastWritten = async (): Promise<{ readonly last: number; readonly text: string }> => {
    let written = { last: -1, text: '' }
    for await (const piece of responder.responses.readFrames(tenant, id, -1)) written = piece
    return written
  }

  const pump = async (): Promise<void> => {
    while (!isClosed) {
      tapLive(responder.live.get(liveKey(tenant, id)))
      isAwake = false
      isUpToDate = true
      const status = await responder.responses.statusOf(tenant, id)
      for await (const piece of responder.responses.readFrames(tenant, id, cursor)) {
        if (isClosed) return
        if (piece.last > cursor) give(piece)
        if (isFull) break
      }
      if (isClosed) return
      // It was removed meanwhile.
      if (status === undefined) return finish()
      if (status === 'cancelled') settledAt ??= performance.now() + SETTLE_MS
      if (!isFull && isEnded(status)) {
        const written = await lastWritten()
        if (isClosed) return
        if (written.last > cursor) continue
        if (isLastFrame(written.text)) return finish()
        if (settledAt !== undefined && settledAt > performance.now()) {
          const timer = setTimeout(awake, SETTLE_MS)
          while (!isClosed && !isAwake) await nextWake()
          clearTimeout(timer)
          continue
        }
        // The process ended between storing the end and telling it.
        const row = await responder.responses.get(tenant, id)
        if (row === undefined) return finish()
        const end = lastFrameOf(row, written.last + 1)
        if (end.last <= cursor) return finish()
        return give(end)
      }
      // A reader without room is woken by its room alone.
      while (!isClosed && (isFull || !isAwake)) await nextWake()
    }
  }
  pump().catch((error: unknown) => {
    responder.onError(error, { responseId: id, tenant })
    sink.end()
    close()
  })
}
