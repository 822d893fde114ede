import { checkRequest, ParameterError, type ResponseRequest } from '@antiphon/client'
import { describe, expect, it } from 'vitest'

const refusal = (params: Record<string, unknown>, streaming?: boolean): ParameterError | undefined => {
  try {
    checkRequest(params as ResponseRequest, streaming === undefined ? {} : { streaming })
    return undefined
  } catch (error) {
    if (error instanceof ParameterError) return error
    throw error
  }
}

const passes = (params: Record<string, unknown>, streaming?: boolean): void => {
  expect(refusal(params, streaming)?.message).toBeUndefined()
}

const refuses = (params: Record<string, unknown>, param: string): string => {
  const error = refusal(params)
  expect(error?.param).toBe(param)
  expect(error?.code).toBe('invalid_parameter')
  expect(error?.retryable).toBe(false)
  expect(error?.message).toContain('Expected ')
  return error?.message ?? ''
}

const withLogprobs = { include: ['message.output_text.logprobs'] }
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']))
const fn = (name: unknown) => ({ type: 'function', name, parameters: {} })

describe('numbers at and beyond the edges of their range', () => {
  it.each([
    ['temperature', [0, 0.2, 2], [-0.01, 2.01, Number.NaN, Number.POSITIVE_INFINITY, '1', true]],
    ['top_p', [0, 1, 0.1], [-0.1, 1.0001, Number.NaN, '0.5']],
    ['max_output_tokens', [16, 100_000], [15, 0, -1, 16.5, Number.NaN, '16']],
    ['max_tool_calls', [1, 500], [0, -1, 1.5, '3']],
    ['top_logprobs', [0, 1, 20], [-1, 21, 1.5, '5', Number.NaN]],
  ])('%s', (name, allowed, refused) => {
    for (const value of allowed) passes({ ...withLogprobs, [name]: value })
    for (const value of refused) refuses({ ...withLogprobs, [name]: value }, name)
  })

  it('says what it expected and what it got', () => {
    expect(refuses({ temperature: 3 }, 'temperature')).toBe(
      'Expected `temperature` to be a number from 0 to 2, got `3`.',
    )
  })
})

describe('null and undefined', () => {
  it.each([
    'temperature',
    'top_p',
    'max_output_tokens',
    'max_tool_calls',
    'top_logprobs',
    'safety_identifier',
    'metadata',
    'include',
    'text',
    'context_management',
    'previous_response_id',
    'conversation',
    'stream_options',
    'tools',
    'tool_choice',
  ])('%s passes with both', (name) => {
    passes({ [name]: null })
    passes({ [name]: undefined })
  })
})

describe('top_logprobs and its include', () => {
  it('is refused without message.output_text.logprobs', () => {
    expect(refuses({ top_logprobs: 5 }, 'top_logprobs')).toContain('message.output_text.logprobs')
    refuses({ top_logprobs: 5, include: ['reasoning.encrypted_content'] }, 'top_logprobs')
    passes({ top_logprobs: 5, ...withLogprobs })
  })

  it('needs none for 0, which asks for nothing', () => passes({ top_logprobs: 0 }))
})

