import {
  DATED_TOOL_TYPES,
  finalMessage,
  finalText,
  type InputItem,
  isCustomToolCall,
  isFunctionCall,
  isFunctionCallOutput,
  isKnownEvent,
  isKnownItem,
  isMcpApprovalRequest,
  isOutputMessage,
  isReasoningItem,
  isTerminalEvent,
  OUTPUT_ITEM_TYPES,
  type OutputItem,
  outputText,
  type Response,
  type ResponseEvent,
  type ResponseRequest,
  refusalText,
  STREAM_EVENT_TYPES,
  TOOL_TYPES,
  type ToolDefinition,
} from '@antiphon/client'
import { describe, expect, it } from 'vitest'

/** An item as a server sent it, whatever it is. */
const raw = (item: Record<string, unknown>): { type?: unknown } => item

const message = (text: string, phase?: 'commentary' | 'final_answer'): OutputItem => ({
  type: 'message',
  id: `msg_${text.length}`,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
  ...(phase === undefined ? {} : { phase }),
})

/** The sample answer of a gateway: no logprobs, nulls for what was not asked, another model than the one asked for. */
const gatewayResponse: Response = JSON.parse(`{
  "id": "resp_0a153ae8", "object": "response", "created_at": 1772611588, "status": "completed",
  "background": false, "completed_at": 1772611589, "error": null, "incomplete_details": null, "instructions": null,
  "max_output_tokens": null, "model": "gpt-4.1-nano",
  "output": [{ "id": "msg_0a153ae8", "type": "message", "status": "completed", "role": "assistant",
    "content": [{ "type": "output_text", "annotations": [], "text": "Four." }] }],
  "parallel_tool_calls": true, "previous_response_id": null, "prompt_cache_retention": null,
  "reasoning": { "effort": null, "summary": null }, "service_tier": "auto", "store": true, "temperature": 1,
  "text": { "format": { "type": "text" }, "verbosity": "medium" }, "tool_choice": "auto", "tools": [], "top_p": 1,
  "truncation": "disabled", "usage": { "input_tokens": 19, "input_tokens_details": { "cached_tokens": 0 },
  "output_tokens": 9, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": 28 }, "user": null, "metadata": {} }`)

describe('lists of the contract', () => {
  it('names 28 output items, 58 stream events and 16 tools, each once', () => {
    expect(new Set(OUTPUT_ITEM_TYPES).size).toBe(28)
    expect(OUTPUT_ITEM_TYPES).toHaveLength(28)
    expect(new Set(STREAM_EVENT_TYPES).size).toBe(58)
    expect(STREAM_EVENT_TYPES).toHaveLength(58)
    expect(new Set(TOOL_TYPES).size).toBe(16)
    expect(TOOL_TYPES).toHaveLength(16)
  })

  it('maps dated tool names to the tool they are a version of', () => {
    for (const [dated, tool] of Object.entries(DATED_TOOL_TYPES)) {
      expect(TOOL_TYPES).toContain(tool)
      expect(TOOL_TYPES).not.toContain(dated)
      expect(dated.startsWith(tool)).toBe(true)
    }
  })
})

describe('item guards', () => {
  const call: OutputItem = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'add',
    arguments: '',
  }

  it('tells a call from its output although both carry the same call_id', () => {
    const output: InputItem = { type: 'function_call_output', call_id: 'call_1', output: '3' }
    expect(isFunctionCall(call)).toBe(true)
    expect(isFunctionCall(output)).toBe(false)
    expect(isFunctionCallOutput(output)).toBe(true)
    expect(isFunctionCallOutput(call)).toBe(false)
  })

  it('narrows, so that the fields of the shape can be read', () => {
    const items: OutputItem[] = [
      call,
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sh', input: 'ls' },
    ]
    expect(items.filter(isFunctionCall).map((item) => item.arguments)).toEqual([''])
    expect(items.filter(isCustomToolCall).map((item) => item.input)).toEqual(['ls'])
  })

  it('knows reasoning and requests for approval', () => {
    expect(isReasoningItem(raw({ type: 'reasoning', id: 'rs_1', summary: [] }))).toBe(true)
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 's',
      name: 'n',
      arguments: '{}',
    }
    expect(isMcpApprovalRequest(request)).toBe(true)
    expect(isMcpApprovalRequest(call)).toBe(false)
  })

  it('takes only assistant messages in parts for output messages', () => {
    expect(isOutputMessage(message('hi'))).toBe(true)
    expect(isOutputMessage(raw({ type: 'message', role: 'user', content: [] }))).toBe(false)
    expect(isOutputMessage(raw({ type: 'message', role: 'assistant', content: 'hi' }))).toBe(false)
    expect(isOutputMessage(raw({ role: 'assistant', content: 'hi' }))).toBe(false)
  })

  it('knows every item of the contract and no extension', () => {
    for (const type of OUTPUT_ITEM_TYPES) expect(isKnownItem({ type })).toBe(true)
    expect(isKnownItem({ type: 'acme:search_result' })).toBe(false)
    expect(isKnownItem({ type: 'agent_message' })).toBe(false)
    expect(isKnownItem({})).toBe(false)
  })
})

describe('event guards', () => {
  it('knows every event of the contract and nothing else', () => {
    for (const type of STREAM_EVENT_TYPES) expect(isKnownEvent({ type })).toBe(true)
    for (const type of ['keepalive', 'ping', 'acme:trace', 'response.reasoning.delta', 'toString', '']) {
      expect(isKnownEvent({ type })).toBe(false)
    }
  })

  it('ends a stream at completed, incomplete, failed and the cancelled of some servers, not at an error event', () => {
    const terminal = STREAM_EVENT_TYPES.filter((type) => isTerminalEvent({ type }))
    expect(terminal).toEqual(['response.completed', 'response.incomplete', 'response.failed'])
    expect(isTerminalEvent({ type: 'response.cancelled' })).toBe(true)
    expect(isTerminalEvent({ type: 'error' })).toBe(false)
  })

  it('gives the response of a terminal event', () => {
    const events: ResponseEvent[] = [
      { type: 'keepalive', sequence_number: 3 },
      { type: 'response.completed', response: gatewayResponse },
    ]
    expect(events.filter(isTerminalEvent).map((event) => event.response.id)).toEqual(['resp_0a153ae8'])
  })
})

