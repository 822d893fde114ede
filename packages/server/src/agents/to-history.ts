import type { InputItem, McpApprovalRequest, McpApprovalResponse, McpCall } from '@antiphon/client'
import { callOf, type IsCustom, outputFor, toAnsweredCall } from './call-codec.ts'

/** What tells the agent's own items from others. */
export interface OwnItems {
  /** `server_label` of the agent. */
  readonly label: string
  readonly isCustom: IsCustom
}

/** Told to the model of a call that nobody has decided about. */
const UNDECIDED = 'Not executed: nobody has decided about this call.'
/** Of one that was approved in a response that ended before it was run, or did not keep what came of it. */
const NOT_SEEN = 'Unknown outcome: the call was approved, but no output of it was kept.'

/** A rejection, in the words of the loop. */
const rejected = (reason: string | null | undefined): string =>
  `Not executed: a person rejected the call${reason ? `: ${reason}` : '.'}`

/** True for a call of this agent, or a request for the approval of one. */
export const isOwn = (item: InputItem, { label }: Pick<OwnItems, 'label'>): boolean => {
  const { type, server_label } = item as { type?: string; server_label?: unknown }
  return (type === 'mcp_call' || type === 'mcp_approval_request') && server_label === label
}

/**
 * The items of the wire as the history of the agent's model: its own `mcp_call`s are calls with their outputs, and so are requests for approval with what became of them.
 * Everything else stays as it is, the very objects. Calls of the requests in `waiting` are left without an output.
 */
export const toHistory = (
  items: readonly InputItem[],
  own: OwnItems,
  waiting: ReadonlySet<string> = new Set(),
): InputItem[] => {
  const requests = new Map<string, McpApprovalRequest>()
  const executed = new Set<string>()
  const answered = new Set<string>()
  for (const item of items) {
    const { type } = item as { type?: string }
    if (type === 'mcp_approval_response') answered.add((item as McpApprovalResponse).approval_request_id)
    if (!isOwn(item, own)) continue
    if (type === 'mcp_approval_request')
      requests.set((item as McpApprovalRequest).id, item as McpApprovalRequest)
    else if ((item as McpCall).approval_request_id)
      executed.add((item as McpCall).approval_request_id as string)
  }
  const told = new Set<string>()
  const closed = new Set<string>(waiting)
  /** Closes the call of a request with its one output. */
  const close = (id: string, output: () => InputItem): InputItem[] => {
    if (closed.has(id)) return []
    closed.add(id)
    return [output()]
  }
  return items.flatMap((item): InputItem[] => {
    const { type } = item as { type?: string }
    if (type === 'mcp_approval_response') {
      const { approval_request_id: id, approve, reason } = item as McpApprovalResponse
      const request = requests.get(id)
      if (request === undefined) return [item]
      if (!told.has(id) || (approve && executed.has(id))) return []
      const text = approve ? NOT_SEEN : rejected(reason)
      return close(id, () => outputFor(callOf(request, own.isCustom), text))
    }
    if (!isOwn(item, own)) return [item]
    if (type === 'mcp_approval_request') {
      const request = item as McpApprovalRequest
      if (told.has(request.id)) return []
      told.add(request.id)
      const call = callOf(request, own.isCustom)
      const isOpen = answered.has(request.id) || executed.has(request.id) || waiting.has(request.id)
      return [call, ...(isOpen ? [] : close(request.id, () => outputFor(call, UNDECIDED)))]
    }
    const { call, output } = toAnsweredCall(item as McpCall, own.isCustom)
    const { approval_request_id: by } = item as McpCall
    if (by && told.has(by)) return close(by, () => output)
    return [call, output]
  })
}
