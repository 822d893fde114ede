import { describe, expect, it } from 'vitest'
import { parseCompact, parseCreate, parseInputTokens } from '../src/request/parse-body.ts'
import { checkSupported } from '../src/request/supported.ts'
import { refusalOf, refused } from './request-refusal.ts'

/** A request as the server takes it. */
const take = (body: unknown) => checkSupported(parseCreate(body), {}, false).request

describe('parameters of POST /responses', () => {
  it.each([
    [[], 'null invalid_type'],
    [null, 'null invalid_type'],
    ['text', 'null invalid_type'],
    [{ model: 7 }, 'model invalid_type'],
    [{ model: '' }, 'model empty_string'],
    [{ input: 7 }, 'input invalid_type'],
    [{ input: {} }, 'input invalid_type'],
    [{ instructions: [] }, 'instructions invalid_type'],
    [{ previous_response_id: 1 }, 'previous_response_id invalid_type'],
    [{ conversation: 1 }, 'conversation invalid_type'],
    [{ conversation: {} }, 'conversation.id missing_required_parameter'],
    [{ conversation: { id: 3 } }, 'conversation.id invalid_type'],
    [{ store: 'yes' }, 'store invalid_type'],
    [{ background: 1 }, 'background invalid_type'],
    [{ stream: 'true' }, 'stream invalid_type'],
    [{ stream: true, stream_options: 1 }, 'stream_options invalid_type'],
    [
      { stream: true, stream_options: { include_obfuscation: 1 } },
      'stream_options.include_obfuscation invalid_type',
    ],
    [{ include: 'reasoning.encrypted_content' }, 'include invalid_type'],
    [{ include: ['nonsense'] }, 'include[0] invalid_value'],
    [{ include: ['reasoning.encrypted_content', 1] }, 'include[1] invalid_type'],
    [{ max_output_tokens: 15 }, 'max_output_tokens integer_below_min_value'],
    [{ max_output_tokens: 16.5 }, 'max_output_tokens invalid_type'],
    [{ max_tool_calls: 0 }, 'max_tool_calls integer_below_min_value'],
    [{ parallel_tool_calls: 'no' }, 'parallel_tool_calls invalid_type'],
    [{ temperature: 2.1 }, 'temperature decimal_above_max_value'],
    [{ temperature: -1 }, 'temperature integer_below_min_value'],
    [{ temperature: '1' }, 'temperature invalid_type'],
    [{ top_p: 1.01 }, 'top_p decimal_above_max_value'],
    [{ top_logprobs: 21 }, 'top_logprobs integer_above_max_value'],
    [{ presence_penalty: -3 }, 'presence_penalty integer_below_min_value'],
    [{ frequency_penalty: 3 }, 'frequency_penalty integer_above_max_value'],
    [{ truncation: 'some' }, 'truncation invalid_value'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type invalid_value'],
    [{ text: { format: {} } }, 'text.format.type missing_required_parameter'],
    [
      { text: { format: { type: 'json_schema', schema: {} } } },
      'text.format.name missing_required_parameter',
    ],
    [
      { text: { format: { type: 'json_schema', name: 'a' } } },
      'text.format.schema missing_required_parameter',
    ],
    [
      { text: { format: { type: 'json_schema', name: 'a b', schema: {} } } },
      'text.format.name invalid_value',
    ],
    [
      { text: { format: { type: 'json_schema', name: 'a'.repeat(65), schema: {} } } },
      'text.format.name string_above_max_length',
    ],
    [{ text: { verbosity: 'loud' } }, 'text.verbosity invalid_value'],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort invalid_value'],
    [{ reasoning: { summary: true } }, 'reasoning.summary invalid_type'],
    [{ reasoning: [] }, 'reasoning invalid_type'],
    [{ context_management: [] }, 'context_management empty_array'],
    [{ context_management: [{ type: 'other' }] }, 'context_management[0].type invalid_value'],
    [
      { context_management: [{ type: 'compaction', compact_threshold: 999 }] },
      'context_management[0].compact_threshold integer_below_min_value',
    ],
    [{ prompt_cache_retention: '1h' }, 'prompt_cache_retention invalid_value'],
    [{ prompt_cache_options: { mode: 'x' } }, 'prompt_cache_options.mode invalid_value'],
    [{ safety_identifier: 'x'.repeat(65) }, 'safety_identifier string_above_max_length'],
    [{ service_tier: 'gold' }, 'service_tier invalid_value'],
    [{ user: 7 }, 'user invalid_type'],
    [{ metadata: [] }, 'metadata invalid_type'],
    [{ metadata: { a: 1 } }, 'metadata invalid_type'],
    [{ metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata string_above_max_length'],
    [{ metadata: { k: 'v'.repeat(513) } }, 'metadata string_above_max_length'],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v'])) },
      'metadata object_above_max_properties',
    ],
    [{ nonsense: 1 }, 'nonsense unknown_parameter'],
    [JSON.parse('{"__proto__": {"model": "m"}}'), '__proto__ unknown_parameter'],
    [{ constructor: 1 }, 'constructor unknown_parameter'],
    [{ reasoning: { depth: 1 } }, 'reasoning.depth unknown_parameter'],
    [{ text: { format: { type: 'text', extra: 1 } } }, 'text.format.extra unknown_parameter'],
    [{ prompt: { id: 'pmpt_1' } }, 'prompt unsupported_parameter'],
    [{ moderation: { model: 'm' } }, 'moderation unsupported_parameter'],
    [{ multi_agent: { enabled: true } }, 'multi_agent unsupported_parameter'],
  ])('%j is refused: %s', (body, expected) => {
    expect(refused(() => take(body))).toBe(expected)
  })

  it('takes every parameter at the edge of its range, and is the very object', () => {
    const body = {
      model: 'm',
      input: 'x',
      instructions: null,
      store: true,
      background: true,
      stream: true,
      stream_options: { include_obfuscation: false },
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      max_output_tokens: 16,
      max_tool_calls: 1,
      temperature: 2,
      top_p: 0,
      top_logprobs: 20,
      presence_penalty: -2,
      frequency_penalty: 2,
      text: {
        format: { type: 'json_schema', name: 'a'.repeat(64), schema: {}, strict: null },
        verbosity: 'low',
      },
      reasoning: { effort: 'max', summary: 'auto', context: 'all_turns', mode: 'pro' },
      metadata: Object.fromEntries(
        Array.from({ length: 16 }, (_, n) => [`${'k'.repeat(60)}${n}`, 'v'.repeat(512)]),
      ),
      context_management: [{ type: 'compaction', compact_threshold: 1000 }],
      prompt_cache_retention: 'in-memory',
      prompt_cache_options: { ttl: '30m', mode: 'explicit' },
      safety_identifier: '😀'.repeat(64),
      service_tier: 'priority',
      user: 'u',
    }
    expect(take(body)).toBe(body)
  })

  it('names the values that are supported', () => {
    expect(refusalOf(() => take({ truncation: 'some' })).message).toBe(
      "Invalid value for 'truncation': 'some'. Supported values are: 'auto' and 'disabled'.",
    )
    expect(refusalOf(() => take({ max_output_tokens: 5 })).message).toContain('>= 16, but got 5')
  })

  it('shows at most a beginning of what was sent', () => {
    expect(refusalOf(() => take({ truncation: 'x'.repeat(10_000) })).message.length).toBeLessThan(300)
    expect(refusalOf(() => take({ ['x'.repeat(10_000)]: 1 })).message.length).toBeLessThan(300)
  })
})

describe('rules between parameters', () => {
  it.each([
    [
      { previous_response_id: 'resp_1', conversation: 'conv_1' },
      'previous_response_id mutually_exclusive_parameters',
    ],
    [{ stream_options: {} }, 'stream_options invalid_value'],
    [{ stream: false, stream_options: { include_obfuscation: true } }, 'stream_options invalid_value'],
    [{ background: true, store: false }, 'background unsupported_value'],
    [{ top_logprobs: 3 }, 'top_logprobs invalid_value'],
    [{ tool_choice: { type: 'function', name: 'f' } }, 'tool_choice invalid_value'],
    [
      { tools: [{ type: 'function', name: 'g' }], tool_choice: { type: 'function', name: 'f' } },
      'tool_choice invalid_value',
    ],
    [
      { tool_choice: { type: 'custom', name: 'f' }, tools: [{ type: 'function', name: 'f' }] },
      'tool_choice invalid_value',
    ],
    [{ tool_choice: { type: 'mcp', server_label: 's' } }, 'tool_choice invalid_value'],
    [{ tool_choice: { type: 'file_search' } }, 'tool_choice invalid_value'],
    [
      {
        tools: [{ type: 'function', name: 'f' }],
        tool_choice: {
          type: 'allowed_tools',
          mode: 'auto',
          tools: [
            { type: 'function', name: 'f' },
            { type: 'function', name: 'g' },
          ],
        },
      },
      'tool_choice.tools[1] invalid_value',
    ],
  ])('%j is refused: %s', (body, expected) => {
    expect(refused(() => take(body))).toBe(expected)
  })

  it.each([
    [{ tool_choice: { type: 'function', name: 'f' }, tools: [{ type: 'function', name: 'f' }] }],
    [{ tool_choice: { type: 'function', name: 'f' }, previous_response_id: 'resp_1' }],
    [
      {
        tool_choice: { type: 'function', name: 'f' },
        tools: [{ type: 'namespace', name: 'n', description: '', tools: [{ type: 'function', name: 'f' }] }],
      },
    ],
    [
      {
        tool_choice: { type: 'function', name: 'f' },
        input: [{ type: 'additional_tools', role: 'developer', tools: [{ type: 'function', name: 'f' }] }],
      },
    ],
    [{ tool_choice: { type: 'web_search' }, tools: [{ type: 'web_search_2025_08_26' }] }],
    [{ model: 'weather', tool_choice: { type: 'mcp', server_label: 'weather' } }],
    [{ tool_choice: 'required' }],
    [{ conversation: 'conv_1', previous_response_id: null }],
    [{ stream_options: null }],
    [{ background: false, store: false }],
    [{ top_logprobs: 0 }],
  ])('%j is accepted', (body) => {
    expect(take(body)).toBe(body)
  })
})

describe('a choice where the upstream has tools of its own', () => {
  it('is left to it', () => {
    const asked = parseCreate({ tool_choice: { type: 'function', name: 'own' } })
    expect(checkSupported(asked, {}, false, { bringsTools: true }).request).toBe(asked)
    expect(refused(() => checkSupported(asked, {}, false))).toBe('tool_choice invalid_value')
  })
})

describe('compact and input_tokens', () => {
  it.each([
    [{ model: 'm' }, 'input missing_required_parameter'],
    [{ model: 'm', input: 'x', tools: [] }, 'tools unknown_parameter'],
    [
      { model: 'm', input: 'x', prompt_cache_key: 'k'.repeat(65) },
      'prompt_cache_key string_above_max_length',
    ],
    [{ model: 'm', input: [{ type: 1 }] }, 'input[0].type invalid_type'],
    [{ model: 7, input: 'x' }, 'model invalid_type'],
  ])('compact: %j is refused: %s', (body, expected) => {
    expect(refused(() => parseCompact(body))).toBe(expected)
  })

  it.each([
    [{ input: 'x', stream: true }, 'stream unknown_parameter'],
    [{ tools: 1 }, 'tools invalid_type'],
    [{ tool_choice: 'never' }, 'tool_choice invalid_value'],
    [
      { previous_response_id: 'resp_1', conversation: 'conv_1' },
      'previous_response_id mutually_exclusive_parameters',
    ],
  ])('input_tokens: %j is refused: %s', (body, expected) => {
    expect(refused(() => parseInputTokens(body))).toBe(expected)
  })

  it('are the very objects', () => {
    const compact = { model: 'm', input: [{ role: 'user', content: 'x' }], previous_response_id: null }
    expect(parseCompact(compact)).toBe(compact)
    const count = { model: 'm', input: 'x', tools: null, personality: 'friendly', truncation: 'auto' }
    expect(parseInputTokens(count)).toBe(count)
  })
})

describe('an MCP server without an address', () => {
  const body = { model: 'm', input: 'x', tools: [{ type: 'mcp', server_label: 'notes' }] }

  it('is refused where no labels are known', () => {
    expect(refused(() => take(body))).toBe('tools[0].server_url missing_required_parameter')
  })

  it('is taken where the server knows its label', () => {
    expect(checkSupported(parseCreate(body), {}, false, { namesMcpServers: true }).request).toEqual(body)
  })
})
