import type { ModelContext } from '../model.ts'

/** Waits for `promise`, but no longer than until the call is stopped; rejects with the reason then. */
export const orStopped = <T>(promise: Promise<T>, context: ModelContext): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    context.onAbort(reject)
    promise.then(resolve, reject)
  })

/** Waits `delayMs`; rejects with the reason when the call is stopped, and leaves no timer behind. */
export const pause = async (delayMs: number, context: ModelContext): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs)
  })
  try {
    await orStopped(waited, context)
  } finally {
    clearTimeout(timer)
  }
}
