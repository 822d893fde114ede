import { ApiError, isAntiphonError } from '@antiphon/client'
import { ServeError } from '../request/serve-error.ts'

/** Statuses of an upstream that say something of the request; what else it says is between it and this server. */
const PASSED_ON: ReadonlySet<number> = new Set([400, 408, 409, 413, 422, 429])

/** What failed a foreground response, as the answer to its request. */
export const replyOfFailure = (failure: unknown): unknown => {
  if (failure instanceof ServeError || !isAntiphonError(failure)) return failure
  if (!(failure instanceof ApiError))
    return new ServeError(isOfTheRequest(failure.code) ? 400 : 502, {
      message: failure.message,
      type: isOfTheRequest(failure.code) ? 'invalid_request_error' : 'server_error',
      code: failure.code,
    })
  const { status, message, type, param, apiCode, retryAfterMs } = failure
  if (status === undefined || !PASSED_ON.has(status))
    return new ServeError(502, {
      message: `The model behind this server failed: ${message}`,
      type: 'server_error',
      code: 'upstream_error',
    })
  return new ServeError(status, {
    message,
    type: type ?? (status === 429 ? 'rate_limit_error' : 'invalid_request_error'),
    param: param ?? null,
    code: apiCode ?? failure.code,
    ...(retryAfterMs === undefined
      ? {}
      : {
          headers: {
            'retry-after': String(Math.ceil(retryAfterMs / 1_000)),
            'retry-after-ms': String(retryAfterMs),
          },
        }),
  })
}

/** Errors of ours that the request has brought about. */
const isOfTheRequest = (code: string): boolean =>
  ['invalid_config', 'invalid_history', 'invalid_parameter', 'invalid_decision', 'approval_needed'].includes(
    code,
  )
