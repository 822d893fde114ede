import type { Transport, TransportHandler, TransportRequest } from './transport.ts'

/** Options of {@link fetchTransport}. */
export interface FetchTransportOptions {
  /** The function to call. @defaultValue the global `fetch`, looked up at each request */
  readonly fetch?: typeof globalThis.fetch
}

const pairs = (flat: readonly string[]): [string, string][] => {
  const list: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) list.push([flat[i]!, flat[i + 1]!])
  return list
}

const exchange = async (
  fetchNow: typeof globalThis.fetch,
  request: TransportRequest,
  handler: TransportHandler,
  signal: AbortSignal,
): Promise<void> => {
  const response = await fetchNow(request.origin + request.path, {
    method: request.method,
    headers: pairs(request.headers),
    // A Uint8Array is a valid body; the types of some platforms refuse those that may be shared memory.
    body: request.body as RequestInit['body'],
    redirect: 'manual',
    signal,
  })
  if (signal.aborted) return
  handler.onHeaders(response.status, response.headers)
  const reader = response.body?.getReader()
  while (reader && !signal.aborted) {
    const { done, value } = await reader.read()
    if (done || signal.aborted) break
    handler.onData(value)
  }
  if (!signal.aborted) handler.onEnd()
}

/**
 * The transport of every other runtime, on the `fetch` of the platform.
 *
 * Slower than undici's pool by a factor of three or so. `connectTimeoutMs` is not seen by it: connecting counts as part
 * of waiting for the first event. A connection lost to keep-alive is an ordinary connection error, which is retried.
 */
export const fetchTransport =
  (options: FetchTransportOptions = {}): Transport =>
  (request, handler) => {
    const controller = new AbortController()
    exchange(options.fetch ?? globalThis.fetch, request, handler, controller.signal).catch(
      (error: unknown) => {
        if (controller.signal.aborted) return
        controller.abort(error)
        handler.onError(error)
      },
    )
    return (reason) => controller.abort(reason)
  }
