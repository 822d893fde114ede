import type { InputItem, OutputItem } from '@antiphon/client'
import { callHash, type Decision, type PendingCall } from '../approval.ts'
import { ConfigError } from '../errors.ts'
import { emptyOutput } from '../history/empty-output.ts'
import { idText, pairingOf } from '../history/pairing.ts'
import { toJsonText } from '../tools/json-text.ts'
import { isHostedCall } from './hosted-calls.ts'

/** Items that ask the client to act, other than function and custom calls, and the type of their answer. */
const ANSWER_TYPES: Readonly<Record<string, string>> = {
  shell_call: 'shell_call_output',
  local_shell_call: 'local_shell_call_output',
  apply_patch_call: 'apply_patch_call_output',
  computer_call: 'computer_call_output',
  tool_search_call: 'tool_search_output',
  mcp_approval_request: 'mcp_approval_response',
}

interface LooseItem {
  type: string
  id?: unknown
  call_id?: unknown
  name?: unknown
  arguments?: unknown
  execution?: unknown
}

/** A field as the text it should be. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The pending call that an output item stands for, when it is one the client has to answer. */
export const clientCall = (item: OutputItem): PendingCall | undefined => {
  const loose = item as unknown as LooseItem
  if (!Object.hasOwn(ANSWER_TYPES, loose.type)) return undefined
  if (loose.type === 'tool_search_call' && loose.execution !== 'client') return undefined
  if (isHostedCall(item)) return undefined
  const isMcp = loose.type === 'mcp_approval_request'
  const callId = idText((isMcp ? loose.id : (loose.call_id ?? loose.id)) ?? '')
  const name = isMcp ? textOf(loose.name) : loose.type
  const args = isMcp ? textOf(loose.arguments) : JSON.stringify(item)
  return {
    kind: isMcp ? 'approval' : 'output',
    callId,
    name,
    arguments: args,
    hash: callHash(name, args),
    itemType: loose.type,
  }
}

/** The item that answers `pending` as decided. */
export const clientAnswer = (pending: PendingCall, decision: Decision): InputItem => {
  const { itemType, callId } = pending
  if (itemType === 'mcp_approval_request') return approvalResponse(callId, decision)
  switch (decision.decision) {
    case 'approve':
      throw new ConfigError(
        'invalid_decision',
        `Call ${callId} (${itemType}) waits for an output, not for approval: decide with answer(call, output).`,
      )
    case 'reject':
      return rejected(pending, decision.reason)
    case 'answer':
      return answered(pending, decision.output)
  }
}

const approvalResponse = (callId: string, decision: Decision): InputItem => {
  if (decision.decision === 'answer' || (decision.decision === 'approve' && decision.arguments !== undefined))
    throw new ConfigError(
      'invalid_decision',
      `Request ${callId} is for a call that the provider makes: approve it as it is, or reject it.`,
    )
  return {
    type: 'mcp_approval_response',
    approval_request_id: callId,
    approve: decision.decision === 'approve',
    ...(decision.decision === 'reject' && decision.reason !== undefined ? { reason: decision.reason } : {}),
  } as InputItem
}

const answered = ({ itemType, callId }: PendingCall, output: unknown): InputItem => {
  const type = ANSWER_TYPES[itemType]
  if (typeof output === 'object' && output !== null && (output as { type?: unknown }).type === type) {
    const item = output as InputItem
    const pairing = pairingOf(item)
    if (pairing === undefined || pairing.id === callId) return item
    throw new ConfigError(
      'invalid_decision',
      `The output is for call ${pairing.id}, but the decision is for call ${callId}.`,
    )
  }
  const text = toJsonText(output)
  if (itemType === 'apply_patch_call' && text.ok)
    return { type, call_id: callId, status: 'completed', output: text.text } as InputItem
  if (itemType === 'local_shell_call' && text.ok) return { type, id: callId, output: text.text } as InputItem
  throw new ConfigError(
    'invalid_decision',
    `The output of call ${callId} must be a whole item of type "${type}".`,
  )
}

const rejected = ({ itemType, callId }: PendingCall, reason = 'rejected'): InputItem => {
  const item = emptyOutput({ type: itemType, call_id: callId, id: callId }, `Rejected: ${reason}`)
  if (item !== undefined) return item
  throw new ConfigError(
    'invalid_decision',
    `A ${itemType} cannot be rejected on the wire: decide with answer(call, item).`,
  )
}
