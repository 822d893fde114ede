import type { AbortOptions, Cancel } from './request-options.ts'

/** Runs a job of several calls under one signal, which the caller's signal and his cancel function both abort. */
export async function underOneSignal<T>(
  { signal, onAbort }: AbortOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const forward = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) forward()
  else signal?.addEventListener('abort', forward)
  onAbort?.((reason) => controller.abort(reason))
  try {
    return await run(controller.signal)
  } finally {
    signal?.removeEventListener('abort', forward)
  }
}

/** Hands over one cancel function for several calls in a row, so that no moment between two of them is deaf. */
export function relayAbort(onAbort: AbortOptions['onAbort']): AbortOptions['onAbort'] {
  if (!onAbort) return undefined
  let current: Cancel | undefined
  let cancelled: Error | undefined
  onAbort((reason) => {
    cancelled ??= reason
    current?.(reason)
  })
  return (cancel) => {
    current = cancel
    if (cancelled) cancel(cancelled)
  }
}
