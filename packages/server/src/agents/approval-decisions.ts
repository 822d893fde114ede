import type { InputItem, McpApprovalRequest, McpApprovalResponse } from '@antiphon/client'
import { approve, callHash, type Decision, type PendingCall, reject } from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import { callIdOf } from '../upstream/item-id.ts'
import type { Approvals } from '../upstream/upstream.ts'
import { argumentsOf, callOf } from './call-codec.ts'
import { asFunction, isOwn, type OwnItems } from './to-history.ts'

/** A call of the agent that was decided in this request. */
export interface DecidedCall {
  readonly request: McpApprovalRequest
  readonly response: McpApprovalResponse
  readonly pending: PendingCall
  readonly decision: Decision
}

/** Types of items that only a client writes, beside messages. */
const ONLY_INPUT = /^(?:.+_output|mcp_approval_response|item_reference|additional_tools|compaction_trigger)$/

/** Index of the first item after the last one that a model made: what comes from there on has not been answered. */
export const newInputFrom = (items: readonly InputItem[]): number =>
  items.findLastIndex((item) => {
    const { type, role } = item as { type?: string; role?: string }
    return type === undefined || type === 'message' ? role === 'assistant' : !ONLY_INPUT.test(type)
  }) + 1

/**
 * The calls of the agent that new input decides about, in the order of the decisions. Nothing is looked up.
 *
 * @throws ServeError 400 for a response to a request that the history does not have, and for a second one to the same request.
 */
export const decidedCalls = (items: readonly InputItem[], own: OwnItems): DecidedCall[] => {
  const from = newInputFrom(items)
  const requests = new Map<string, InputItem>()
  for (const item of items)
    if ((item as { type?: string }).type === 'mcp_approval_request')
      requests.set((item as McpApprovalRequest).id, item)
  const seen = new Set<string>()
  return items.flatMap((item, index): DecidedCall[] => {
    if (index < from || (item as { type?: string }).type !== 'mcp_approval_response') return []
    const response = item as McpApprovalResponse
    const id = response.approval_request_id
    const param = `input[${index}].approval_request_id`
    const request = requests.get(id)
    if (request === undefined) throw refused(id, param, 'no such request is in the input')
    if (!isOwn(request, own)) return []
    if (seen.has(id)) throw refused(id, param, 'it is decided twice')
    seen.add(id)
    const pending = pendingOf(request as McpApprovalRequest, own)
    const reason = response.reason ?? undefined
    const decision = response.approve === true ? approve(pending) : reject(pending, reason)
    return [{ request: request as McpApprovalRequest, response, pending, decision }]
  })
}

const pendingOf = (request: McpApprovalRequest, own: OwnItems): PendingCall => {
  const call = callOf(asFunction(request, own), own.isCustom)
  const args = argumentsOf(call)
  return {
    kind: 'approval',
    callId: call.call_id,
    name: call.name,
    arguments: args,
    hash: callHash(call.name, args),
    itemType: call.type,
  }
}

/**
 * Holds decisions against what was asked, all of them before the first is used up.
 *
 * @throws ServeError 400 for one that was not asked for here, was used, or is about another call.
 */
export const useApprovals = async (decided: readonly DecidedCall[], approvals: Approvals): Promise<void> => {
  for (const { request, pending } of decided) {
    const stored = await approvals.get(request.id)
    if (stored === undefined) throw refused(request.id, 'input', NOT_WAITING)
    const isSame =
      stored.id === request.id &&
      stored.callId === callIdOf(request.id) &&
      stored.name === pending.name &&
      stored.hash === pending.hash
    if (!isSame)
      throw refused(request.id, 'input', 'its name or its arguments are not those that were asked about')
  }
  for (const { request } of decided)
    if (!(await approvals.use(request.id))) throw refused(request.id, 'input', NOT_WAITING)
}

const NOT_WAITING = 'it does not wait for a decision: it is unknown, or was decided before'

const refused = (id: string, param: string, why: string): ServeError =>
  new ServeError(400, {
    message: `Approval request '${id}' cannot be decided: ${why}. Nothing was run.`,
    type: 'invalid_request_error',
    param,
    code: 'invalid_value',
  })
