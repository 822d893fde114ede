import type {
  CustomToolCall,
  FunctionCall,
  FunctionCallOutput,
  InputItem,
  McpApprovalRequest,
  McpCall,
} from '@antiphon/client'
import { callIdOf } from '../upstream/item-id.ts'
import { outputOf, outputTextOf } from './output-text.ts'

/** A call of the agent and its output, as its model knows them. */
export interface AnsweredCall {
  readonly call: FunctionCall | CustomToolCall
  readonly output: InputItem
  /** It gave no result, but a text that says why. */
  readonly failed: boolean
}

/** Which tools of the agent take text in the place of JSON. */
export type IsCustom = (name: string) => boolean

/** What the wire shows of an answered call. */
export interface ShownAs {
  readonly id: string
  readonly serverLabel: string
  readonly approvalRequestId?: string
}

/** The call as its model made it. */
export const callOf = (
  { id, name, arguments: args }: Pick<McpCall | McpApprovalRequest, 'id' | 'name' | 'arguments'>,
  isCustom: IsCustom,
): FunctionCall | CustomToolCall => {
  const call_id = callIdOf(id)
  return isCustom(name)
    ? { type: 'custom_tool_call', call_id, name, input: args }
    : { type: 'function_call', call_id, name, arguments: args }
}

/** An output for a call, of the type that the call asks for. */
export const outputFor = (
  { type, call_id }: FunctionCall | CustomToolCall,
  output: FunctionCallOutput['output'],
): InputItem => ({ type: `${type}_output`, call_id, output }) as InputItem

/** An `mcp_call` as a call and its output. Takes what clients may have made of it: without an output, the text of the error stands for it. */
export const toAnsweredCall = (item: McpCall, isCustom: IsCustom): AnsweredCall => {
  const call = callOf({ ...item, id: item.approval_request_id ?? item.id }, isCustom)
  const failed = typeof item.output !== 'string' || (item.error ?? null) !== null
  const output = failed ? errorTextOf(item.error) : outputOf(item.output as string)
  return { call, output: outputFor(call, output), failed }
}

/** A call and its output as an `mcp_call`. */
export const toMcpCall = (
  { call, output, failed }: AnsweredCall,
  { id, serverLabel, approvalRequestId }: ShownAs,
): McpCall => {
  const given = (output as { output?: FunctionCallOutput['output'] }).output ?? ''
  return {
    ...begunMcpCall(call, {
      id,
      serverLabel,
      ...(approvalRequestId === undefined ? {} : { approvalRequestId }),
    }),
    arguments: argumentsOf(call),
    ...(failed ? { error: toError(given) } : { output: outputTextOf(given) }),
    status: failed ? 'failed' : 'completed',
  }
}

/** The same before it runs. */
export const begunMcpCall = (
  { name }: { readonly name: string },
  { id, serverLabel, approvalRequestId }: ShownAs,
): McpCall => ({
  id,
  type: 'mcp_call',
  server_label: serverLabel,
  name,
  arguments: '',
  status: 'in_progress',
  ...(approvalRequestId === undefined ? {} : { approval_request_id: approvalRequestId }),
})

/** The arguments of a call, as the model wrote them. */
export const argumentsOf = (call: FunctionCall | CustomToolCall): string => {
  const written: unknown = call.type === 'custom_tool_call' ? call.input : call.arguments
  if (typeof written === 'string') return written
  return written === undefined || written === null ? '' : JSON.stringify(written)
}

const toError = (output: FunctionCallOutput['output']): NonNullable<McpCall['error']> => ({
  type: 'mcp_tool_execution_error',
  content: typeof output === 'string' ? [{ type: 'text', text: output }] : output,
})

const errorTextOf = (error: McpCall['error']): NonNullable<FunctionCallOutput['output']> => {
  if (error === undefined || error === null) return ''
  if (typeof error === 'string') return error
  if (error.type !== 'mcp_tool_execution_error') return error.message
  const { content } = error
  const [part, ...more] = Array.isArray(content) ? (content as { type?: unknown; text?: unknown }[]) : []
  if (more.length === 0 && part?.type === 'text' && typeof part.text === 'string') return part.text
  return Array.isArray(content) && content.every(isInputPart) && content.length > 0
    ? (content as NonNullable<FunctionCallOutput['output']>)
    : JSON.stringify(content ?? null)
}

const isInputPart = (part: { type?: unknown } | null): boolean =>
  typeof part?.type === 'string' && part.type.startsWith('input_')
