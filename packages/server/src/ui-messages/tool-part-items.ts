import type { InputItem } from '@antiphon/client'
import { HOSTED_CALLS } from './hosted-chunks.ts'
import { antiphonOf, textOf, type UiPart } from './ui-message.ts'

/** A tool part, read. */
interface ToolPart {
  readonly name: string
  readonly callId: string
  readonly state: string
  /** Arguments as JSON text. */
  readonly input: string
  readonly part: UiPart
  /** What we know of the item that it came from. */
  readonly origin: Readonly<Record<string, unknown>>
}

/** True for `tool-<name>` and `dynamic-tool` parts. */
export const isToolPart = ({ type }: UiPart): boolean => type.startsWith('tool-') || type === 'dynamic-tool'

/**
 * The items of a tool part: a call with its output, always, so that the history stays valid.
 *
 * A decision about an approval is sent only while it is news (`isLast`: the part is in the last message); later the call is told with what became of it. A call
 * that was still being written is left out.
 */
export const toolPartItems = (part: UiPart, isLast: boolean): InputItem[] => {
  const read = readToolPart(part)
  if (read === undefined || read.state === 'input-streaming') return []
  const { type } = read.origin
  if (type === 'mcp_call' || type === 'mcp_approval_request') return mcpItems(read, isLast)
  if (typeof type === 'string' && Object.hasOwn(HOSTED_CALLS, type)) return hostedItems(read, type)
  return functionItems(read)
}

const readToolPart = (part: UiPart): ToolPart | undefined => {
  const name = part.type === 'dynamic-tool' ? textOf(part.toolName) : part.type.slice('tool-'.length)
  const callId = textOf(part.toolCallId)
  if (!name || !callId) return undefined
  const input = typeof part.input === 'string' ? part.input : JSON.stringify(part.input ?? {})
  const origin = antiphonOf(part.callProviderMetadata)
  return { name, callId, state: textOf(part.state) ?? '', input, part, origin }
}

const functionItems = ({ name, callId, state, input, part, origin }: ToolPart): InputItem[] => {
  const output = outputOf(state, part)
  return origin.type === 'custom_tool_call'
    ? [
        { type: 'custom_tool_call', call_id: callId, name, input },
        { type: 'custom_tool_call_output', call_id: callId, output },
      ]
    : [
        { type: 'function_call', call_id: callId, name, arguments: input },
        { type: 'function_call_output', call_id: callId, output },
      ]
}

const outputOf = (state: string, part: UiPart): string => {
  if (state === 'output-available') return asText(part.output)
  if (state === 'output-error') return textOf(part.errorText) ?? 'The call failed.'
  if (state === 'output-denied' || isRefused(part)) return refusalOf(part)
  return 'The call was not answered.'
}

const mcpItems = ({ name, state, input, part, origin }: ToolPart, isLast: boolean): InputItem[] => {
  const approval = part.approval as { id?: unknown; approved?: unknown; reason?: unknown } | undefined
  const approvalId = textOf(approval?.id)
  const about = { server_label: textOf(origin.server_label) ?? 'server', name, arguments: input }
  if (isLast && state === 'approval-responded' && approvalId !== undefined)
    return [
      { type: 'mcp_approval_request', id: approvalId, ...about },
      {
        type: 'mcp_approval_response',
        approval_request_id: approvalId,
        approve: approval?.approved === true,
        ...(textOf(approval?.reason) ? { reason: textOf(approval?.reason) } : {}),
      },
    ]
  // Of a call that was approved the item came later, with the output.
  const made = { ...origin, ...antiphonOf(part.resultProviderMetadata) }
  const id = made.type === 'mcp_call' ? textOf(made.id) : undefined
  const call = {
    type: 'mcp_call' as const,
    ...(id === undefined ? {} : { id }),
    ...about,
    ...(approvalId === undefined ? {} : { approval_request_id: approvalId }),
  }
  return state === 'output-available'
    ? [{ ...call, status: 'completed', output: asText(part.output), error: null }]
    : [{ ...call, status: 'failed', output: null, error: outputOf(state, part) }]
}

const hostedItems = ({ part, state, origin }: ToolPart, type: string): InputItem[] => {
  const id = textOf(origin.id)
  // The picture of an image call comes back with its file.
  if (id === undefined || type === 'image_generation_call') return []
  const status = state === 'output-available' ? 'completed' : 'failed'
  return [{ ...fieldsOf(part.input), ...fieldsOf(part.output), type, id, status } as unknown as InputItem]
}

const fieldsOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

const isRefused = (part: UiPart): boolean =>
  (part.approval as { approved?: unknown } | undefined)?.approved === false

const refusalOf = (part: UiPart): string => {
  const reason = textOf((part.approval as { reason?: unknown } | undefined)?.reason)
  return reason ? `The user refused the call: ${reason}` : 'The user refused the call.'
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
