import type { Readable } from 'node:stream'
import { KERNEL_BOUNDS } from './kernel.ts'

/** Logs of calls, out of one stream that a mark closes for each call. */
export interface LogReader {
  /** Begins the log of a call, with what came since the last one. */
  begin(mark: string): void
  /** Resolves when the mark was read. */
  readonly marked: Promise<void>
  /** What was logged, within its bound. */
  take(): { readonly logs: string; readonly isCut: boolean }
}

const NONE: Buffer = Buffer.alloc(0)

/** Reads logs; `onFlood` is told when more comes than is ever read. */
export const readLogs = (stream: Readable, onFlood: () => void): LogReader => {
  let kept: Buffer[] = []
  let room: number = KERNEL_BOUNDS.logBytes
  let isCut = false
  let read = 0
  let mark = NONE
  // The end of what was read, which may be the beginning of the mark.
  let tail = NONE
  let onMark = (): void => {}
  let marked = Promise.resolve()

  const keep = (bytes: Buffer): void => {
    if (bytes.length > room) isCut = true
    if (room > 0 && bytes.length > 0) kept.push(bytes.subarray(0, room))
    room = Math.max(0, room - bytes.length)
  }
  stream.on('data', (chunk: Buffer) => {
    read += chunk.length
    if (read > KERNEL_BOUNDS.floodBytes) onFlood()
    const bytes = tail.length === 0 ? chunk : Buffer.concat([tail, chunk])
    const at = mark.length === 0 ? -1 : bytes.indexOf(mark)
    if (at < 0) {
      const end = Math.max(0, bytes.length - Math.max(0, mark.length - 1))
      keep(bytes.subarray(0, end))
      tail = bytes.subarray(end)
      return
    }
    keep(bytes.subarray(0, at))
    tail = bytes.subarray(at + mark.length)
    mark = NONE
    onMark()
  })
  stream.on('error', () => {})

  return {
    begin(text) {
      mark = Buffer.from(`\0${text}\n`)
      read = 0
      marked = new Promise((resolve) => {
        onMark = resolve
      })
    },
    get marked() {
      return marked
    },
    take() {
      if (mark.length > 0) {
        // It never came.
        keep(tail)
        tail = NONE
        mark = NONE
      }
      const taken = { logs: Buffer.concat(kept).toString('utf8'), isCut }
      kept = []
      room = KERNEL_BOUNDS.logBytes
      isCut = false
      return taken
    },
  }
}
