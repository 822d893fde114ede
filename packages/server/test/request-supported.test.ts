import type { ResponseRequest } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { PARAMETERS } from '../src/request/parameter-policy.ts'
import { parseCreate } from '../src/request/parse-body.ts'
import { checkSupported } from '../src/request/supported.ts'
import { refusalOf, refused } from './request-refusal.ts'

const why = 'The model has none.'
const take = (body: unknown, refuses: Record<string, string> = {}, lenient = false) =>
  checkSupported(parseCreate(body), refuses, lenient)

describe('what the upstream refuses', () => {
  it.each([
    ['temperature', { temperature: 0.5 }, 'temperature unsupported_parameter'],
    ['temperature', { temperature: 0 }, 'temperature unsupported_parameter'],
    ['instructions', { instructions: 'x' }, 'instructions unsupported_parameter'],
    ['truncation', { truncation: 'auto' }, 'truncation unsupported_parameter'],
    ['truncation.auto', { truncation: 'auto' }, 'truncation unsupported_value'],
    ['service_tier', { service_tier: 'flex' }, 'service_tier unsupported_parameter'],
    ['parallel_tool_calls', { parallel_tool_calls: false }, 'parallel_tool_calls unsupported_parameter'],
    ['reasoning', { reasoning: { effort: 'low' } }, 'reasoning unsupported_parameter'],
    ['reasoning.summary', { reasoning: { summary: 'auto' } }, 'reasoning.summary unsupported_parameter'],
    ['reasoning.effort.max', { reasoning: { effort: 'max' } }, 'reasoning.effort unsupported_value'],
    ['text.verbosity', { text: { verbosity: 'low' } }, 'text.verbosity unsupported_parameter'],
    [
      'text.format.json_object',
      { text: { format: { type: 'json_object' } } },
      'text.format.type unsupported_value',
    ],
    ['tools', { tools: [{ type: 'shell' }] }, 'tools unsupported_parameter'],
    [
      'tools.web_search',
      { tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] },
      'tools[1].type unsupported_value',
    ],
    [
      'include.reasoning.encrypted_content',
      { include: ['web_search_call.results', 'reasoning.encrypted_content'] },
      'include[1] unsupported_value',
    ],
    ['tool_choice.required', { tool_choice: 'required' }, 'tool_choice unsupported_value'],
    [
      'tool_choice.allowed_tools',
      { tool_choice: { type: 'allowed_tools', tools: [{ type: 'shell' }] }, tools: [{ type: 'shell' }] },
      'tool_choice unsupported_value',
    ],
    ['background', { background: true }, 'background unsupported_parameter'],
    ['store', { store: false }, 'store unsupported_parameter'],
  ])('%s: %j is refused: %s', (name, body, expected) => {
    expect(refused(() => take(body, { [name]: why }))).toBe(expected)
    expect(refusalOf(() => take(body, { [name]: why })).message).toContain(why)
  })

  it.each([
    ['temperature', { temperature: 1 }],
    ['top_p', { top_p: 1 }],
    ['top_logprobs', { top_logprobs: 0 }],
    ['truncation', { truncation: 'disabled' }],
    ['service_tier', { service_tier: 'auto' }],
    ['parallel_tool_calls', { parallel_tool_calls: true }],
    ['tool_choice', { tool_choice: 'auto' }],
    ['tools', { tools: [] }],
    ['include', { include: [] }],
    ['text', { text: { format: { type: 'text' }, verbosity: 'medium' } }],
    ['reasoning', { reasoning: { effort: null, context: 'auto' } }],
    ['reasoning.summary', { reasoning: { effort: 'low', summary: null } }],
    ['prompt_cache_options', { prompt_cache_options: { mode: 'implicit' } }],
    ['background', { background: false }],
    ['store', { store: true }],
    ['instructions', { instructions: null }],
    ['max_output_tokens', {}],
  ])('%s: %j asks for nothing and is accepted', (name, body) => {
    const { request, warnings } = take(body, { [name]: why })
    expect(warnings).toEqual([])
    const [first = ''] = name.split('.')
    if (first === name) expect(request).not.toHaveProperty(name)
  })

  it('is nothing where nothing is refused: then it is the very request', () => {
    const body = { temperature: 1, text: { format: { type: 'text' } } }
    expect(take(body).request).toBe(body)
  })

  it.each(['prompt', 'moderation', 'multi_agent'])('%s: null is accepted, and goes no further', (name) => {
    expect(take({ [name]: null }).request).toEqual({})
  })

  it('accepts multi_agent when it is off', () => {
    expect(take({ multi_agent: { enabled: false } }).request).toEqual({})
  })
})

