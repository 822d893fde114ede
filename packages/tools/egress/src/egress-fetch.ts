import type { Agent } from 'undici'
import { type AbortScope, abortScope } from './abort-scope.ts'
import { boundedBody } from './bounded-body.ts'
import { checkUrl } from './check-target.ts'
import { checkedAgent } from './checked-agent.ts'
import { connectionFailed, EgressError } from './egress-error.ts'
import type { EgressPolicy } from './egress-policy.ts'
import { type FetchBody, plainBody } from './fetch-body.ts'
import { tooManyRedirects } from './follow-redirects.ts'
import { becomesGet, headersForHop, MAX_REDIRECTS, redirectTarget } from './redirect.ts'

/** The bounds of a fetch to the outside. */
export interface EgressFetchOptions {
  /** Of one answer's body, after decompression; it is passed on as it comes. @defaultValue 33_554_432 */
  readonly maxBytes?: number
  /** Until the headers of the answer, redirects included. A body may take longer. @defaultValue 30_000 */
  readonly timeoutMs?: number
  /** Between two pieces of a body. @defaultValue 300_000 */
  readonly idleTimeoutMs?: number
  /** @defaultValue 5 */
  readonly maxRedirects?: number
  /** Called with the URL of every hop before anything is sent to it; throws to refuse it. */
  readonly onHop?: (url: URL) => void
}

/** The form of the global `fetch`, for clients that take one. */
export type EgressFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

type Undici = typeof import('undici')

/**
 * Makes a `fetch` that reaches allowed addresses only, with streaming bodies both ways.
 *
 * Each connection goes to the addresses that were checked for it. Redirects are followed by hand, each hop checked anew; on a change of origin only harmless
 * headers go along, so no authorization, cookie or key. A body that is a stream cannot be sent again after a redirect: that throws.
 *
 * The fetch rejects with `EgressError`, and with the signal's reason when it aborts; so does the body while it is read.
 */
export const createEgressFetch = (
  policy: EgressPolicy = {},
  options: EgressFetchOptions = {},
): EgressFetch => {
  const { timeoutMs = 30_000, idleTimeoutMs = 300_000 } = options
  let loading: Promise<readonly [Undici, Agent]> | undefined
  // Loaded at the first request: who never asks the outside does not pay for it.
  const load = (): Promise<readonly [Undici, Agent]> => {
    loading ??= import('undici').then(
      (undici) =>
        [undici, checkedAgent(undici, { policy, connectTimeoutMs: timeoutMs, idleTimeoutMs })] as const,
    )
    return loading
  }
  return async (input, init = {}) => {
    const request = input instanceof Request ? new Request(input, init) : undefined
    const first = checkUrl(request?.url ?? String(input), policy)
    const body = await plainBody(request ? request.body : init.body)
    const headers = new Headers(request?.headers ?? init.headers)
    if (body.type !== undefined && !headers.has('content-type')) headers.set('content-type', body.type)
    const exchange: Exchange = {
      method: (request?.method ?? init.method ?? 'GET').toUpperCase(),
      headers: [...headers],
      content: body.content,
    }
    const scope = abortScope(request?.signal ?? init.signal, timeoutMs)
    try {
      const [undici, agent] = await load()
      const send: Send = (url, { method, headers: sent, content }) =>
        undici.fetch(url, {
          method,
          headers: sent,
          redirect: 'manual',
          dispatcher: agent,
          signal: scope.signal,
          ...(content === undefined ? {} : { body: content, duplex: 'half' }),
        }) as unknown as Promise<Response>
      const redirect = request?.redirect ?? init.redirect ?? 'follow'
      return finish(await follow(first, exchange, send, { ...options, policy, redirect }), scope, options)
    } catch (error) {
      scope.end()
      throw scope.signal.aborted ? scope.signal.reason : toEgressError(first, error)
    }
  }
}

interface Exchange {
  readonly method: string
  readonly headers: [string, string][]
  readonly content: FetchBody['content']
}

type Send = (url: URL, exchange: Exchange) => Promise<Response>

interface Answered {
  readonly response: Response
  readonly url: URL
  readonly redirected: boolean
}

const follow = async (
  first: URL,
  given: Exchange,
  send: Send,
  {
    maxRedirects = MAX_REDIRECTS,
    onHop,
    policy,
    redirect,
  }: EgressFetchOptions & { readonly policy: EgressPolicy; readonly redirect: Request['redirect'] },
): Promise<Answered> => {
  let exchange = given
  let url = first
  for (let hops = 0; ; hops++) {
    onHop?.(url)
    const response = await send(url, exchange).catch((error: unknown) => {
      throw toEgressError(url, error)
    })
    const to = redirectTarget(response.status, response.headers.get('location'), url)
    if (to === undefined || redirect === 'manual') return { response, url, redirected: hops > 0 }
    await response.body?.cancel().catch(() => {}) // its connection is free again
    if (redirect === 'error') throw new EgressError('egress_refused', `${url.host} redirects.`)
    if (hops === maxRedirects) throw tooManyRedirects(url, maxRedirects)
    const withoutBody = becomesGet(response.status, exchange.method)
    if (!withoutBody && exchange.content instanceof ReadableStream)
      throw new EgressError('egress_failed', `${url.host} redirects, but the body cannot be sent twice.`)
    exchange = {
      method: withoutBody ? 'GET' : exchange.method,
      headers: headersForHop(exchange.headers, { from: url, to, withoutBody }),
      content: withoutBody ? undefined : exchange.content,
    }
    url = checkUrl(to, policy)
  }
}

/** As a response of this realm, for clients that look at its class. */
const finish = (
  { response, url, redirected }: Answered,
  scope: AbortScope,
  { maxBytes = 33_554_432 }: EgressFetchOptions,
): Response => {
  scope.stopTimer()
  if (response.body === null) scope.end()
  const body =
    response.body &&
    boundedBody(response.body as ReadableStream<Uint8Array>, {
      maxBytes,
      onEnd: scope.end,
      tooLarge: () =>
        new EgressError('egress_too_large', `${url.host} answered with more than ${maxBytes} bytes.`),
      toError: (error) => (scope.signal.aborted ? scope.signal.reason : toEgressError(url, error)),
    })
  const { status, statusText } = response
  const made = new Response(body, { status, statusText, headers: [...response.headers] })
  Object.defineProperties(made, { url: { value: url.href }, redirected: { value: redirected } })
  return made
}

const toEgressError = (url: URL, error: unknown): unknown => {
  // undici wraps what the connection threw, once or twice.
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof EgressError) return cause
  if (!(error instanceof TypeError)) return error
  const code = (error.cause as { code?: unknown } | undefined)?.code
  if (code === 'UND_ERR_BODY_TIMEOUT')
    return new EgressError('egress_timeout', `${url.host} stopped sending.`, { retryable: true })
  return connectionFailed(url, error.cause ?? error)
}
