/** Longest delay setTimeout takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Waits in a line, in the order of arrival. Whoever calls the first function of `line` lets the first one go: it takes what it waits for at once, so nobody comes between.
 *
 * Rejects with `tooLong()` after `waitMs`, with the signal's reason, and with what `take` throws.
 */
export const waitInLine = <T>(
  line: Set<() => void>,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal | undefined },
  take: () => T,
  tooLong: () => Error,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = (): void => {
      line.delete(go)
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const go = (): void => {
      leave()
      try {
        resolve(take())
      } catch (error) {
        reject(error)
      }
    }
    const onAbort = (): void => {
      leave()
      reject(signal?.reason)
    }
    const timer = setTimeout(
      () => {
        leave()
        reject(tooLong())
      },
      Math.min(waitMs, MAX_TIMER_MS),
    )
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)
    line.add(go)
  })
