import { createHash } from 'node:crypto'

/** Hex digits of an id. */
const LENGTH = 40

/** An id that is the same whenever the same thing is told: `prefix_` and a hash of what names it. */
export const itemId = (prefix: string, ...seed: readonly unknown[]): string =>
  `${prefix}_${createHash('sha256').update(JSON.stringify(seed)).digest('hex').slice(0, LENGTH)}`

const OWN = /^mcpr?_([0-9a-f]{32,58})$/

/**
 * The `call_id` that stands for an `mcp_call` or an `mcp_approval_request` in the history of the model: one derives from the other, so that none has to be kept. A request and
 * the call that was approved by it share theirs.
 */
export const callIdOf = (id: string): string => {
  const hex = OWN.exec(id)?.[1]
  return hex === undefined ? itemId('call', id) : `call_${hex}`
}

/** Ids of a call of the agent, as the wire shows it, and of the request for its approval. */
export const callItemIds = (...seed: readonly unknown[]): { call: string; request: string } => {
  const call = itemId('mcp', ...seed)
  return { call, request: call.replace('mcp_', 'mcpr_') }
}

/** The id of the call that was approved by a request. */
export const approvedCallId = (requestId: string): string =>
  OWN.test(requestId) ? requestId.replace('mcpr_', 'mcp_') : itemId('mcp', requestId)