describe('outputText', () => {
  it('reads the sample of a gateway that leaves logprobs out', () => {
    expect(outputText(gatewayResponse)).toBe('Four.')
  })

  it('joins every part of every message without separator and skips other items', () => {
    const items: OutputItem[] = [
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hidden' }] },
      message('One, '),
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
      {
        type: 'message',
        id: 'msg_2',
        role: 'assistant',
        status: 'completed',
        content: [
          { type: 'output_text', text: 'two, ' },
          { type: 'acme:chart', text: 'not text' },
          { type: 'output_text', text: 'three.' },
        ],
      },
      { type: 'acme:note', content: 'not text' },
    ]
    expect(outputText(items)).toBe('One, two, three.')
  })

  it('is empty for no output, empty content, a refusal, and text cut off before it began', () => {
    const holding = (content: unknown) => [raw({ type: 'message', id: 'msg_1', role: 'assistant', content })]
    expect(outputText([])).toBe('')
    expect(outputText(holding([]))).toBe('')
    expect(outputText(holding(null))).toBe('')
    expect(outputText(holding([{ type: 'refusal', refusal: 'No.' }]))).toBe('')
    expect(outputText(holding([{ type: 'output_text' }]))).toBe('')
    expect(outputText(JSON.parse('{"output":null}'))).toBe('')
  })

  it('leaves the user out when given a whole history', () => {
    const history: InputItem[] = [
      { role: 'user', content: 'ask' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'ask' }] },
      message('answer'),
    ]
    expect(outputText(history)).toBe('answer')
  })
})

describe('refusalText', () => {
  it('gives the refusal, and undefined when there is none', () => {
    const refusal: OutputItem = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [
        { type: 'refusal', refusal: 'I cannot ' },
        { type: 'refusal', refusal: 'help with that.' },
      ],
    }
    expect(refusalText([message('ok'), refusal])).toBe('I cannot help with that.')
    expect(refusalText([message('ok')])).toBeUndefined()
  })

  it('tells an empty refusal from none', () => {
    const part = { type: 'refusal', refusal: '' }
    expect(refusalText([raw({ type: 'message', role: 'assistant', content: [part] })])).toBe('')
  })
})

describe('finalText', () => {
  it('takes the message that says it is the answer, also when a remark follows', () => {
    const items = [
      message('Looking…', 'commentary'),
      message('42', 'final_answer'),
      message('Done.', 'commentary'),
    ]
    expect(finalText(items)).toBe('42')
    expect(outputText(items)).toBe('Looking…42Done.')
  })

  it('takes the last of several answers', () => {
    expect(finalText([message('first', 'final_answer'), message('second', 'final_answer')])).toBe('second')
  })

  it('takes the last message when none names its phase', () => {
    const items = [message('first'), message('last'), { type: 'function_call' }]
    expect(finalText(items)).toBe('last')
    expect(finalMessage(items)).toBe(items[1])
  })

  it('is empty without a message', () => {
    expect(finalText([{ type: 'function_call' }])).toBe('')
    expect(finalMessage([])).toBeUndefined()
  })
})

describe('shapes', () => {
  it('hold extensions, unknown fields and values of servers, and narrow all the same', () => {
    const read = (event: ResponseEvent): string => {
      switch (event.type) {
        case 'response.output_text.delta':
          return event.delta
        case 'response.mcp_call.failed':
          return event.item_id
        case 'response.reasoning.delta':
          return event.delta
        case 'error':
          return event.error?.message ?? event.message ?? ''
        default:
          return event.type
      }
    }
    const events: ResponseEvent[] = [
      {
        type: 'response.output_text.delta',
        item_id: '',
        output_index: 0,
        content_index: 0,
        delta: 'a',
        obfuscation: 'x',
      },
      { type: 'response.mcp_call.failed', item_id: 'mcp_1', output_index: 1, sequence_number: 1 },
      { type: 'response.reasoning.delta', item_id: 'rs_1', output_index: 0, content_index: 0, delta: 'b' },
      { type: 'error', message: 'flat', code: 'server_error', param: null },
      { type: 'error', error: { message: 'nested', code: null } },
      { type: 'acme:trace', anything: [1] },
      { type: 'codex.rate_limits', rate_limits: {} },
    ]
    expect(events.map(read)).toEqual(['a', 'mcp_1', 'b', 'flat', 'nested', 'acme:trace', 'codex.rate_limits'])
  })

  it('let a request carry what an endpoint knows beside the contract', () => {
    const tools: ToolDefinition[] = [
      { type: 'function', name: 'add', parameters: { type: 'object' }, strict: false },
      { type: 'web_search_preview_2025_03_11' },
      { type: 'acme:lookup', depth: 2 },
    ]
    const extended: ResponseRequest & { top_k: number } = {
      model: 'gpt-5.4',
      input: [{ role: 'user', content: 'hi' }, message('hello'), { type: 'item_reference', id: 'msg_1' }],
      tools,
      prompt_cache_retention: 'in-memory',
      service_tier: 'a-tier-of-tomorrow',
      top_k: 40,
    }
    const request: ResponseRequest = extended
    expect(JSON.parse(JSON.stringify(request))).toMatchObject({ top_k: 40, tools })
  })
})
