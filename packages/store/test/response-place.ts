// A place of responses, and handles on it that are closed after the test.
import type { ResponseStore } from '@antiphon/store'
import { onTestFinished } from 'vitest'

/** A handle on a place. When it is closed, its process is gone to all others. */
export interface ResponseHandle {
  readonly responses: ResponseStore
  close(): Promise<void>
}

export interface ResponsePlace {
  readonly name: string
  /** A place that shares nothing with those before. */
  make(): Promise<{ open(): ResponseHandle; end(): Promise<void> }>
  /** Cases of the property test. */
  readonly numRuns: number
}

/** Opens handles on a place of its own. */
export const freshPlace = async ({ make }: Pick<ResponsePlace, 'make'>): Promise<() => ResponseHandle> => {
  const { open, end } = await make()
  const closing: (() => Promise<void>)[] = []
  onTestFinished(async () => {
    for (const close of closing) await close()
    await end()
  })
  return () => {
    const { responses, close } = open()
    let closed: Promise<void> | undefined
    const once = (): Promise<void> => {
      closed ??= close()
      return closed
    }
    closing.push(once)
    return { responses, close: once }
  }
}
