import type { OutputItem, ResponseRequest } from '@antiphon/client'
import { lifecycleEvents } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginResponse, endResponse } from '../src/request/echo.ts'
import { parseCreate } from '../src/request/parse-body.ts'
import { toolWithoutSecrets, withoutSecrets } from '../src/request/without-secrets.ts'
import { checkOpenAi, checkOpenResponses } from './openapi.ts'
import { problemsOfEvents, problemsOfResponse } from './valid-response.ts'

const begin = (request: ResponseRequest = {}) =>
  beginResponse(request, {
    id: 'resp_0123456789abcdef0123456789abcdef',
    model: 'm',
    createdAt: 1_700_000_000,
  })

const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.oneof(value, fc.constant(null), fc.constant(undefined))

const functionTool = fc.record(
  {
    type: fc.constant('function' as const),
    name: fc.stringMatching(/^[a-z_]{1,20}$/),
    description: fc.oneof(fc.string(), fc.constant(null)),
    parameters: fc.oneof(fc.constant({ type: 'object', properties: {} }), fc.constant(null)),
    strict: fc.oneof(fc.boolean(), fc.constant(null)),
  },
  { requiredKeys: ['type', 'name'] },
)

const mcpTool = fc.record({
  type: fc.constant('mcp' as const),
  server_label: fc.stringMatching(/^[a-z]{1,8}$/),
  server_url: fc.constant('https://user:SECRET@example.com/mcp?key=SECRET'),
  authorization: fc.constant('SECRET'),
  headers: fc.constant({ authorization: 'SECRET' }),
})

const nameOf = (tool: object): string => `${Object.values(tool)[0]} ${Object.values(tool)[1]}`

/** Requests of every parameter that is echoed. */
const requests = fc.record(
  {
    model: fc.constant('m'),
    instructions: nullable(fc.string()),
    previous_response_id: nullable(fc.constant('resp_1')),
    store: nullable(fc.boolean()),
    background: nullable(fc.boolean()),
    temperature: nullable(fc.double({ min: 0, max: 2, noNaN: true })),
    top_p: nullable(fc.double({ min: 0, max: 1, noNaN: true })),
    top_logprobs: nullable(fc.integer({ min: 0, max: 20 })),
    presence_penalty: nullable(fc.integer({ min: -2, max: 2 })),
    frequency_penalty: nullable(fc.integer({ min: -2, max: 2 })),
    max_output_tokens: nullable(fc.integer({ min: 16, max: 1_000_000 })),
    max_tool_calls: nullable(fc.integer({ min: 1, max: 100 })),
    parallel_tool_calls: nullable(fc.boolean()),
    truncation: nullable(fc.constantFrom('auto', 'disabled')),
    text: nullable(
      fc.record(
        {
          format: nullable(
            fc.constantFrom<unknown>(
              { type: 'text' },
              { type: 'json_object' },
              { type: 'json_schema', name: 'out', schema: { type: 'object' } },
              { type: 'json_schema', name: 'out', schema: {}, strict: true, description: 'd' },
            ),
          ),
          verbosity: nullable(fc.constantFrom('low', 'medium', 'high')),
        },
        { requiredKeys: [] },
      ),
    ),
    reasoning: nullable(
      fc.record(
        {
          effort: nullable(fc.constantFrom('none', 'minimal', 'low', 'max')),
          summary: nullable(fc.constantFrom('auto', 'detailed')),
          generate_summary: nullable(fc.constantFrom('concise')),
        },
        { requiredKeys: [] },
      ),
    ),
    metadata: nullable(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 16 }),
    ),
    service_tier: nullable(fc.constantFrom('auto', 'default', 'flex', 'priority')),
    prompt_cache_key: nullable(fc.string({ maxLength: 64 })),
    prompt_cache_retention: nullable(fc.constantFrom('in_memory', '24h')),
    prompt_cache_options: fc.constantFrom(undefined, {}, { mode: 'explicit' }),
    safety_identifier: nullable(fc.string({ maxLength: 20 })),
    user: fc.constantFrom(undefined, 'u'),
    tools: nullable(fc.uniqueArray(fc.oneof(functionTool, mcpTool), { maxLength: 4, selector: nameOf })),
    tool_choice: nullable(
      fc.constantFrom<unknown>(
        'none',
        'required',
        { type: 'function', name: 'f' },
        { type: 'mcp', server_label: 's' },
        { type: 'allowed_tools', tools: [{ type: 'function', name: 'f' }] },
        { type: 'allowed_tools', mode: 'required', tools: [{ type: 'mcp', server_label: 's' }] },
      ),
    ),
    context_management: nullable(fc.constant([{ type: 'compaction', compact_threshold: 5000 }])),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ResponseRequest>

