import type { FunctionCallOutput, InputItem, McpApprovalRequest, McpCall } from '@antiphon/client'
import { functionName } from '../list/function-names.ts'
import { outputOf } from './output-text.ts'

/** What stands in the model's history for an item of MCP that somebody else made: a call with its output, nothing for what only tells something. */
export const replayItem = (item: InputItem): readonly InputItem[] => {
  switch ((item as { type?: string }).type) {
    case 'mcp_call':
      return replayCall(item as McpCall)
    case 'mcp_approval_request':
      return replayRequest(item as McpApprovalRequest)
    default:
      return []
  }
}

const replayCall = (call: McpCall): readonly InputItem[] => {
  const failed = (call.error ?? null) !== null || typeof call.output !== 'string'
  return pair(call, failed ? `Error: ${errorTextOf(call.error)}` : outputOf(call.output as string))
}

/** One that was executed has its call beside it; one that was not is told as that. */
const replayRequest = (request: McpApprovalRequest): readonly InputItem[] =>
  pair(request, 'Not executed: nobody has decided about this call.')

const pair = (
  { id, server_label, name, arguments: args }: McpCall | McpApprovalRequest,
  output: FunctionCallOutput['output'],
): readonly InputItem[] => {
  const call_id = `call_${id}`.slice(0, 64)
  return [
    { type: 'function_call', call_id, name: functionName(server_label, name), arguments: args || '{}' },
    { type: 'function_call_output', call_id, output },
  ] as InputItem[]
}

const errorTextOf = (error: McpCall['error']): string => {
  if (error === undefined || error === null) return 'no output was kept.'
  if (typeof error === 'string') return error
  if (error.type !== 'mcp_tool_execution_error') return error.message
  const { content } = error
  const texts = (Array.isArray(content) ? content : []).flatMap((part: { text?: unknown } | null) =>
    typeof part?.text === 'string' ? [part.text] : [],
  )
  return texts.length > 0 ? texts.join('\n') : JSON.stringify(content ?? null)
}
