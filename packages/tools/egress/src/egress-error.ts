import { AntiphonError } from 'antiphon'

/**
 * Why nothing came back from outside: the target is not allowed, its name is not known, it took too long, it sent too much, or the connection failed.
 */
export type EgressErrorCode =
  | 'egress_refused'
  | 'egress_unresolved'
  | 'egress_timeout'
  | 'egress_too_large'
  | 'egress_failed'

/** A request to the outside that was refused or failed. `retryable` where the same request may succeed later. */
export class EgressError extends AntiphonError<EgressErrorCode> {
  override name = 'EgressError'
}

/** The error of a connection that could not be made or broke. Only the cause's code is told: its text may hold an address. */
export const connectionFailed = (url: URL, cause: unknown): EgressError => {
  const code = (cause as { code?: unknown } | null)?.code
  const reason = typeof code === 'string' ? ` (${code})` : ''
  return new EgressError('egress_failed', `The connection to ${url.host} failed${reason}.`, {
    retryable: true,
    cause,
  })
}
