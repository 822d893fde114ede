import { AbortedError, isAntiphonError, type Response, type ResponseEvent } from '@antiphon/client'
import type { Ending } from './wire-writer.ts'

/** Stopped from outside. */
export const aborted = (message: string): Error => new AbortedError(message)

/** What failed a response, as its reader is told: the wire's codes, and no text of what is inside the server. */
export const failureOf = (error: unknown): NonNullable<Response['error']> => {
  if (!isAntiphonError(error))
    return { code: 'server_error', message: 'The server failed. It has logged why.' }
  return { code: WIRE_CODES[error.code] ?? 'server_error', message: error.message } as NonNullable<
    Response['error']
  >
}

/** Of our codes, those that the wire has a word for. */
const WIRE_CODES: Readonly<Record<string, string>> = {
  rate_limited: 'rate_limit_exceeded',
  rate_limit: 'rate_limit_exceeded',
}

/** How an upstream's terminal event says that it ended. */
export const endingOf = (last: ResponseEvent | undefined): Ending => {
  const { response } = (last ?? {}) as { response?: Response }
  if (response === undefined)
    return {
      status: 'failed',
      error: { code: 'server_error', message: 'The model ended its answer without saying how.' },
    }
  const { status, usage, error, incomplete_details } = response
  const known =
    status === 'failed' || status === 'incomplete' || status === 'cancelled' ? status : 'completed'
  return {
    status: known,
    ...(usage ? { usage } : {}),
    ...(error && known === 'failed' ? { error } : {}),
    ...(incomplete_details && known === 'incomplete' ? { incomplete_details } : {}),
  }
}