const message: OutputItem = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hello there', annotations: [], logprobs: [] }],
}
const call: OutputItem = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'f',
  arguments: '{"a":1}',
  status: 'completed',
}

const endings = fc.constantFrom(
  { status: 'completed', output: [message, call], usage: { input_tokens: 3, output_tokens: null } },
  { status: 'completed', output: [message] },
  { status: 'incomplete', output: [message], incomplete_details: { reason: 'max_output_tokens' } },
  { status: 'failed', error: { code: 'server_error', message: 'It failed.' } },
  { status: 'cancelled', output: [] },
) as fc.Arbitrary<Parameters<typeof endResponse>[1]>

describe('the echo', () => {
  it('is what both descriptions of the protocol want, whatever was asked, at its beginning and at its end', () => {
    fc.assert(
      fc.property(requests, endings, (request, ending) => {
        parseCreate(request)
        const base = begin(request)
        expect(problemsOfResponse(base)).toEqual([])
        const ended = endResponse(base, ending)
        expect(problemsOfResponse(ended)).toEqual([])
        expect(JSON.stringify(ended)).not.toContain('SECRET')
      }),
      { numRuns: 150 },
    )
  })

  it(`is checked against OpenAI's description: ${checkOpenAi ? 'it is there' : 'IT IS NOT THERE, only our own schema was used'}`, () => {
    const broken = { ...begin(), tools: 1 }
    expect(checkOpenAi === undefined || checkOpenAi('Response', broken).length > 0).toBe(true)
  })

  it(`is checked against that of Open Responses: ${checkOpenResponses ? 'it is there' : 'IT IS NOT THERE, only our own schema was used'}`, () => {
    const { truncation: _, ...broken } = begin()
    expect(
      checkOpenResponses === undefined || checkOpenResponses('ResponseResource', broken).length > 0,
    ).toBe(true)
  })

  it('shows the defaults that hold, and no null where readers fail on it', () => {
    expect(begin()).toEqual({
      id: 'resp_0123456789abcdef0123456789abcdef',
      object: 'response',
      created_at: 1_700_000_000,
      status: 'in_progress',
      background: false,
      completed_at: null,
      error: null,
      frequency_penalty: 0,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      model: 'm',
      output: [],
      parallel_tool_calls: true,
      presence_penalty: 0,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'auto',
      store: true,
      temperature: 1,
      text: { format: { type: 'text' }, verbosity: 'medium' },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: 1,
      truncation: 'disabled',
      usage: null,
    })
  })

  it('names a conversation by its id, however it was given', () => {
    expect(begin({ conversation: 'conv_1' }).conversation).toEqual({ id: 'conv_1' })
    expect(begin({ conversation: { id: 'conv_1' } }).conversation).toEqual({ id: 'conv_1' })
  })

  it('begins queued in the background', () => {
    expect(begin({ background: true }).status).toBe('queued')
  })

  it('shows a function with all four fields that are required', () => {
    expect(begin({ tools: [{ type: 'function', name: 'f' }] }).tools).toEqual([
      { type: 'function', name: 'f', description: null, parameters: null, strict: null },
    ])
  })

  it('counts tokens in integers, and says null of a failed response without any', () => {
    expect(
      endResponse(begin(), { status: 'completed', usage: { input_tokens: 2, output_tokens: 3 } }).usage,
    ).toEqual({
      input_tokens: 2,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 3,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 5,
    })
    const error = { code: 'server_error', message: 'x' } as const
    expect(endResponse(begin(), { status: 'failed', error }).usage).toBeNull()
  })

  it('has completed_at only when it completed', () => {
    expect(endResponse(begin(), { status: 'completed', completed_at: 7 }).completed_at).toBe(7)
    expect(endResponse(begin(), { status: 'incomplete', completed_at: 7 }).completed_at).toBeNull()
  })
})

