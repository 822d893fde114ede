import type { InputItem, McpCall } from '@antiphon/client'
import { functionName } from '../list/function-names.ts'
import { outputOf } from './output-text.ts'

/**
 * What stands in the model's history for an item of MCP that somebody else made: a call with its output. A list, a question and its answer only tell something: what was executed has a call
 * of its own.
 */
export const replayItem = (item: InputItem): readonly InputItem[] => {
  if ((item as { type?: string }).type !== 'mcp_call') return []
  const { id, server_label, name, arguments: args, output, error } = item as McpCall
  const failed = (error ?? null) !== null || typeof output !== 'string'
  const call_id = `call_${id}`.slice(0, 64)
  return [
    { type: 'function_call', call_id, name: functionName(server_label, name), arguments: args || '{}' },
    {
      type: 'function_call_output',
      call_id,
      output: failed ? `Error: ${errorTextOf(error)}` : outputOf(output as string),
    },
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
