import { setTimeout as pause } from 'node:timers/promises'
import { isLost } from './postgres-error.ts'

/** Tries again while the connection is lost or refused, with pauses of 50 ms to 1 s, for at most `withinMs`. */
export const again = async <T>(work: () => Promise<T>, withinMs: number): Promise<T> => {
  const end = performance.now() + withinMs
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 1_000)) {
    try {
      return await work()
    } catch (error) {
      if (!isLost(error) || performance.now() + delayMs > end) throw error
    }
    await pause(delayMs)
  }
}
