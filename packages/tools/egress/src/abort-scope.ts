import { EgressError } from './egress-error.ts'

/** Ends a request: by the caller's signal, and by a timer until there are headers. */
export interface AbortScope {
  readonly signal: AbortSignal
  /** The headers are here: from now on only the caller ends it. */
  stopTimer(): void
  end(): void
}

/** Begins the time of a request. `end` must be called, or the caller's signal keeps a listener. */
export const abortScope = (outer: AbortSignal | null | undefined, timeoutMs: number): AbortScope => {
  const limit = new AbortController()
  const onAbort = (): void => limit.abort(outer?.reason)
  const timer = setTimeout(() => {
    const message = `The target did not answer within ${timeoutMs} ms.`
    limit.abort(new EgressError('egress_timeout', message, { retryable: true }))
  }, timeoutMs)
  outer?.addEventListener('abort', onAbort, { once: true })
  if (outer?.aborted) onAbort()
  return {
    signal: limit.signal,
    stopTimer: () => clearTimeout(timer),
    end: () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onAbort)
    },
  }
}
