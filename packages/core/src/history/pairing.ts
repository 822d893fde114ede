import type { InputItem } from '@antiphon/client'

/** What an item is in the pairing of calls and outputs. */
export type Pairing = { role: 'call' | 'output'; family: string; id: string } | undefined

interface LooseItem {
  type?: string
  id?: unknown
  call_id?: unknown
  approval_request_id?: unknown
  execution?: unknown
}

/** Families whose calls the client answers; a call and its output share the family and an id. Type and id together are the key: types share ids. */
const FAMILIES = [
  'function_call',
  'custom_tool_call',
  'computer_call',
  'shell_call',
  'apply_patch_call',
  'local_shell_call',
] as const

/** An id as text. A server that wrote something else there has named nothing; `String({ toString: 0 })` would throw. */
export const idText = (id: unknown): string =>
  typeof id === 'string' ? id : typeof id === 'object' ? '' : String(id)

/** Reads the pairing of an item: `undefined` for items that stand alone. */
export const pairingOf = (item: InputItem): Pairing => {
  const { type, id, call_id, approval_request_id, execution } = item as LooseItem
  if (type === undefined) return undefined
  if (type === 'mcp_approval_request') return { role: 'call', family: 'mcp_approval', id: idText(id) }
  if (type === 'mcp_approval_response')
    return { role: 'output', family: 'mcp_approval', id: idText(approval_request_id) }
  if (type === 'tool_search_call')
    return execution === 'client' ? { role: 'call', family: type, id: idText(call_id ?? id) } : undefined
  if (type === 'tool_search_output')
    return execution === 'client'
      ? { role: 'output', family: 'tool_search_call', id: idText(call_id ?? id) }
      : undefined
  for (const family of FAMILIES) {
    if (type === family) return { role: 'call', family, id: idText(call_id ?? id) }
    // The output of a local shell call carries the call's call_id in its own id.
    if (type === `${family}_output`)
      return { role: 'output', family, id: idText(family === 'local_shell_call' ? (call_id ?? id) : call_id) }
  }
  return undefined
}
