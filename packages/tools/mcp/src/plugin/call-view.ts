import type { McpCall } from '@antiphon/client'
import type { AnsweredShownCall, ItemView, ShownCall } from 'antiphon'
import { unframed } from './framed-output.ts'
import { outputTextOf } from './output-text.ts'

/** How a call of a server's tool appears: as an `mcp_call` of the server, under the tool's own name. */
export const callView = (serverLabel: string, name: string): ItemView => ({
  idPrefix: 'mcp',
  approvalAs: { serverLabel, name },
  begin: (call) => {
    const item_id = call.id
    const { arguments: args } = call
    return {
      item: { ...itemOf(call, serverLabel, name), arguments: '' },
      events: [
        { type: 'response.mcp_call.in_progress', item_id },
        ...(args === '' ? [] : [{ type: 'response.mcp_call_arguments.delta', item_id, delta: args }]),
        { type: 'response.mcp_call_arguments.done', item_id, arguments: args },
      ],
    }
  },
  end: (call) => {
    const failed = call.outcome !== 'ok'
    return {
      events: [{ type: `response.mcp_call.${failed ? 'failed' : 'completed'}`, item_id: call.id }],
      item: {
        ...itemOf(call, serverLabel, name),
        ...(failed ? { error: errorOf(call) } : { output: outputTextOf(unframed(call.output)) }),
        status: failed ? 'failed' : 'completed',
      },
    }
  },
})

const itemOf = (call: ShownCall, server_label: string, name: string): McpCall => ({
  type: 'mcp_call',
  id: call.id,
  server_label,
  name,
  arguments: call.arguments,
  status: 'in_progress',
  ...(call.approvalRequestId === undefined ? {} : { approval_request_id: call.approvalRequestId }),
})

/** What the loop puts before the text of an error. */
const PREFIX = 'Error: '

const errorOf = ({ output }: AnsweredShownCall): NonNullable<McpCall['error']> => {
  const bare = typeof output === 'string' && output.startsWith(PREFIX) ? output.slice(PREFIX.length) : output
  const text = unframed(bare)
  return {
    type: 'mcp_tool_execution_error',
    content: typeof text === 'string' ? [{ type: 'text', text }] : text,
  }
}
