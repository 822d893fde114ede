import { createHash } from 'node:crypto'
import type { InputItem } from '@antiphon/client'

/** How items are written for the wire; the items themselves are never changed. */
export interface ItemEncoding {
  /** The server keeps nothing (`store: false`): ids cannot be resolved there, so they are left out. */
  readonly stateless: boolean
}

/** Longest `call_id` the contract allows. */
const MAX_CALL_ID = 64

/** Call ids that are too long become a hash: the same for a call and for its output, and never cut, so that two never meet. */
const shortCallId = (callId: string): string =>
  callId.length <= MAX_CALL_ID
    ? callId
    : `call_${createHash('sha256').update(callId).digest('hex').slice(0, 48)}`

/**
 * One item as JSON text, verbatim but for what servers are known to refuse: `created_by`, a `call_id` over 64 characters and, when the server keeps
 * nothing, `id`. Returns undefined for an item that must not be sent: a reasoning item that a stateless server could not read.
 */
export const encodeItem = (item: InputItem, encoding: ItemEncoding): string | undefined => {
  const loose = item as {
    type?: string
    id?: unknown
    call_id?: unknown
    created_by?: unknown
    encrypted_content?: unknown
  }
  const longCallId = typeof loose.call_id === 'string' && loose.call_id.length > MAX_CALL_ID
  const dropId =
    encoding.stateless &&
    loose.id !== undefined &&
    loose.type !== 'item_reference' &&
    !idIsPairing(loose.type)
  // The output of a local shell call carries the call's call_id in its own id.
  const longId =
    loose.type === 'local_shell_call_output' && typeof loose.id === 'string' && loose.id.length > MAX_CALL_ID
  if (!longCallId && !longId && !dropId && loose.created_by === undefined) return JSON.stringify(item)
  if (dropId && loose.type === 'reasoning' && !loose.encrypted_content) return undefined
  if (dropId && !longCallId && !longId && loose.created_by === undefined && typeof loose.id === 'string') {
    // Cut out of the text where it comes first, as servers write it: a copy without it costs three times as much as the text.
    const text = JSON.stringify(item)
    const first = `{"id":"${loose.id}",`
    if (text.startsWith(first)) return `{${text.slice(first.length)}`
  }
  const { created_by: _, ...copy } = loose
  if (dropId) delete copy.id
  if (longId) copy.id = shortCallId(loose.id as string)
  if (longCallId) copy.call_id = shortCallId(loose.call_id as string)
  return JSON.stringify(copy)
}

/** Items whose `id` is what another item points at, so it must stay. */
export const idIsPairing = (type: string | undefined): boolean =>
  type === 'mcp_approval_request' ||
  type === 'local_shell_call_output' ||
  type === 'program' ||
  type === 'program_output'
