import { describe, expect, it } from 'vitest'
import {
  parseConversation,
  parseConversationItems,
  parseConversationUpdate,
  parseCreate,
} from '../src/request/parse-body.ts'
import { refusalOf, refused } from './request-refusal.ts'

const user = { role: 'user', content: 'x' }
const withItem = (item: unknown) => () => parseCreate({ input: [user, item] })
const withTool = (tool: unknown) => () => parseCreate({ tools: [tool] })

describe('items', () => {
  it.each([
    [7, 'input[1] invalid_type'],
    [null, 'input[1] invalid_type'],
    [[], 'input[1] invalid_type'],
    [{}, 'input[1].type missing_required_parameter'],
    [{ type: 1 }, 'input[1].type invalid_type'],
    [{ content: 'x' }, 'input[1].type missing_required_parameter'],
    [{ role: 'robot', content: 'x' }, 'input[1].role invalid_value'],
    [{ type: 'message', content: 'x' }, 'input[1].role missing_required_parameter'],
    [{ role: 'user' }, 'input[1].content missing_required_parameter'],
    [{ role: 'user', content: 3 }, 'input[1].content invalid_type'],
    [{ role: 'user', content: [3] }, 'input[1].content[0] invalid_type'],
    [{ role: 'user', content: [{ text: 'x' }] }, 'input[1].content[0].type missing_required_parameter'],
    [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'x' },
          { type: 'text', text: 'x' },
        ],
      },
      'input[1].content[1].type invalid_value',
    ],
    [{ role: 'user', content: [{ type: 'constructor' }] }, 'input[1].content[0].type invalid_value'],
    [
      { role: 'user', content: [{ type: 'output_text', text: 'x' }] },
      'input[1].content[0].type invalid_value',
    ],
    [
      { role: 'assistant', content: [{ type: 'input_text', text: 'x' }] },
      'input[1].content[0].type invalid_value',
    ],
    [
      { role: 'user', content: [{ type: 'input_text' }] },
      'input[1].content[0].text missing_required_parameter',
    ],
    [
      { role: 'user', content: [{ type: 'input_image', detail: 'x' }] },
      'input[1].content[0].detail invalid_value',
    ],
    [{ role: 'assistant', content: 'x', phase: 'y' }, 'input[1].phase invalid_value'],
    [{ type: 'item_reference' }, 'input[1].id missing_required_parameter'],
    [{ type: 'function_call', call_id: 'c', name: 'f' }, 'input[1].arguments missing_required_parameter'],
    [{ type: 'function_call', call_id: 'c', name: 'f', arguments: {} }, 'input[1].arguments invalid_type'],
    [{ type: 'function_call', call_id: '', name: 'f', arguments: '' }, 'input[1].call_id empty_string'],
    [
      { type: 'function_call', call_id: 'c'.repeat(65), name: 'f', arguments: '' },
      'input[1].call_id string_above_max_length',
    ],
    [
      { type: 'function_call', call_id: 'c', name: 'f'.repeat(129), arguments: '' },
      'input[1].name string_above_max_length',
    ],
    [{ type: 'function_call_output', call_id: 'c' }, 'input[1].output missing_required_parameter'],
    [{ type: 'function_call_output', output: 'x' }, 'input[1].call_id missing_required_parameter'],
    [
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'output_text', text: 'x' }] },
      'input[1].output[0].type invalid_value',
    ],
    [{ type: 'reasoning' }, 'input[1].summary missing_required_parameter'],
    [
      { type: 'reasoning', summary: [{ type: 'summary_text' }] },
      'input[1].summary[0].text missing_required_parameter',
    ],
    [
      { type: 'mcp_approval_response', approve: true },
      'input[1].approval_request_id missing_required_parameter',
    ],
    [
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: 'yes' },
      'input[1].approve invalid_type',
    ],
    [{ type: 'additional_tools', role: 'user', tools: [] }, 'input[1].role invalid_value'],
    [
      { type: 'additional_tools', role: 'developer', tools: [{ type: 'x' }] },
      'input[1].tools[0].type invalid_value',
    ],
    [{ type: 'compaction' }, 'input[1].encrypted_content missing_required_parameter'],
    [{ type: 'apply_patch_call_output', call_id: 'c', status: 'ok' }, 'input[1].status invalid_value'],
    [
      { type: 'shell_call_output', call_id: 'c', output: [{ stdout: '' }] },
      'input[1].output[0].stderr missing_required_parameter',
    ],
    [
      { type: 'function_call', id: 'call_1', call_id: 'c', name: 'f', arguments: '' },
      'input[1].id invalid_id_prefix',
    ],
    [{ type: 'message', id: 'fc_1', role: 'user', content: '' }, 'input[1].id invalid_id_prefix'],
    [{ type: 'reasoning', id: 'msg_1', summary: [] }, 'input[1].id invalid_id_prefix'],
    [
      { type: 'custom_tool_call', id: 'fc_1', call_id: 'c', name: 'f', input: '' },
      'input[1].id invalid_id_prefix',
    ],
  ])('%j is refused: %s', (item, expected) => {
    expect(refused(withItem(item))).toBe(expected)
  })

  it('reports the first problem only', () => {
    expect(refused(() => parseCreate({ input: [user, 1, 2, { type: 3 }] }))).toBe('input[1] invalid_type')
  })

  it('takes a compaction_trigger only as the last item', () => {
    const trigger = { type: 'compaction_trigger' }
    expect(refused(() => parseCreate({ input: [trigger, user] }))).toBe('input[0] invalid_value')
    expect(() => parseCreate({ input: [user, trigger] })).not.toThrow()
  })

  it.each([
    [{ type: 'acme:search', anything: [1, { deep: true }] }],
    [{ type: 'agent_message', agent: { agent_name: 'x' } }],
    [{ id: 'msg_1' }],
    [{ type: null, id: 'msg_1' }],
    [{ type: 'item_reference', id: 'rs_1' }],
    [{ role: 'user', content: [{ type: 'acme:part', x: 1 }], extra: 1 }],
    [{ role: 'assistant', content: [] }],
    [{ type: 'function_call', id: null, call_id: 'c', name: 'multi_tool_use.parallel', arguments: '' }],
    [{ type: 'function_call', id: 'chatcmpl-1', call_id: 'c', name: 'f', arguments: '', created_by: 'x' }],
    [{ type: 'reasoning', summary: [], content: null, encrypted_content: null }],
    [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: 'data:…' }] }],
  ])('%j is passed on as it is', (item) => {
    const body = { input: [user, item] }
    const before = structuredClone(body)
    const request = parseCreate(body)
    expect(request.input?.[1]).toBe(item)
    expect(body).toEqual(before)
  })

  it('measures texts in characters', () => {
    const call = { type: 'function_call', name: 'f', arguments: '' }
    expect(withItem({ ...call, call_id: '😀'.repeat(64) })).not.toThrow()
    expect(refused(withItem({ ...call, call_id: '😀'.repeat(65) }))).toBe(
      'input[1].call_id string_above_max_length',
    )
    expect(refused(() => parseCreate({ input: 'x'.repeat(10_485_761) }))).toBe(
      'input string_above_max_length',
    )
  })
})

