/** So many per interval. The bucket holds a whole interval's worth: what was not used may come at once. */
export interface BucketRate {
  readonly limit: number
  readonly intervalMs: number
}

/** An amount taken in advance, whose true size is known later. */
interface Reservation {
  /** Books the true amount: more goes on top, also over the limit; of less, what the bucket still holds is given back. Once only. */
  settle(amount: number): void
  /** Leaves it at what was taken. */
  keep(): void
}

/** A bucket that fills when something is taken and leaks evenly. Times are milliseconds of one clock that never goes back. */
export interface TokenBucket {
  /** What may be taken now. */
  remaining(now: number): number
  /** Milliseconds until so much may be taken; 0 for now, infinite for more than it ever holds. */
  waitMs(amount: number, now: number): number
  /** Milliseconds until it is as if it had never been used. */
  resetMs(now: number): number
  take(amount: number, now: () => number): Reservation
}

/**
 * Makes an unused bucket.
 *
 * In any window of `w` ms, at most `limit * (1 + w / intervalMs)` are taken. Levels are counted in `1 / intervalMs` of a token, so that whole numbers stay exact.
 */
export const createTokenBucket = ({ limit, intervalMs }: BucketRate): TokenBucket => {
  const capacity = limit * intervalMs
  const held = new Set<{ lowest: number }>()
  let level = 0
  let at = Number.NEGATIVE_INFINITY

  const lowered = (to: number): void => {
    level = to
    for (const one of held) if (to < one.lowest) one.lowest = to
  }
  const leak = (now: number): void => {
    if (now <= at) return
    if (level > 0) lowered(Math.max(0, level - (now - at) * limit))
    at = now
  }

  return {
    remaining: (now) => {
      leak(now)
      return Math.max(0, Math.floor((capacity - level) / intervalMs))
    },
    waitMs: (amount, now) => {
      if (amount > limit) return Number.POSITIVE_INFINITY
      leak(now)
      return Math.max(0, Math.ceil((level + amount * intervalMs - capacity) / limit))
    },
    resetMs: (now) => {
      leak(now)
      return Math.ceil(level / limit)
    },
    take: (amount, clock) => {
      leak(clock())
      level += amount * intervalMs
      const reservation = { lowest: level }
      held.add(reservation)
      return {
        settle: (actual) => {
          if (!held.has(reservation)) return
          leak(clock())
          held.delete(reservation)
          const excess = (amount - actual) * intervalMs
          // What has leaked is gone: without it the bucket would have stood at its floor for a while.
          if (excess > 0) lowered(level - Math.min(excess, reservation.lowest))
          else level -= excess
        },
        keep: () => void held.delete(reservation),
      }
    },
  }
}
