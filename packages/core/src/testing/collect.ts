import { AntiphonError } from '@antiphon/client'

/** Bounds of {@link collect}. */
export interface CollectOptions {
  /** More events than this are an error. @defaultValue 100,000 */
  maxEvents?: number
  /** An iteration that lasts longer is an error; also one that never yields. @defaultValue 10,000 */
  timeoutMs?: number
}

/**
 * Gathers everything an async iterable yields into an array.
 *
 * Rejects with what the iterable throws, and with code `collect_limit` beyond either bound, so that a test never hangs.
 */
export const collect = async <T>(source: AsyncIterable<T>, options: CollectOptions = {}): Promise<T[]> => {
  const { maxEvents = 100_000, timeoutMs = 10_000 } = options
  const events: T[] = []
  const iterator = source[Symbol.asyncIterator]()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new AntiphonError(
          'collect_limit',
          `The iteration did not end within ${timeoutMs} ms; it had yielded ${events.length} events.`,
        ),
      )
    }, timeoutMs)
  })
  const leave = (): void => {
    // Not awaited: an iterator that hangs in next() hangs in return(), too. Its failure adds nothing to ours.
    iterator.return?.().catch(() => undefined)
  }
  try {
    for (;;) {
      const step = await Promise.race([iterator.next(), late])
      if (step.done) return events
      if (events.length >= maxEvents) {
        throw new AntiphonError('collect_limit', `The iteration yielded more than ${maxEvents} events.`)
      }
      events.push(step.value)
    }
  } catch (error) {
    leave()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
