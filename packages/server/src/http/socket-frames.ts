import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { FrameOutlet } from './frame-stream.ts'

/** Bytes that wait on a connection before its writers have to. */
const HIGH_WATER_BYTES = 65_536

/** The JSON texts in a piece of SSE: no comments, no `[DONE]`. */
export const jsonTextsIn = (frames: string): string[] => {
  const texts: string[] = []
  for (const frame of frames.split('\n\n')) {
    const at = frame.startsWith('data: ') ? 0 : frame.indexOf('\ndata: ') + 1
    if (at === 0 && !frame.startsWith('data: ')) continue
    const text = frame.slice(at + 6)
    if (text.startsWith('{')) texts.push(text)
  }
  return texts
}

/** The JSON text of an object, with the stream it belongs to. */
export const withStreamId = (text: string, streamId: string | undefined): string =>
  streamId === undefined ? text : `{"stream_id":${JSON.stringify(streamId)},${text.slice(1)}`

/** Frames as messages of a WebSocket. */
export const socketOutlet = (
  webSocket: WebSocket,
  socket: Duplex,
  streamId: string | undefined,
  on: { drained(): void; ended(): void },
): FrameOutlet => ({
  push: (frames) => {
    // All of them with one write to the system.
    socket.cork()
    for (const text of jsonTextsIn(frames)) webSocket.send(withStreamId(text, streamId), ignore)
    process.nextTick(() => socket.uncork())
    if (webSocket.bufferedAmount < HIGH_WATER_BYTES) return true
    // More than the socket takes at once, so it will say when it has taken it.
    socket.once('drain', on.drained)
    return false
  },
  end: on.ended,
  cut: () => webSocket.terminate(),
})

/** A lost connection is told by its end. */
const ignore = (): void => undefined
