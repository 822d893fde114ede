import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UpstreamFaults, UpstreamRequest } from './upstream-reply.ts'

/** Writes one answer, with the faults that concern bytes and time. Every wait ends when the connection does. */
export interface ReplyWriter {
  /** Is there still somebody to write to? */
  readonly open: boolean
  /** Sends the headers after their delay. */
  head(status: number, headers: Record<string, string>): Promise<void>
  /** Sends bytes in pieces, up to the cut. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the body here as a cut does. */
  cut(): void
  /** Ends the body properly. */
  end(): void
  wait(ms: number): Promise<void>
  /** Waits until the connection is closed. */
  hold(): Promise<void>
}

/** So many small pieces are written before others get their turn. */
const PIECES_PER_TURN = 64

/** A writer for `response`; the connection is destroyed after `maxOpenMs` at the latest. */
export const replyWriter = (
  response: ServerResponse,
  request: UpstreamRequest,
  faults: UpstreamFaults,
  maxOpenMs: number,
): ReplyWriter => {
  let written = 0
  let over = false
  let release = (): void => undefined
  const closed = new Promise<void>((resolve) => {
    release = resolve
  })
  const bound = setTimeout(() => {
    request.outcome = 'cut'
    response.destroy()
  }, maxOpenMs)
  response.once('close', () => {
    clearTimeout(bound)
    over = true
    if (request.outcome === 'open') request.outcome = response.writableFinished ? 'answered' : 'aborted'
    release()
  })

  const writer: ReplyWriter = {
    get open() {
      return !over
    },
    async head(status, headers) {
      await writer.wait(faults.headersDelayMs ?? 0)
      if (over) return
      response.writeHead(status, { ...headers, ...faults.headers })
      response.flushHeaders()
      await writer.wait(faults.firstEventDelayMs ?? 0)
    },
    async write(bytes) {
      const limit = faults.cutAfterBytes ?? Number.POSITIVE_INFINITY
      const size = faults.chunkBytes ?? bytes.length
      let pieces = 0
      for (let at = 0; at < bytes.length && !over; at += size) {
        if (written >= limit) return writer.cut()
        const piece = bytes.subarray(at, Math.min(at + size, at + limit - written))
        if (!response.write(piece)) await Promise.race([closed, once(response, 'drain')])
        written += piece.length
        if (++pieces % PIECES_PER_TURN === 0) await nextTurn()
      }
      if (written >= limit) writer.cut()
    },
    cut() {
      if (over) return
      over = true
      request.outcome = 'cut'
      if (faults.cutMode === 'end') response.end()
      // Sends what was written first, but not the end of the body.
      else response.socket?.destroySoon()
    },
    end() {
      if (!over) response.end()
    },
    async wait(ms) {
      if (ms <= 0 || over) return
      let timer: ReturnType<typeof setTimeout> | undefined
      await Promise.race([
        closed,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms)
        }),
      ])
      clearTimeout(timer)
    },
    hold: () => closed,
  }
  return writer
}
