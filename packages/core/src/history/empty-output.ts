import type { InputItem } from '@antiphon/client'

/** What is read of a call that the client has to answer. */
export interface OpenCall {
  readonly type?: string
  readonly call_id?: string | null
  readonly id?: string
}

/** An output that says in words why a call has none; undefined where the wire has no way to say so, and the call itself must go. */
export const emptyOutput = (call: OpenCall, text: string): InputItem | undefined => {
  const { type, id } = call
  // A call without a call_id is known by its id.
  const call_id = call.call_id ?? id
  switch (type) {
    case 'function_call':
      return { type: 'function_call_output', call_id, output: text } as InputItem
    case 'custom_tool_call':
      return { type: 'custom_tool_call_output', call_id, output: text } as InputItem
    case 'shell_call':
      return {
        type: 'shell_call_output',
        call_id,
        output: [{ stdout: '', stderr: text, outcome: { type: 'exit', exit_code: 1 } }],
      } as InputItem
    case 'local_shell_call':
      return {
        type: 'local_shell_call_output',
        id: call_id,
        output: text,
        status: 'incomplete',
      } as InputItem
    case 'apply_patch_call':
      return { type: 'apply_patch_call_output', call_id, status: 'failed', output: text } as InputItem
    case 'mcp_approval_request':
      return {
        type: 'mcp_approval_response',
        approval_request_id: id,
        approve: false,
        reason: text,
      } as InputItem
    case 'tool_search_call':
      return { type: 'tool_search_output', call_id, execution: 'client', tools: [] } as unknown as InputItem
    default:
      return undefined
  }
}