describe('secrets of tools', () => {
  it.each([
    [{ type: 'mcp', server_label: 's', server_url: 'https://h/p?token=SECRET#SECRET' }],
    [{ type: 'mcp', server_label: 's', server_url: 'https://me:SECRET@h/p' }],
    [{ type: 'mcp', server_label: 's', server_url: '//SECRET@h/p' }],
    [{ type: 'mcp', server_label: 's', headers: { a: 'SECRET' }, authorization: 'SECRET' }],
    [
      {
        type: 'code_interpreter',
        container: {
          type: 'auto',
          network_policy: { type: 'allowlist', domain_secrets: [{ value: 'SECRET' }] },
        },
      },
    ],
    [{ type: 'shell', environment: { network_policy: { domain_secrets: [{ value: 'SECRET' }] } } }],
  ])('%j shows none', (tool) => {
    expect(JSON.stringify(toolWithoutSecrets(tool))).not.toContain('SECRET')
  })

  it('are not in a request that is stored, nor in the tools that its items bring; all else is the same', () => {
    const tool = { type: 'mcp' as const, server_label: 's', server_url: 'https://h', authorization: 'SECRET' }
    const item = { type: 'additional_tools', role: 'developer', tools: [tool] }
    const user = { role: 'user', content: 'hi' }
    const stored = withoutSecrets({ model: 'm', tools: [tool], input: [item, user] as never })
    expect(JSON.stringify(stored)).not.toContain('SECRET')
    expect(stored.input?.[1]).toBe(user)
    expect(stored.model).toBe('m')
  })
})

describe('the checker of events', () => {
  const whole = endResponse(begin(), {
    status: 'completed',
    output: [message, call],
    completed_at: 1_700_000_001,
  })

  it('finds nothing wrong with a stream as it should be', () => {
    expect(problemsOfEvents(lifecycleEvents(whole))).toEqual([])
  })

  it('nor with one that failed, its error told flat and nested before its end', () => {
    const error = { code: 'server_error', message: 'It failed.' } as const
    const events: object[] = lifecycleEvents(
      endResponse(begin(), { status: 'failed', output: [message], error }),
    )
    const body = { ...error, param: null }
    events.splice(-1, 0, { type: 'error', ...body, error: { type: 'server_error', ...body } })
    expect(problemsOfEvents(events.map((event, sequence_number) => ({ ...event, sequence_number })))).toEqual(
      [],
    )
  })

  it('nor with what Open Responses has no word for, nor with a stream that is taken up again', () => {
    const output = [
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'So' }] },
      {
        type: 'mcp_call',
        id: 'mcp_1',
        server_label: 'a',
        name: 'f',
        arguments: '{}',
        output: 'x',
        status: 'completed',
      },
      message,
    ] as OutputItem[]
    const events = lifecycleEvents(endResponse(begin(), { status: 'completed', output }))
    expect(problemsOfEvents(events)).toEqual([])
    expect(problemsOfEvents(events.slice(5), { first: 5 })).toEqual([])
    expect(problemsOfEvents(events.slice(5), { first: 6 })).not.toEqual([])
  })

  it.each([
    ['a missing event', (events: object[]) => events.splice(4, 1)],
    ['a second end', (events: object[]) => events.push({ ...events.at(-1), sequence_number: events.length })],
    ['no end', (events: object[]) => events.pop()],
    [
      'another id at the end of an item',
      (events: object[]) => {
        const at = events.findIndex(
          (event) => (event as { type: string }).type === 'response.output_item.done',
        )
        events[at] = { ...events[at], item: { ...message, id: 'msg_2' } }
      },
    ],
    [
      'an error that is none',
      (events: object[]) => Object.assign(events[3] ?? {}, { error: { message: 'x' } }),
    ],
    [
      'a number that is not the next',
      (events: object[]) => Object.assign(events[3] ?? {}, { sequence_number: 99 }),
    ],
  ])('finds %s', (_, spoil) => {
    const events = lifecycleEvents(whole).map((event) => ({ ...event }))
    spoil(events)
    expect(problemsOfEvents(events)).not.toEqual([])
  })
})