describe('metadata', () => {
  it('has at most 16 pairs', () => {
    passes({ metadata: {} })
    passes({ metadata: pairs(16) })
    expect(refuses({ metadata: pairs(17) }, 'metadata')).toContain('17')
    passes({ metadata: { ...pairs(16), unset: undefined } })
  })

  it('has keys of at most 64 and values of at most 512 characters', () => {
    passes({ metadata: { ['k'.repeat(64)]: 'v'.repeat(512) } })
    refuses({ metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata')
    refuses({ metadata: { k: 'v'.repeat(513) } }, 'metadata.k')
  })

  it('counts characters, not UTF-16 units', () => {
    passes({ metadata: { ['🦄'.repeat(64)]: '🦄'.repeat(512) } })
    refuses({ metadata: { k: '🦄'.repeat(513) } }, 'metadata.k')
  })

  it('has string values', () => {
    for (const value of [1, true, null, {}, []]) refuses({ metadata: { k: value } }, 'metadata.k')
    for (const value of ['text', 5, ['a']]) refuses({ metadata: value }, 'metadata')
  })
})

describe('safety_identifier', () => {
  it('has at most 64 characters', () => {
    passes({ safety_identifier: 'x'.repeat(64) })
    refuses({ safety_identifier: 'x'.repeat(65) }, 'safety_identifier')
    refuses({ safety_identifier: 7 }, 'safety_identifier')
  })
})

describe('parameters that exclude or need each other', () => {
  it('takes previous_response_id or conversation, not both', () => {
    passes({ previous_response_id: 'resp_1' })
    passes({ conversation: 'conv_1' })
    passes({ previous_response_id: 'resp_1', conversation: null })
    refuses({ previous_response_id: 'resp_1', conversation: 'conv_1' }, 'previous_response_id')
    refuses({ previous_response_id: 'resp_1', conversation: { id: 'conv_1' } }, 'previous_response_id')
  })

  it('takes stream_options only when streaming', () => {
    const params = { stream_options: { include_obfuscation: false } }
    refuses(params, 'stream_options')
    refuses({ ...params, stream: false }, 'stream_options')
    passes({ ...params, stream: true })
    passes(params, true)
    expect(refusal({ ...params, stream: true }, false)?.param).toBe('stream_options')
  })
})

describe('include', () => {
  it('lets unknown values pass and refuses what is no string', () => {
    passes({ include: [] })
    passes({ include: ['reasoning.encrypted_content', 'acme.new_thing'] })
    refuses({ include: 'reasoning.encrypted_content' }, 'include')
    refuses({ include: ['a', 1] }, 'include[1]')
  })
})

describe('text.format', () => {
  const named = (name: unknown) => ({ text: { format: { type: 'json_schema', name, schema: {} } } })

  it('has a name of 1 to 64 letters, digits, _ and -', () => {
    passes(named('a'))
    passes(named(`Z_9-${'x'.repeat(60)}`))
    for (const name of ['', 'x'.repeat(65), 'a b', 'a.b', 'é', 'a\n', undefined, 5])
      refuses(named(name), 'text.format.name')
  })

  it('lets every other format pass', () => {
    passes({ text: { format: { type: 'text' } } })
    passes({ text: { format: { type: 'acme:grammar' }, verbosity: 'low' } })
    passes({ text: { format: null } })
  })
})

describe('context_management', () => {
  const threshold = (value: unknown) => ({
    context_management: [{ type: 'compaction', compact_threshold: value }],
  })

  it('has at least one entry, with thresholds of at least 1000', () => {
    passes(threshold(1000))
    passes(threshold(undefined))
    passes(threshold(null))
    refuses({ context_management: [] }, 'context_management')
    refuses({ context_management: {} }, 'context_management')
    for (const value of [999, 1000.5, '1000'])
      refuses(threshold(value), 'context_management[0].compact_threshold')
  })
})

describe('tools', () => {
  it('have names of 1 to 128 letters, digits, _ and -', () => {
    passes({ tools: [fn('a'), fn('x'.repeat(128)), fn('A_b-9')] })
    for (const name of ['', 'x'.repeat(129), 'a.b', 'a b', undefined])
      refuses({ tools: [fn('ok'), fn(name)] }, 'tools[1].name')
    refuses({ tools: {} }, 'tools')
  })

  it('have names that are unique among functions, and per namespace', () => {
    expect(refuses({ tools: [fn('a'), fn('b'), fn('a')] }, 'tools[2].name')).toContain('`a` twice')
    passes({ tools: [fn('a'), { type: 'namespace', name: 'crm', tools: [fn('a')] }] })
    refuses(
      { tools: [{ type: 'namespace', name: 'crm', tools: [fn('a'), fn('a')] }] },
      'tools[0].tools[1].name',
    )
  })

  it('of other and unknown types pass untouched', () => {
    passes({
      tools: [
        { type: 'web_search_preview' },
        { type: 'acme:search', name: 'a b' },
        { type: 'web_search_preview' },
      ],
    })
  })
})

describe('tool_choice', () => {
  const tools = [
    fn('a'),
    { type: 'custom', name: 'c' },
    { type: 'mcp', server_label: 'm', server_url: 'http://x' },
  ]

  it.each([
    'auto',
    'none',
    'required',
    { type: 'function', name: 'a' },
    { type: 'custom', name: 'c' },
    { type: 'mcp', server_label: 'm' },
    { type: 'web_search_preview' },
    { type: 'acme:choice', name: 'q' },
    {
      type: 'allowed_tools',
      mode: 'auto',
      tools: [
        { type: 'function', name: 'a' },
        { type: 'mcp', server_label: 'm' },
      ],
    },
  ])('%j passes', (tool_choice) => passes({ tools, tool_choice }))

  it.each([
    { type: 'function', name: 'b' },
    { type: 'function', name: 'c' },
    { type: 'custom', name: 'a' },
    { type: 'mcp', server_label: 'n' },
    {
      type: 'allowed_tools',
      mode: 'auto',
      tools: [
        { type: 'function', name: 'a' },
        { type: 'function', name: 'b' },
      ],
    },
  ])('%j names a tool that is not there', (tool_choice) => {
    refuses({ tools, tool_choice }, 'tool_choice')
    refuses({ tool_choice }, 'tool_choice')
  })

  it('passes when tools may come from a template, stored state or the input', () => {
    const tool_choice = { type: 'function', name: 'later' }
    passes({ tool_choice, prompt: { id: 'pmpt_1' } })
    passes({ tool_choice, previous_response_id: 'resp_1' })
    passes({ tool_choice, input: [{ type: 'additional_tools', role: 'developer', tools: [fn('later')] }] })
    passes({ tool_choice, tools: [{ type: 'namespace', name: 'crm', tools: [fn('later')] }] })
  })
})

describe('what no contract limits', () => {
  it('passes untouched', () => {
    const params = {
      model: '',
      input: 5,
      prompt_cache_key: 'x'.repeat(200),
      acme_option: { deep: Number.NaN },
      user: 9,
    }
    const before = structuredClone(params)
    passes(params)
    expect(params).toEqual(before)
  })

  it('is not looked at: input items are never visited', () => {
    const input = new Proxy([], { get: () => expect.unreachable('input was read') })
    passes({ model: 'm', input, tools: [fn('a')], tool_choice: { type: 'function', name: 'a' } })
  })
})
