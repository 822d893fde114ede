import type { ParsedFile } from './parsed-file.ts'
import { ReadFailure } from './read-failure.ts'
import type { ReadRequest } from './read-kind.ts'
import { type Reader, startReader } from './reader-process.ts'

/** Processes that read at the same time. */
const MAX_READERS = 2
/** How long an idle one is kept. */
const IDLE_MS = 5_000
/** Files that one reads; then another one is started, without what they have left in it. */
const MAX_FILES = 64

const idle = new Map<Reader, NodeJS.Timeout>()
const queue: (() => void)[] = []
let running = 0

/**
 * Reads a file in a process of its own. A process that gave an answer, or said why there is none, is kept for the next files.
 *
 * @throws ReadFailure
 */
export const readApart = async (
  bytes: Uint8Array,
  request: ReadRequest,
  signal?: AbortSignal,
): Promise<ParsedFile> => {
  await place(signal)
  const reader = takeReader(request.limits.maxMemoryBytes)
  const stop = (): void => reader.end()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) reader.end()
    return await reader.read(bytes, request)
  } finally {
    signal?.removeEventListener('abort', stop)
    if (reader.alive && reader.files < MAX_FILES) keep(reader)
    else reader.end()
    running -= 1
    queue.shift()?.()
  }
}

const place = async (signal: AbortSignal | undefined): Promise<void> => {
  while (running >= MAX_READERS) {
    await new Promise<void>((resolve) => {
      const next = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        queue.splice(queue.indexOf(next), 1)
        resolve()
      }
      queue.push(next)
      signal?.addEventListener('abort', leave, { once: true })
    })
    if (signal?.aborted) {
      // Whoever was called and does not come calls the next.
      if (running < MAX_READERS) queue.shift()?.()
      throw new ReadFailure('aborted', 'Reading was stopped.')
    }
  }
  running += 1
}

const takeReader = (maxMemoryBytes: number): Reader => {
  for (const [reader, timer] of idle) {
    if (!reader.alive || reader.maxMemoryBytes !== maxMemoryBytes) continue
    clearTimeout(timer)
    idle.delete(reader)
    reader.idle(false)
    return reader
  }
  return startReader(maxMemoryBytes)
}

const keep = (reader: Reader): void => {
  reader.idle(true)
  const timer = setTimeout(() => {
    idle.delete(reader)
    reader.end()
  }, IDLE_MS)
  timer.unref()
  idle.set(reader, timer)
  for (const [oldest, itsTimer] of idle) {
    if (idle.size <= MAX_READERS) break
    clearTimeout(itsTimer)
    idle.delete(oldest)
    oldest.end()
  }
}
