import type { EmitChunk, ItemChunks, UiTool } from './ui-chunk.ts'

/** Calls that the provider makes, the tool that the page shows for each, and the fields that are its output. */
export const HOSTED_CALLS: Readonly<
  Record<string, { readonly toolName: string; readonly output: readonly string[] }>
> = {
  web_search_call: { toolName: 'web_search', output: ['results'] },
  file_search_call: { toolName: 'file_search', output: ['results'] },
  code_interpreter_call: { toolName: 'code_interpreter', output: ['outputs'] },
  image_generation_call: { toolName: 'image_generation', output: ['result'] },
}

/** A call of a hosted tool: what is no output is its input. An image becomes a file. */
export const hostedChunks = (
  call: { readonly type: string; readonly id: string },
  emit: EmitChunk,
): ItemChunks => {
  const { toolName, output: outputs } = HOSTED_CALLS[call.type] ?? { toolName: call.type, output: [] }
  const providerMetadata = { antiphon: { type: call.type, id: call.id } }
  const tool: UiTool = {
    toolCallId: call.id,
    toolName,
    dynamic: true,
    providerExecuted: true,
    providerMetadata,
  }
  const end = { toolCallId: call.id, dynamic: true, providerExecuted: true, providerMetadata } as const
  let isOpen = true
  emit({ type: 'tool-input-start', ...tool })
  return {
    event: () => {},
    done: (item) => {
      isOpen = false
      const { type, id, status, ...fields } = item as Record<string, unknown>
      const input: Record<string, unknown> = {}
      const output: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(fields))
        (outputs.includes(name) ? output : input)[name] = value
      // The picture goes once, as a file.
      const { result, ...rest } = output
      emit({ type: 'tool-input-available', ...tool, input })
      if (status === 'failed') emit({ type: 'tool-output-error', ...end, errorText: 'The call failed.' })
      else emit({ type: 'tool-output-available', ...end, output: rest })
      if (typeof result !== 'string' || result === '') return
      const mediaType = `image/${typeof fields.output_format === 'string' ? fields.output_format : 'png'}`
      emit({ type: 'file', mediaType, url: `data:${mediaType};base64,${result}`, providerMetadata })
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
