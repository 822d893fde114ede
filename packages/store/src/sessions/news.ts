import type { Presence } from '../presence.ts'

/** Waits for news of a topic; what comes between two waits is not lost. */
export class News {
  readonly #end: () => void
  #isNew = false
  #awake: (() => void) | undefined

  constructor(presence: Presence, topic: string) {
    this.#end = presence.onWake(topic, () => {
      this.#isNew = true
      this.#awake?.()
    })
  }

  /** Resolves with the next news, or after `ms`; rejects with the signal's reason. */
  next(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#awake = undefined
        this.#isNew = false
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const go = (): void => {
        leave()
        resolve()
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
      }
      const timer = setTimeout(go, ms)
      if (signal?.aborted) return onAbort()
      if (this.#isNew) return go()
      signal?.addEventListener('abort', onAbort)
      this.#awake = go
    })
  }

  close(): void {
    this.#end()
  }
}