describe('tools', () => {
  it.each([
    [7, 'tools[0] invalid_type'],
    [{}, 'tools[0].type missing_required_parameter'],
    [{ type: 'nonsense' }, 'tools[0].type invalid_value'],
    [{ type: '__proto__' }, 'tools[0].type invalid_value'],
    [{ type: 'function' }, 'tools[0].name missing_required_parameter'],
    [{ type: 'function', name: 'a b' }, 'tools[0].name invalid_value'],
    [{ type: 'function', name: 'a'.repeat(129) }, 'tools[0].name string_above_max_length'],
    [{ type: 'function', name: 'f', parameters: 'x' }, 'tools[0].parameters invalid_type'],
    [{ type: 'function', name: 'f', strict: 'x' }, 'tools[0].strict invalid_type'],
    [{ type: 'function', name: 'f', allowed_callers: [] }, 'tools[0].allowed_callers empty_array'],
    [
      { type: 'custom', name: 'f', format: { type: 'grammar', syntax: 'x' } },
      'tools[0].format.syntax invalid_value',
    ],
    [{ type: 'namespace', name: 'n', description: '', tools: [] }, 'tools[0].tools empty_array'],
    [
      { type: 'namespace', name: 'n', description: '', tools: [{ type: 'web_search' }] },
      'tools[0].tools[0].type invalid_value',
    ],
    [{ type: 'file_search' }, 'tools[0].vector_store_ids missing_required_parameter'],
    [
      { type: 'file_search', vector_store_ids: [], max_num_results: 51 },
      'tools[0].max_num_results integer_above_max_value',
    ],
    [{ type: 'code_interpreter' }, 'tools[0].container missing_required_parameter'],
    [
      { type: 'code_interpreter', container: { type: 'auto', memory_limit: '2g' } },
      'tools[0].container.memory_limit invalid_value',
    ],
    [{ type: 'image_generation', partial_images: 4 }, 'tools[0].partial_images integer_above_max_value'],
    [{ type: 'mcp', server_url: 'https://h' }, 'tools[0].server_label missing_required_parameter'],
    [
      { type: 'mcp', server_label: 's', server_url: 'https://h', connector_id: 'connector_gmail' },
      'tools[0].connector_id invalid_value',
    ],
    [{ type: 'mcp', server_label: 's', tunnel_id: 'x' }, 'tools[0].tunnel_id invalid_value'],
    [
      { type: 'mcp', server_label: 's', server_url: 'u', require_approval: 'maybe' },
      'tools[0].require_approval invalid_value',
    ],
    [{ type: 'computer_use_preview' }, 'tools[0].environment missing_required_parameter'],
    [{ type: 'shell', environment: { type: 'moon' } }, 'tools[0].environment.type invalid_value'],
    [{ type: 'web_search', search_context_size: 'x' }, 'tools[0].search_context_size invalid_value'],
  ])('%j is refused: %s', (tool, expected) => {
    expect(refused(withTool(tool))).toBe(expected)
  })

  it('are of sixteen types, of their dated names, and of extensions', () => {
    const tools = [
      { type: 'function', name: 'f', parameters: null, extra: 1 },
      { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: '' } },
      { type: 'namespace', name: 'n', description: '', tools: [{ type: 'function', name: 'f' }] },
      { type: 'tool_search', execution: 'client' },
      { type: 'programmatic_tool_calling' },
      { type: 'web_search' },
      { type: 'web_search_2025_08_26' },
      { type: 'web_search_preview' },
      { type: 'web_search_preview_2025_03_11' },
      { type: 'file_search', vector_store_ids: ['vs_1'], filters: { type: 'and', filters: [] } },
      { type: 'code_interpreter', container: { type: 'auto' } },
      { type: 'code_interpreter', container: 'cntr_1' },
      { type: 'image_generation' },
      { type: 'mcp', server_label: 's', server_url: 'https://h', allowed_tools: { read_only: true } },
      { type: 'computer' },
      { type: 'computer_use_preview', environment: 'browser', display_width: 1, display_height: 1 },
      { type: 'local_shell' },
      { type: 'shell', environment: { type: 'local' } },
      { type: 'apply_patch' },
      { type: 'acme:lookup', x: 1 },
    ]
    const request = parseCreate({ tools })
    expect(request.tools).toBe(tools)
  })

  it('have names of their own', () => {
    const twice = { type: 'function', name: 'f' }
    expect(refused(() => parseCreate({ tools: [twice, twice] }))).toBe('tools[1].name invalid_value')
  })

  it.each([
    ['never', 'tool_choice invalid_value'],
    [7, 'tool_choice invalid_type'],
    [{}, 'tool_choice.type missing_required_parameter'],
    [{ type: 'nonsense' }, 'tool_choice.type invalid_value'],
    [{ type: 'function' }, 'tool_choice.name missing_required_parameter'],
    [{ type: 'mcp' }, 'tool_choice.server_label missing_required_parameter'],
    [{ type: 'allowed_tools', mode: 'auto' }, 'tool_choice.tools missing_required_parameter'],
    [{ type: 'allowed_tools', mode: 'auto', tools: [] }, 'tool_choice.tools empty_array'],
    [{ type: 'allowed_tools', mode: 'x', tools: [{ type: 'shell' }] }, 'tool_choice.mode invalid_value'],
    [
      { type: 'allowed_tools', tools: [{ type: 'function' }] },
      'tool_choice.tools[0].name missing_required_parameter',
    ],
    [
      { type: 'allowed_tools', tools: [{ type: 'allowed_tools', tools: [] }] },
      'tool_choice.tools[0].type invalid_value',
    ],
  ])('choice %j is refused: %s', (tool_choice, expected) => {
    expect(refused(() => parseCreate({ tool_choice }))).toBe(expected)
  })
})