describe('a lenient server', () => {
  it('leaves out what it cannot honour, and says so', () => {
    const tool = { type: 'function', name: 'f' }
    const body = {
      model: 'm',
      temperature: 0.5,
      nonsense: 'ü\r\n',
      prompt: { id: 'pmpt_1' },
      reasoning: { effort: 'low', depth: 1 },
      tools: [tool, { type: 'web_search' }],
      include: ['reasoning.encrypted_content', 'web_search_call.results'],
      text: { format: { type: 'json_object' } },
    }
    const before = structuredClone(body)
    const refuses = {
      temperature: why,
      'tools.web_search': why,
      'include.reasoning.encrypted_content': why,
      'text.format.json_object': why,
    }
    const { request, warnings } = take(body, refuses, true)
    expect(request).toEqual({
      model: 'm',
      reasoning: { effort: 'low' },
      tools: [tool],
      include: ['web_search_call.results'],
      text: {},
    })
    expect(request.tools?.[0]).toBe(tool)
    expect(body).toEqual(before)
    expect(warnings).toHaveLength(7)
    for (const name of ['nonsense', 'prompt', 'reasoning.depth', 'temperature', 'tools[1].type']) {
      expect(warnings.some((warning) => warning.includes(`'${name}'`))).toBe(true)
    }
    for (const warning of warnings) expect(warning).toMatch(/^[\x20-\x7e]+$/)
  })

  it('says nothing of a parameter that asks for nothing', () => {
    expect(take({ temperature: 1 }, { temperature: why }, true)).toEqual({ request: {}, warnings: [] })
  })

  it('still refuses what is wrong', () => {
    expect(refused(() => take({ temperature: 'x' }, { temperature: why }, true))).toBe(
      'temperature invalid_type',
    )
    expect(refused(() => take({ stream_options: {} }, {}, true))).toBe('stream_options invalid_value')
  })

  it('drops a parameter by a name that objects have of their own', () => {
    const body = JSON.parse('{"model":"m","__proto__":{"stream":true},"constructor":1}')
    const { request, warnings } = take(body, {}, true)
    expect(request).toEqual({ model: 'm' })
    expect(request.stream).toBeUndefined()
    expect(warnings).toHaveLength(2)
  })
})

describe('the table of parameters', () => {
  it('has every parameter that a request may have', () => {
    // Fails to compile when the protocol gets a parameter that nobody has decided about.
    const all: Record<keyof Required<ResponseRequest>, true> = {
      model: true,
      input: true,
      instructions: true,
      previous_response_id: true,
      conversation: true,
      prompt: true,
      context_management: true,
      truncation: true,
      include: true,
      max_output_tokens: true,
      temperature: true,
      top_p: true,
      top_logprobs: true,
      presence_penalty: true,
      frequency_penalty: true,
      text: true,
      reasoning: true,
      tools: true,
      tool_choice: true,
      parallel_tool_calls: true,
      max_tool_calls: true,
      stream: true,
      stream_options: true,
      store: true,
      background: true,
      metadata: true,
      service_tier: true,
      prompt_cache_key: true,
      prompt_cache_retention: true,
      prompt_cache_options: true,
      safety_identifier: true,
      user: true,
      moderation: true,
    }
    for (const name of Object.keys(all)) expect(PARAMETERS.has(name), name).toBe(true)
  })
})
