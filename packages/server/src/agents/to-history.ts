import type { InputItem, McpApprovalRequest, McpApprovalResponse, McpCall } from '@antiphon/client'
import { type BuiltInTool, historyOf, replayItems } from 'antiphon'
import { callOf, type IsCustom, outputFor, toAnsweredCall } from './call-codec.ts'

/** What tells the agent's own items from others. */
export interface OwnItems {
  /** `server_label` of the agent. */
  readonly label: string
  readonly isCustom: IsCustom
  /** The function that a request for approval names otherwise: by the label of a server and the name there. */
  functionOf?(label: string, name: string): string | undefined
  /** Built-in tools that are run here: no model takes their items as they are. */
  readonly carried?: readonly BuiltInTool[]
}

/** The request that a call was approved by, in whatever item shows the call. */
const approvedBy = (item: InputItem): string | undefined => {
  const { approval_request_id: by, type } = item as { approval_request_id?: unknown; type?: string }
  if (typeof by !== 'string' || by === '' || type === 'mcp_approval_response') return undefined
  return by
}

/** Told to the model of a call that nobody has decided about. */
const UNDECIDED = 'Not executed: nobody has decided about this call.'
/** Of one that was approved in a response that ended before it was run, or did not keep what came of it. */
const NOT_SEEN = 'Unknown outcome: the call was approved, but no output of it was kept.'

/** A rejection, in the words of the loop. */
const rejected = (reason: string | null | undefined): string =>
  `Not executed: a person rejected the call${reason ? `: ${reason}` : '.'}`

/** True for a call of this agent, or a request for the approval of one. */
export const isOwn = (
  item: InputItem,
  { label, functionOf }: Pick<OwnItems, 'label' | 'functionOf'>,
): boolean => {
  const { type, server_label, name } = item as { type?: string; server_label?: unknown; name?: unknown }
  if (type !== 'mcp_call' && type !== 'mcp_approval_request') return false
  return server_label === label || functionOf?.(String(server_label), String(name)) !== undefined
}

/** A call or a request for one, under the name that its function has for the model. */
export const asFunction = <T extends McpCall | McpApprovalRequest>(item: T, { functionOf }: OwnItems): T => {
  const name = functionOf?.(item.server_label, item.name)
  return name === undefined ? item : { ...item, name }
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
    const by = approvedBy(item)
    if (by !== undefined) executed.add(by)
    if (type === 'mcp_approval_response') answered.add((item as McpApprovalResponse).approval_request_id)
    if (!isOwn(item, own)) continue
    if (type === 'mcp_approval_request')
      requests.set((item as McpApprovalRequest).id, asFunction(item as McpApprovalRequest, own))
  }
  const told = new Set<string>()
  const closed = new Set<string>(waiting)
  /** Closes the call of a request with its one output. */
  const close = (id: string, output: () => InputItem): InputItem[] => {
    if (closed.has(id)) return []
    closed.add(id)
    return [output()]
  }
  const history = items.flatMap((item): InputItem[] => {
    const { type } = item as { type?: string }
    const carried = historyOf(item as object)
    if (carried !== undefined) {
      const by = approvedBy(item)
      const output = carried.find((each) => String((each as { type?: string }).type).endsWith('_output'))
      return by !== undefined && told.has(by) && output !== undefined ? close(by, () => output) : [...carried]
    }
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
      const request = asFunction(item as McpApprovalRequest, own)
      if (told.has(request.id)) return []
      told.add(request.id)
      const call = callOf(request, own.isCustom)
      const isOpen = answered.has(request.id) || executed.has(request.id) || waiting.has(request.id)
      return [call, ...(isOpen ? [] : close(request.id, () => outputFor(call, UNDECIDED)))]
    }
    const { call, output } = toAnsweredCall(asFunction(item as McpCall, own), own.isCustom)
    const { approval_request_id: by } = item as McpCall
    if (by && told.has(by)) return close(by, () => output)
    return [call, output]
  })
  return [...replayItems(history, own.carried)]
}
