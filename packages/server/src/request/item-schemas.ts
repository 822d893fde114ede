import { z } from 'zod'
import { anyObject, callId, chars, DATA_CHARS, FILE_CHARS, fields, TEXT_CHARS, text } from './schema-parts.ts'

/** The own mark of an item, which most may leave out. */
const id = chars(4096, 1).nullish()
const status = text.nullish()
const toolName = chars(128, 1)
const label = chars(TEXT_CHARS, 1)

/** Parts that a user, a system and a developer send, and that outputs of tools consist of. */
export const INPUT_PARTS: Readonly<Record<string, z.ZodType>> = {
  input_text: fields({ text: chars(TEXT_CHARS) }),
  input_image: fields({
    image_url: chars(DATA_CHARS).nullish(),
    file_id: text.nullish(),
    detail: z.enum(['low', 'high', 'auto', 'original']).nullish(),
  }),
  input_file: fields({
    file_id: text.nullish(),
    filename: text.nullish(),
    file_data: chars(FILE_CHARS).nullish(),
    file_url: text.nullish(),
  }),
}

/** Parts that an assistant sends. */
export const ASSISTANT_PARTS: Readonly<Record<string, z.ZodType>> = {
  output_text: fields({ text: chars(TEXT_CHARS), annotations: z.array(anyObject).nullish() }),
  refusal: fields({ refusal: chars(TEXT_CHARS) }),
}

/** A text, or parts that are checked one by one. */
const textOrParts = z.union([chars(TEXT_CHARS), z.array(z.unknown())])

const textPart = fields({ type: text, text: chars(TEXT_CHARS) })

/** Items by their type, but messages. What is not here is passed on as it is. */
export const ITEM_SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['item_reference', fields({ id: chars(4096, 1) })],
  [
    'reasoning',
    fields({
      id,
      summary: z.array(textPart),
      content: z.array(textPart).nullish(),
      encrypted_content: chars(DATA_CHARS).nullish(),
      status,
    }),
  ],
  ['function_call', fields({ id, call_id: callId, name: toolName, arguments: chars(TEXT_CHARS), status })],
  ['function_call_output', fields({ id, call_id: callId, output: textOrParts, status })],
  ['custom_tool_call', fields({ id, call_id: callId, name: toolName, input: chars(TEXT_CHARS) })],
  ['custom_tool_call_output', fields({ id, call_id: callId, output: textOrParts })],
  ['web_search_call', fields({ id, status, action: anyObject.nullish() })],
  ['file_search_call', fields({ id, status, queries: z.array(text), results: z.array(anyObject).nullish() })],
  [
    'code_interpreter_call',
    fields({ id, status, container_id: text, code: text.nullish(), outputs: z.array(anyObject).nullish() }),
  ],
  ['image_generation_call', fields({ id, status, result: text.nullish() })],
  [
    'computer_call',
    fields({
      id,
      call_id: callId,
      status,
      action: anyObject.nullish(),
      actions: z.array(anyObject).nullish(),
      pending_safety_checks: z.array(anyObject).nullish(),
    }),
  ],
  [
    'computer_call_output',
    fields({
      id,
      call_id: callId,
      status,
      output: fields({
        type: z.literal('computer_screenshot'),
        image_url: chars(DATA_CHARS).nullish(),
        file_id: text.nullish(),
      }),
      acknowledged_safety_checks: z.array(fields({ id: text })).nullish(),
    }),
  ],
  ['local_shell_call', fields({ id, call_id: callId, action: fields({ command: z.array(text) }), status })],
  ['local_shell_call_output', fields({ id: callId, output: chars(TEXT_CHARS), status })],
  ['shell_call', fields({ id, call_id: callId, action: fields({ commands: z.array(text) }), status })],
  [
    'shell_call_output',
    fields({
      id,
      call_id: callId,
      output: z.array(
        fields({ stdout: chars(TEXT_CHARS), stderr: chars(TEXT_CHARS), outcome: fields({ type: text }) }),
      ),
      max_output_length: z.int().nullish(),
      status,
    }),
  ],
  [
    'apply_patch_call',
    fields({ id, call_id: callId, status, operation: fields({ type: text, path: text }) }),
  ],
  [
    'apply_patch_call_output',
    fields({
      id,
      call_id: callId,
      status: z.enum(['completed', 'failed']),
      output: chars(TEXT_CHARS).nullish(),
    }),
  ],
  ['mcp_list_tools', fields({ id, server_label: label, tools: z.array(anyObject) })],
  ['mcp_call', fields({ id, server_label: label, name: label, arguments: chars(TEXT_CHARS) })],
  ['mcp_approval_request', fields({ id, server_label: label, name: label, arguments: chars(TEXT_CHARS) })],
  [
    'mcp_approval_response',
    fields({ id, approval_request_id: chars(4096, 1), approve: z.boolean(), reason: text.nullish() }),
  ],
  ['tool_search_call', fields({ id, call_id: callId.nullish(), execution: text.nullish(), status })],
  [
    'tool_search_output',
    fields({ id, call_id: callId.nullish(), execution: text.nullish(), tools: z.array(z.unknown()), status }),
  ],
  ['additional_tools', fields({ id, role: z.literal('developer'), tools: z.array(z.unknown()) })],
  ['program', fields({ id, call_id: callId, code: chars(TEXT_CHARS), fingerprint: chars(TEXT_CHARS) })],
  ['program_output', fields({ id, call_id: callId, result: chars(TEXT_CHARS), status: text })],
  ['compaction', fields({ id, encrypted_content: chars(DATA_CHARS) })],
  ['compaction_trigger', fields({})],
])

/** A message, but its parts, which depend on the role. */
export const messageSchema = fields({
  id,
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: textOrParts,
  status,
  phase: z.enum(['commentary', 'final_answer']).nullish(),
})
