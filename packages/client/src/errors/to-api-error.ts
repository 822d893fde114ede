import { readRetryAfter } from '../send/backoff.ts'
import type { ResponseHeaders } from '../transport/transport.ts'
import { ApiError, type ApiErrorCode } from './api-error.ts'
import { type ErrorFacts, readErrorBody, readErrorValue } from './error-body.ts'
import type { Redact } from './redact.ts'

const byStatus: Record<number, ApiErrorCode> = {
  400: 'bad_request',
  401: 'authentication',
  402: 'quota_exceeded',
  403: 'permission',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'unprocessable',
  429: 'rate_limited',
  501: 'not_implemented',
}

const ofStatus = (status: number): ApiErrorCode => {
  if (status >= 300 && status < 400) return 'redirect'
  return byStatus[status] ?? (status >= 500 ? 'server_error' : 'bad_request')
}

const quotaWords =
  /insufficient_(user_)?(quota|balance|credits?|funds)|billing_(hard_limit_reached|not_active)|quota_not_enough/i

// For errors that come without a status: inside a stream, or under 200.
const byWords: readonly [RegExp, ApiErrorCode][] = [
  [quotaWords, 'quota_exceeded'],
  [/rate_?limit|too_many_requests|resource_exhausted|throttl/i, 'rate_limited'],
  [/invalid_api_key|authentication|unauthori[sz]ed/i, 'authentication'],
  [/permission|forbidden|access_denied/i, 'permission'],
  [/not_?found/i, 'not_found'],
  [
    /server_error|internal|overloaded|unavailable|model_error|upstream|api_error|timeout|capacity/i,
    'server_error',
  ],
]

const codeOf = (status: number | undefined, facts: ErrorFacts): ApiErrorCode => {
  const words = `${facts.apiCode ?? ''} ${facts.type ?? ''}`
  if (quotaWords.test(words) && (status === undefined || status < 500)) return 'quota_exceeded'
  if (status !== undefined && status >= 300) return ofStatus(status)
  const inner = Number(facts.apiCode)
  if (inner >= 400 && inner < 600) return ofStatus(inner)
  return byWords.find(([pattern]) => pattern.test(words))?.[1] ?? 'bad_request'
}

const retried = new Set<ApiErrorCode>(['request_timeout', 'conflict', 'rate_limited', 'server_error'])

const advice: Partial<Record<ApiErrorCode, string>> = {
  redirect: 'Redirects are not followed, for the key would go along: set `baseURL` to the final address.',
  authentication: 'Check the API key, and that it belongs to this endpoint.',
  permission: 'This key may not do that: check its project, its region and the model.',
  not_found: 'Check `baseURL` (does it end in /v1?), the model and the ids.',
  quota_exceeded: 'The account has no credit left; a retry does not help.',
  rate_limited: 'Send less at once, or raise `retries`.',
  payload_too_large: 'Send less input.',
}

const requestIdNames = ['x-request-id', 'request-id', 'x-oneapi-request-id', 'apim-request-id', 'cf-ray']

/** The server's id of a request, under the names that endpoints and gateways use. */
export const requestIdOf = (headers: ResponseHeaders): string | undefined => {
  for (const name of requestIdNames) {
    const id = headers.get(name)
    if (id) return id
  }
  return undefined
}

/** Where an error came from. */
export interface ErrorSource {
  /** The request in words, such as `POST /responses to api.cometapi.com:443`. */
  readonly describe: () => string
  readonly redactor: () => Redact
  readonly status?: number
  readonly headers?: ResponseHeaders
}

const build = (facts: ErrorFacts, source: ErrorSource, redact: Redact): ApiError => {
  const { status, headers } = source
  const code = codeOf(status, facts)
  const requestId = headers && requestIdOf(headers)
  const said = headers?.get('x-should-retry')
  const retryable = code !== 'quota_exceeded' && (said === 'true' || (said !== 'false' && retried.has(code)))
  const location = code === 'redirect' ? headers?.get('location')?.split('?')[0] : undefined
  const label = [
    status !== undefined && status >= 300 ? String(status) : 'an error',
    facts.apiCode && `(${facts.apiCode})`,
  ]
  const explained = facts.message ?? (location ? redact(location) : 'no explanation')
  const message = [
    `${source.describe()} was answered with ${label.filter(Boolean).join(' ')}: ${explained}${/[.!?…]$/.test(explained) ? '' : '.'}`,
    advice[code],
    requestId && `Request id: ${redact(requestId)}.`,
  ]
  return new ApiError(code, message.filter(Boolean).join(' '), {
    status,
    requestId: requestId && redact(requestId),
    type: facts.type,
    param: facts.param,
    apiCode: facts.apiCode,
    body: facts.body,
    retryAfterMs: headers && readRetryAfter(headers),
    retryable,
  })
}

/** The error of an answer outside 2xx, from its body as it came (cut off after some size). */
export const bodyToApiError = (body: string, source: ErrorSource): ApiError => {
  const redact = source.redactor()
  return build(readErrorBody(body, source.headers?.get('content-type') ?? null, redact), source, redact)
}

/**
 * The error of a parsed value: an `error` event (flat or nested), a failed response, an error object under status 200.
 *
 * Without a status its kind is told by `code` and `type`: rate limits, overload and server errors are retryable.
 */
export const valueToApiError = (value: unknown, source: ErrorSource): ApiError => {
  const redact = source.redactor()
  return build(readErrorValue(withoutEventType(value), redact), source, redact)
}

// The `type` of a flat error event is the event's name, which says nothing.
const withoutEventType = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || (value as { type?: unknown }).type !== 'error')
    return value
  const { type: _, ...facts } = value as Record<string, unknown>
  return facts
}
