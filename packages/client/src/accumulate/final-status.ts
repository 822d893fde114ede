import type { Response, ResponseStatus } from '../protocol/response.ts'

/** Names of the events that end a response. */
export type TerminalType =
  | 'response.completed'
  | 'response.incomplete'
  | 'response.failed'
  | 'response.cancelled'

const NAMED: Record<TerminalType, ResponseStatus> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
  'response.cancelled': 'cancelled',
}

/** What servers leave in a response that ended, without meaning it. */
const SAYS_NOTHING: ReadonlySet<unknown> = new Set(['completed', 'in_progress', 'queued'])

/**
 * How a response really ended. The response says it, not the name of the event: some servers send `response.completed`
 * for an incomplete response, others the status `completed` always; so the worse of the two holds.
 */
export const finalStatus = (type: TerminalType, response: Partial<Response>): ResponseStatus => {
  const { status } = response
  if (typeof status === 'string' && !SAYS_NOTHING.has(status)) return status
  const named = NAMED[type]
  return named === 'completed' && response.incomplete_details?.reason ? 'incomplete' : named
}
