import type { ResponseHeaders } from '../transport/transport.ts'

const firstWaitMs = 500
const longestWaitMs = 8_000
const longestObeyedMs = 60_000

/**
 * The wait before the next attempt, in milliseconds: what the server asked for when that is 0 to 60 s, else 0.5 s
 * doubling to 8 s, less up to a quarter at random.
 *
 * @param failed - attempts that have failed so far, from 1
 */
export const backoffMs = (failed: number, retryAfterMs: number | undefined, random = Math.random): number => {
  if (retryAfterMs !== undefined && retryAfterMs >= 0 && retryAfterMs <= longestObeyedMs) return retryAfterMs
  return Math.min(firstWaitMs * 2 ** (failed - 1), longestWaitMs) * (1 - random() / 4)
}

/** The wait that `retry-after-ms` or `retry-after` (seconds, or an HTTP date) asks for; undefined when there is none or it has passed. */
export const readRetryAfter = (headers: ResponseHeaders, now = Date.now): number | undefined => {
  const ms = headers.get('retry-after-ms')?.trim()
  if (ms && Number(ms) >= 0) return Number(ms)
  const after = headers.get('retry-after')?.trim()
  if (!after) return undefined
  const seconds = Number(after)
  const wait = Number.isNaN(seconds) ? Date.parse(after) - now() : seconds * 1_000
  return wait >= 0 && Number.isFinite(wait) ? wait : undefined
}
