import type { ApiError } from '../errors/api-error.ts'
import { createRedactor } from '../errors/redact.ts'
import { valueToApiError } from '../errors/to-api-error.ts'
import { AntiphonError } from '../errors.ts'
import type { ErrorEvent } from '../protocol/events.ts'

/**
 * The error that an `error` event reports, flat or nested; retryable by its code: rate limits, overload and server
 * errors are, refusals of the request are not.
 */
export const streamFailure = (event: ErrorEvent): ApiError =>
  valueToApiError(event, { describe: () => 'The stream', redactor: () => createRedactor([]) })

/** The error of a stream without a terminal event. */
export const truncatedStream = (): AntiphonError<'stream_truncated'> =>
  new AntiphonError(
    'stream_truncated',
    'The stream ended without response.completed, response.incomplete or response.failed: the connection was cut, or the ' +
      'server broke off. What came is not the whole answer; make the call again.',
    { retryable: true },
  )
