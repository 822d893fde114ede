import { AntiphonError } from './errors.ts'
import { unexpected } from './parameter-error.ts'
import type { Response } from './protocol/response.ts'
import type { RequestOptions } from './request-options.ts'
import { wait } from './wait.ts'

/** How a background response is waited for. */
export interface PollOptions extends RequestOptions {
  /** Wait before the second look; grows by half each time, up to 10 times itself. @defaultValue 1000 */
  intervalMs?: number
  /** Gives up with `poll_timeout` after this long; the response goes on. @defaultValue no limit */
  timeoutMs?: number
  /** Called with the response after every look, the last one included; what it throws ends the polling. */
  onUpdate?(response: Response): void
}

/** Polling ended before the response did. The response goes on: poll again, or cancel it. */
export class PollTimeoutError extends AntiphonError<'poll_timeout'> {
  override name = 'PollTimeoutError'
  /** The response as it was at the last look. */
  readonly response: Response

  constructor(response: Response, timeoutMs: number) {
    super(
      'poll_timeout',
      `Response \`${response.id}\` is still ${response.status} after ${timeoutMs} ms. Poll again, raise \`timeoutMs\`, or cancel it with responses.cancel().`,
      { retryable: true },
    )
    this.response = response
  }
}

/** True while a background response is still to be waited for. */
export const isPending = (response: Response): boolean =>
  response.status === 'queued' || response.status === 'in_progress'

/** Looks until the response is no longer `queued` or `in_progress`, with growing pauses. */
export async function pollUntilDone(look: () => Promise<Response>, options: PollOptions): Promise<Response> {
  const { intervalMs = 1_000, timeoutMs, signal, onUpdate } = options
  if (!(intervalMs >= 0)) throw unexpected('intervalMs', 'a number of milliseconds', intervalMs)
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs
  for (let pause = intervalMs; ; pause = Math.min(pause * 1.5, intervalMs * 10)) {
    const response = await look()
    onUpdate?.(response)
    if (!isPending(response)) return response
    const left = until - performance.now()
    if (left <= 0) throw new PollTimeoutError(response, timeoutMs as number)
    await wait(Math.min(pause, left), signal)
  }
}
