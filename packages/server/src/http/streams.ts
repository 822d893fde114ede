import type { StreamOptions } from './frame-stream.ts'
import { FrameStream } from './frame-stream.ts'
import type { HttpOptions } from './http-options.ts'
import { IdleWheel } from './idle-wheel.ts'

/** All streams of one server. */
export interface Streams extends StreamOptions {
  readonly wheel: IdleWheel
}

const DEFAULT_KEEPALIVE_MS = 15_000
const DEFAULT_STALL_MS = 300_000

/** What the streams of one server share: the timer for quiet ones, and its limits. */
export const createStreams = ({
  keepAliveMs = DEFAULT_KEEPALIVE_MS,
  stallTimeoutMs = DEFAULT_STALL_MS,
  onError,
}: HttpOptions): Streams => ({
  wheel: new IdleWheel(keepAliveMs || DEFAULT_KEEPALIVE_MS),
  ...(keepAliveMs === 0 && { keepAlive: '' }),
  stallTimeoutMs,
  onError: (error) => onError?.(error, { requestId: '', method: '', path: '' }),
})

/** Ends all of them with last frames. */
export const shutAll = ({ wheel }: Streams, frames: string): void => {
  for (const entry of [...wheel.entries]) if (entry instanceof FrameStream) entry.shut(frames)
}
