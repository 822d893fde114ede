import { SSE_DONE } from '@antiphon/client'
import { ServeError } from '../request/serve-error.ts'
import { errorFrame } from './error-reply.ts'
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

/** Ends all of them, because the server goes down: with an error that says so. */
export const shutAll = ({ wheel }: Streams): void => {
  const frames = errorFrame(shuttingDown()) + SSE_DONE
  for (const entry of [...wheel.entries]) if (entry instanceof FrameStream) entry.shut(frames)
}

const shuttingDown = (): ServeError =>
  new ServeError(503, {
    message: 'The server is going down. Take the response up again when it is back.',
    type: 'server_error',
    code: 'server_closing',
  })
