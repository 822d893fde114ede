import type {
  CustomToolCall,
  FunctionCall,
  McpApprovalRequest,
  McpCall,
  McpCallError,
} from '@antiphon/client'
import { readArguments } from './read-arguments.ts'
import type { EmitChunk, ItemChunks, UiTool } from './ui-chunk.ts'

const INPUT_DELTA = /^response\.(?:function_call_arguments|mcp_call_arguments|custom_tool_call_input)\.delta$/

/** What a call needs to become chunks. */
interface CallShape {
  readonly tool: UiTool
  readonly isText?: true
  /** False for a call that the page knows from an earlier response: only its output is news. */
  readonly isNew: boolean
  finish(item: object, emitInput: (text: string) => void): void
}

/** A call of a function: the page answers it, so it is a `tool-<name>` part. */
export const functionCallChunks = (call: FunctionCall, emit: EmitChunk): ItemChunks => {
  const { id, call_id, name } = call
  const tool = {
    toolCallId: call_id,
    toolName: name,
    ...origin({ type: 'function_call', ...(id ? { id } : {}) }),
  }
  return callChunks(
    { tool, isNew: true, finish: (item, emitInput) => emitInput((item as FunctionCall).arguments) },
    emit,
  )
}

/** A call of a custom tool, whose input is text. */
export const customCallChunks = (call: CustomToolCall, emit: EmitChunk): ItemChunks => {
  const { id, call_id, name } = call
  const tool = {
    toolCallId: call_id,
    toolName: name,
    ...origin({ type: 'custom_tool_call', ...(id ? { id } : {}) }),
  }
  const finish = (item: object): void =>
    emit({ type: 'tool-input-available', ...tool, input: (item as CustomToolCall).input })
  return callChunks({ tool, isText: true, isNew: true, finish }, emit)
}

/** A call that was made on the server, with its output. One that had to be approved goes on in the part that asked for it. */
export const mcpCallChunks = (
  call: McpCall,
  isKnown: (toolCallId: string) => boolean,
  emit: EmitChunk,
): ItemChunks => {
  const approvalId = call.approval_request_id ?? undefined
  const toolCallId = approvalId ?? call.id
  const about = origin({ type: 'mcp_call', id: call.id, server_label: call.server_label })
  const tool: UiTool = { toolCallId, toolName: call.name, dynamic: true, providerExecuted: true, ...about }
  const isNew = approvalId === undefined || !isKnown(approvalId)
  const end = { toolCallId, dynamic: true, providerExecuted: true, ...about } as const
  const finish = (item: object, emitInput: (text: string) => void): void => {
    const { arguments: input, output, error, status } = item as McpCall
    if (isNew) emitInput(input)
    if (error !== undefined && error !== null)
      emit({ type: 'tool-output-error', ...end, errorText: errorText(error) })
    else if (typeof output === 'string') emit({ type: 'tool-output-available', ...end, output })
    else if (status === 'failed' || status === 'incomplete')
      emit({ type: 'tool-output-error', ...end, errorText: 'The call did not finish.' })
    else emit({ type: 'tool-output-available', ...end, output: null })
  }
  return callChunks({ tool, isNew, finish }, emit)
}

/** A call on the server that waits for the user's decision. */
export const approvalChunks = (
  { id, name, server_label }: McpApprovalRequest,
  emit: EmitChunk,
): ItemChunks => {
  const about = origin({ type: 'mcp_approval_request', id, server_label })
  const tool: UiTool = { toolCallId: id, toolName: name, dynamic: true, providerExecuted: true, ...about }
  const finish = (item: object): void => {
    const { value } = readArguments((item as McpApprovalRequest).arguments)
    emit({ type: 'tool-input-available', ...tool, input: value })
    emit({ type: 'tool-approval-request', toolCallId: id, approvalId: id })
  }
  return callChunks({ tool, isNew: true, finish }, emit)
}

const callChunks = ({ tool, isText, isNew, finish }: CallShape, emit: EmitChunk): ItemChunks => {
  let isOpen = isNew
  if (isNew) emit({ type: 'tool-input-start', ...tool, ...(isText ? { inputEncoding: 'text' } : {}) })
  const emitInput = (text: string): void => {
    const { value, isValid } = readArguments(text)
    if (isValid) emit({ type: 'tool-input-available', ...tool, input: value })
    else emit({ type: 'tool-input-error', ...tool, input: value, errorText: 'The arguments are no JSON.' })
  }
  return {
    event: ({ type, delta }) => {
      if (isOpen && INPUT_DELTA.test(type) && typeof delta === 'string' && delta !== '')
        emit({ type: 'tool-input-delta', toolCallId: tool.toolCallId, inputTextDelta: delta })
    },
    done: (item) => {
      isOpen = false
      finish(item, emitInput)
    },
    close: () => {
      if (isOpen)
        emit({
          type: 'tool-input-error',
          ...tool,
          input: null,
          errorText: 'The response ended within the call.',
        })
      isOpen = false
    },
  }
}

const origin = (antiphon: Record<string, string>): Pick<UiTool, 'providerMetadata'> => ({
  providerMetadata: { antiphon },
})

const errorText = (error: McpCallError): string => {
  if (typeof error === 'string') return error
  if ('message' in error) return error.message
  return typeof error.content === 'string' ? error.content : JSON.stringify(error.content)
}