describe('conversations', () => {
  const items = (count: number) => Array.from({ length: count }, () => user)

  it.each([
    [() => parseConversation({ items: items(21) }), 'items array_above_max_length'],
    [() => parseConversation({ items: {} }), 'items invalid_type'],
    [() => parseConversation({ items: [{ type: 1 }] }), 'items[0].type invalid_type'],
    [() => parseConversation({ metadata: 1 }), 'metadata invalid_type'],
    [() => parseConversation({ name: 'x' }), 'name unknown_parameter'],
    [() => parseConversation([]), 'null invalid_type'],
    [() => parseConversationUpdate({}), 'metadata missing_required_parameter'],
    [() => parseConversationUpdate({ metadata: { a: {} } }), 'metadata invalid_type'],
    [() => parseConversationItems({}), 'items missing_required_parameter'],
    [() => parseConversationItems({ items: items(21) }), 'items array_above_max_length'],
  ])('case %# is refused: %s', (ask, expected) => {
    expect(refused(ask as () => unknown)).toBe(expected)
  })

  it('take twenty items as they are, and no body at all', () => {
    const body = { items: items(20), metadata: null }
    expect(parseConversation(body)).toBe(body)
    expect(parseConversationItems({ items: body.items }).items).toBe(body.items)
    expect(parseConversation(undefined)).toEqual({})
  })
})

describe('a message of a refusal', () => {
  it('names the parts that are supported', () => {
    const ask = withItem({ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] })
    expect(refusalOf(ask).message).toContain("Supported values are: 'output_text' and 'refusal'.")
  })
})
