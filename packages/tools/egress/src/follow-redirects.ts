import { checkUrl } from './check-target.ts'
import { EgressError } from './egress-error.ts'
import { type EgressAnswer, type EgressRequest, egressRequest } from './egress-request.ts'
import { becomesGet, headersForHop, MAX_REDIRECTS, redirectTarget } from './redirect.ts'

/** A request that is followed to where its redirects lead. */
export interface FollowedRequest extends EgressRequest {
  /** @defaultValue 5 */
  readonly maxRedirects?: number
  /** Called with the URL of every hop before anything is sent to it, the first included; throws to refuse it. */
  readonly onHop?: (url: URL) => void
}

/** The answer at the end of the redirects. */
export interface FollowedAnswer extends EgressAnswer {
  /** Where it came from. */
  readonly url: URL
}

/**
 * `egressRequest`, with redirects followed: every hop is checked, looked up and pinned as the first one.
 *
 * `timeoutMs` is for all hops together. On a change of origin only harmless headers go along. Throws `EgressError`, with `egress_refused` also for one redirect too
 * many; and what `onHop` throws.
 */
export const followRedirects = async (
  target: string | URL,
  options: FollowedRequest = {},
): Promise<FollowedAnswer> => {
  const { timeoutMs = 10_000, maxRedirects = MAX_REDIRECTS, policy, onHop } = options
  const end = performance.now() + timeoutMs
  let request: EgressRequest = options
  let url = checkUrl(target, policy)
  for (let hops = 0; ; hops++) {
    onHop?.(url)
    const left = Math.max(1, Math.ceil(end - performance.now()))
    const answer = await egressRequest(url, { ...request, timeoutMs: left })
    const next = redirectTarget(answer.status, answer.headers.location, url)
    if (next === undefined) return { ...answer, url }
    if (hops === maxRedirects) throw tooManyRedirects(url, maxRedirects)
    request = nextRequest(request, answer.status, url, next)
    url = checkUrl(next, policy)
  }
}

/** The error for a redirect after the last that is allowed. */
export const tooManyRedirects = (url: URL, maxRedirects: number): EgressError =>
  new EgressError('egress_refused', `${url.host} redirects again after ${maxRedirects} redirects.`)

const nextRequest = (request: EgressRequest, status: number, from: URL, to: URL): EgressRequest => {
  const { method = 'GET', headers = {}, body, ...rest } = request
  const withoutBody = becomesGet(status, method.toUpperCase())
  return {
    ...rest,
    method: withoutBody ? 'GET' : method,
    headers: Object.fromEntries(headersForHop(Object.entries(headers), { from, to, withoutBody })),
    ...(withoutBody || body === undefined ? {} : { body }),
  }
}
