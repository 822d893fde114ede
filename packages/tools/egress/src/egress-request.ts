import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type CheckedTarget, checkTarget } from './check-target.ts'
import { connectionFailed, EgressError } from './egress-error.ts'
import type { EgressPolicy } from './egress-policy.ts'
import { pinnedLookup } from './pinned-lookup.ts'

/** One request to the outside. */
export interface EgressRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For everything: look-up, connection, answer. @defaultValue 10_000 */
  readonly timeoutMs?: number
  /** Of the answer's body. 0: it is not read, and the connection ends with the headers. @defaultValue 1_048_576 */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
  readonly policy?: EgressPolicy
}

/** What came back; a redirect is an answer like any other. */
export interface EgressAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Makes one request to a checked address, on a connection of its own.
 *
 * Follows no redirect. Throws `EgressError`; when the caller's signal aborts, its reason.
 */
export const egressRequest = async (
  target: string | URL,
  options: EgressRequest = {},
): Promise<EgressAnswer> => {
  const { timeoutMs = 10_000, signal } = options
  const limit = new AbortController()
  const timer = setTimeout(
    () =>
      limit.abort(
        new EgressError('egress_timeout', `The target did not answer within ${timeoutMs} ms.`, {
          retryable: true,
        }),
      ),
    timeoutMs,
  )
  const onAbort = (): void => limit.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    // A look-up can not be cancelled: it is left behind.
    const checked = await Promise.race([checkTarget(target, options.policy), whenAborted(limit.signal)])
    return await exchange(checked, options, limit.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

const exchange = (
  { url, addresses }: CheckedTarget,
  { method = 'GET', headers = {}, body, maxBytes = 1_048_576 }: EgressRequest,
  signal: AbortSignal,
): Promise<EgressAnswer> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? secureRequest : plainRequest
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const call = send(url, {
      method,
      headers: { ...headers, ...length },
      lookup: pinnedLookup(addresses),
      // A kept connection would outlive its check.
      agent: false,
    })
    const stop = (): void => {
      reject(signal.reason)
      call.destroy()
    }
    signal.addEventListener('abort', stop, { once: true })
    call.on('close', () => signal.removeEventListener('abort', stop))
    call.on('error', (cause) => reject(connectionFailed(url, cause)))
    call.on('response', (answer) => {
      readAnswer(answer, url, maxBytes)
        .then(resolve, reject)
        .finally(() => call.destroy())
    })
    if (signal.aborted) stop()
    else call.end(body)
  })

const readAnswer = async (answer: IncomingMessage, url: URL, maxBytes: number): Promise<EgressAnswer> => {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    if (maxBytes > 0)
      for await (const chunk of answer as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength
        if (size > maxBytes)
          throw new EgressError('egress_too_large', `${url.host} answered with more than ${maxBytes} bytes.`)
        chunks.push(chunk)
      }
  } catch (error) {
    throw error instanceof EgressError ? error : connectionFailed(url, error)
  }
  return { status: answer.statusCode ?? 0, headers: plainHeaders(answer), body: Buffer.concat(chunks) }
}

const plainHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
