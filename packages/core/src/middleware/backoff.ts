const LONGEST_OBEYED_MS = 60_000

/** Bounds of the waits between attempts, in milliseconds. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * The wait before the next attempt, in milliseconds: what the server asked for (`retryAfterMs` of the error), else `baseMs` doubling up to `maxMs`, less up to a
 * quarter at random so that many clients do not come back at once. Undefined when the server asks for more than a minute: then no attempt is worth its wait.
 */
export const waitBefore = (
  attempt: number,
  error: unknown,
  { baseMs, maxMs }: Backoff,
): number | undefined => {
  const asked = (error as { retryAfterMs?: unknown } | null)?.retryAfterMs
  if (typeof asked === 'number' && asked >= 0) return asked <= LONGEST_OBEYED_MS ? asked : undefined
  return Math.min(baseMs * 2 ** (attempt - 1), maxMs) * (1 - Math.random() / 4)
}
