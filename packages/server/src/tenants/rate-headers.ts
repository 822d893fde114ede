import type { TokenBucket } from './token-bucket.ts'

/** `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*` of a bucket. */
export const rateHeaders = (
  name: 'requests' | 'tokens',
  limit: number,
  bucket: TokenBucket,
  now: number,
): Record<string, string> => ({
  [`x-ratelimit-limit-${name}`]: String(limit),
  [`x-ratelimit-remaining-${name}`]: String(bucket.remaining(now)),
  [`x-ratelimit-reset-${name}`]: duration(bucket.resetMs(now)),
})

/** `retry-after` in seconds and `retry-after-ms`; for an infinite wait, that a retry is of no use. */
export const retryHeaders = (waitMs: number): Record<string, string> =>
  Number.isFinite(waitMs)
    ? { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(Math.ceil(waitMs)) }
    : { 'x-should-retry': 'false' }

/** A time as OpenAI writes it in these headers: `20ms`, `1.5s`, `6m0s`, `1h0m0s`. */
const duration = (ms: number): string => {
  if (ms < 1000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${(ms % 60_000) / 1000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
