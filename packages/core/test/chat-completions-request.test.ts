import type { ResponseRequest } from '@antiphon/client'
import { chatCompletions } from 'antiphon'
import { fakeUpstream } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { ChatBody } from '../src/models/chat-completions/chat-body.ts'
import type { ChatDialect } from '../src/models/chat-completions/chat-dialect.ts'
import { toChatTools } from '../src/models/chat-completions/chat-tools.ts'
import { toChatParameters } from '../src/models/chat-completions/to-chat-parameters.ts'
import { ask, askUpstream, chunk } from './chat-completions-upstream.ts'

interface Body {
  model?: string
  messages: unknown[]
  tools?: { function: { name: string } }[]
  tool_choice?: unknown
  [field: string]: unknown
}

const DIALECT: ChatDialect = {
  systemRole: 'system',
  maxTokensParameter: 'max_tokens',
  reasoningField: undefined,
  hostedTools: 'refuse',
}

/** The body as it goes over the wire. */
const translate = (request: object, dialect: Partial<ChatDialect> = {}): Body => {
  const { input, ...full } = { model: 'm', input: 'Hi', ...request } as ResponseRequest
  const whole = { ...DIALECT, ...dialect }
  const parameters = toChatParameters(full, toChatTools(full.tools, whole.hostedTools), whole)
  const items = typeof input === 'string' ? [{ role: 'user', content: input } as const] : (input ?? [])
  const bytes = new ChatBody().encode(items, full.instructions, parameters, whole)
  return JSON.parse(new TextDecoder().decode(bytes))
}

const messagesOf = (input: unknown, dialect?: Partial<ChatDialect>) => translate({ input }, dialect).messages

/** A request beside its model and messages. */
const restOf = (request: object, dialect?: Partial<ChatDialect>) => {
  const { model: _, messages: __, ...rest } = translate(request, dialect)
  return rest
}

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
}
const chatWeather = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather', parameters: weather.parameters },
}

describe('chatCompletions: parameters', () => {
  it('sends nothing that was not set', () => {
    expect(translate({})).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
    expect(
      restOf({
        temperature: null,
        top_p: undefined,
        tools: [],
        tool_choice: 'auto',
        text: {},
        reasoning: null,
      }),
    ).toEqual({})
  })

  it('gives every parameter its name in the dialect', () => {
    expect(
      restOf({
        temperature: 0.5,
        top_p: 0.9,
        max_output_tokens: 100,
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
        text: { verbosity: 'low' },
        reasoning: { effort: 'high', summary: 'auto' },
        include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
        top_logprobs: 3,
        service_tier: 'flex',
        prompt_cache_key: 'k',
        safety_identifier: 's',
        user: 'u',
      }),
    ).toEqual({
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 100,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      verbosity: 'low',
      reasoning_effort: 'high',
      logprobs: true,
      top_logprobs: 3,
      service_tier: 'flex',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      user: 'u',
    })
  })

  it('passes parameters of no contract untouched', () => {
    const own = {
      stop: ['END'],
      seed: 7,
      top_k: 40,
      chat_template_kwargs: { enable_thinking: false },
      grammar: null,
    }
    expect(restOf(own)).toEqual(own)
  })

  it('leaves out what has no counterpart', () => {
    expect(restOf({ metadata: { a: 'b' }, store: false, truncation: 'disabled', max_tool_calls: 3 })).toEqual(
      {},
    )
  })

  it.each([
    ['previous_response_id', 'resp_1'],
    ['conversation', { id: 'conv_1' }],
    ['background', true],
    ['store', true],
    ['prompt', { id: 'pmpt_1' }],
    ['context_management', [{ type: 'compaction' }]],
    ['truncation', 'auto'],
  ])('refuses %s, which needs state at the server', (param, value) => {
    expect(() => translate({ [param]: value })).toThrow(
      expect.objectContaining({
        code: 'invalid_parameter',
        param,
        message: expect.stringContaining('stateless'),
      }),
    )
  })

  it('refuses before anything is sent', async () => {
    await using upstream = await fakeUpstream()
    const model = chatCompletions({ baseURL: upstream.url, model: 'm' })
    await expect(ask(model, { input: 'Hi', previous_response_id: 'resp_1' })).rejects.toMatchObject({
      code: 'invalid_parameter',
    })
    expect(upstream.requests).toEqual([])
  })

  it('writes a schema for the answer as response_format', () => {
    const schema = { type: 'object', properties: {}, required: [], additionalProperties: false }
    const format = { type: 'json_schema', name: 'out', schema, strict: true }
    expect(restOf({ text: { format } })).toEqual({
      response_format: { type: 'json_schema', json_schema: { name: 'out', schema, strict: true } },
    })
    expect(restOf({ text: { format: { type: 'json_object' } } })).toEqual({
      response_format: { type: 'json_object' },
    })
    expect(restOf({ text: { format: { type: 'text' } } })).toEqual({})
  })

  it.each([
    [{}, 'https://api.openai.com/v1', 'max_completion_tokens'],
    [{}, 'http://127.0.0.1/v1', 'max_tokens'],
    [{ maxTokensParameter: 'max_tokens' }, 'https://api.openai.com/v1', 'max_tokens'],
  ] as const)('bounds the tokens by the name the endpoint knows: %o %s', async (options, baseURL, name) => {
    const bodies: Record<string, unknown>[] = []
    const model = chatCompletions({
      baseURL,
      model: 'm',
      apiKey: 'k',
      stream: false,
      retries: 0,
      transport: (request, handler) => {
        bodies.push(JSON.parse(Buffer.from(request.body as string).toString()))
        handler.onHeaders(200, new Headers({ 'content-type': 'application/json' }))
        handler.onData(new TextEncoder().encode(JSON.stringify({ choices: [{ message: { content: 'x' } }] })))
        handler.onEnd()
        return () => undefined
      },
      ...options,
    })
    await ask(model, { input: 'Hi', max_output_tokens: 50 })
    expect(bodies).toEqual([{ model: 'm', messages: [{ role: 'user', content: 'Hi' }], [name]: 50 }])
  })
})

describe('chatCompletions: tools', () => {
  it('declares functions', () => {
    const strict = { ...weather, strict: true }
    const bare = { type: 'function', name: 'now', parameters: null, strict: null }
    expect(restOf({ tools: [weather, strict, bare], parallel_tool_calls: false })).toEqual({
      tools: [
        chatWeather,
        { ...chatWeather, function: { ...chatWeather.function, strict: true } },
        { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
      ],
      parallel_tool_calls: false,
    })
  })

  it('declares a custom tool as a function of one text, its grammar in the description', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' }
    const { tools } = translate({ tools: [{ type: 'custom', name: 'sql', description: 'Runs SQL', format }] })
    expect(tools).toMatchObject([
      {
        type: 'function',
        function: {
          name: 'sql',
          description: 'Runs SQL',
          parameters: { required: ['input'], properties: { input: { type: 'string' } } },
        },
      },
    ])
    expect(JSON.stringify(tools)).toContain('lark grammar')
    expect(JSON.stringify(tools)).toContain('start: ')
  })

  it('refuses a hosted tool by name, or drops it when told to', () => {
    const tools = [weather, { type: 'web_search' }]
    expect(() => translate({ tools })).toThrow(
      expect.objectContaining({
        code: 'invalid_parameter',
        param: 'tools[1]',
        message: expect.stringContaining('web_search'),
      }),
    )
    expect(restOf({ tools }, { hostedTools: 'drop' })).toEqual({ tools: [chatWeather] })
    expect(restOf({ tools: [{ type: 'web_search' }], tool_choice: 'auto' }, { hostedTools: 'drop' })).toEqual(
      {},
    )
  })

  it.each(['auto', 'none', 'required'])('passes tool_choice %s', (choice) => {
    expect(restOf({ tools: [weather], tool_choice: choice })).toMatchObject({ tool_choice: choice })
  })

  it.each(['function', 'custom'])('nests the name of a %s', (type) => {
    const tools = [{ ...weather, type, name: 'a.b' }]
    const { tool_choice, tools: declared } = translate({ tools, tool_choice: { type, name: 'a.b' } })
    expect(tool_choice).toEqual({ type: 'function', function: { name: declared?.[0]?.function.name } })
  })

  it('declares only the allowed tools', () => {
    const tools = [weather, { ...weather, name: 'other' }]
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'get_weather' }],
    }
    expect(restOf({ tools, tool_choice })).toEqual({ tools: [chatWeather], tool_choice: 'required' })
  })

  it('refuses a hosted choice, or drops it when told to', () => {
    const request = { tools: [weather], tool_choice: { type: 'web_search' } }
    expect(() => translate(request)).toThrow(expect.objectContaining({ param: 'tool_choice' }))
    expect(restOf(request, { hostedTools: 'drop' })).toEqual({ tools: [chatWeather] })
  })
})

describe('chatCompletions: messages', () => {
  it('puts the instructions first, in the role that was chosen', () => {
    const request = {
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'D' },
        { role: 'system', content: [{ type: 'input_text', text: 'S' }] },
        { role: 'user', content: 'U' },
      ],
    }
    const roles = (role: string) => [
      { role, content: 'Be brief.' },
      { role, content: 'D' },
      { role, content: 'S' },
      { role: 'user', content: 'U' },
    ]
    expect(translate(request).messages).toEqual(roles('system'))
    expect(translate(request, { systemRole: 'developer' }).messages).toEqual(roles('developer'))
  })

  it('sends text alone as a string', () => {
    const content = [
      { type: 'input_text', text: 'A' },
      { type: 'input_text', text: 'B' },
    ]
    expect(messagesOf([{ role: 'user', content }])).toEqual([{ role: 'user', content: 'A\nB' }])
  })

  it('sends images, files and parts of other kinds', () => {
    const content = [
      { type: 'input_text', text: 'Look' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_image', image_url: 'https://example.org/a.png' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
    ]
    expect(messagesOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
        ],
      },
    ])
  })

  it.each([
    [{ type: 'input_image', file_id: 'file_1' }, 'input[0].content[0].file_id'],
    [{ type: 'input_image' }, 'input[0].content[0].image_url'],
    [{ type: 'input_file', file_url: 'https://example.org/a.pdf' }, 'input[0].content[0].file_data'],
  ])('refuses %o', (part, param) => {
    expect(() => messagesOf([{ role: 'user', content: [part] }])).toThrow(
      expect.objectContaining({ code: 'invalid_parameter', param }),
    )
  })

  it('joins what the assistant said, refusals too, and drops the phase', () => {
    const content = [
      { type: 'output_text', text: 'Well, ', annotations: [] },
      { type: 'refusal', refusal: 'no.' },
    ]
    expect(
      messagesOf([
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          phase: 'final_answer',
          content,
        },
      ]),
    ).toEqual([{ role: 'assistant', content: 'Well, no.' }])
    expect(messagesOf([{ role: 'assistant', content: [] }])).toEqual([{ role: 'assistant', content: '' }])
  })

  it('refuses what only a Responses endpoint can read', () => {
    for (const item of [
      { type: 'item_reference', id: 'x' },
      { id: 'x' },
      { type: 'compaction', encrypted_content: 'x' },
    ]) {
      expect(() => messagesOf([item])).toThrow(expect.objectContaining({ param: 'input[0]' }))
      expect(() => messagesOf([item], { hostedTools: 'drop' })).toThrow(
        expect.objectContaining({ param: 'input[0]' }),
      )
    }
  })

  it('refuses items of hosted tools, or drops them when told to', () => {
    const input = [
      { role: 'user', content: 'Hi' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    ]
    expect(() => messagesOf(input)).toThrow(
      expect.objectContaining({ param: 'input[1]', message: expect.stringContaining('web_search_call') }),
    )
    expect(messagesOf(input, { hostedTools: 'drop' })).toEqual([{ role: 'user', content: 'Hi' }])
  })
})

describe('chatCompletions: keys', () => {
  const authorizationAt = async (options: object) =>
    (await askUpstream({ chunks: [chunk({}, 'stop')] }, undefined, options)).sent.headers.authorization

  it("gives no provider's key to another host", async () => {
    const env = { OPENAI_API_KEY: 'sk-openai', COMETAPI_KEY: 'sk-comet' }
    expect(await authorizationAt({ env })).toBeUndefined()
    expect(await authorizationAt({ env, apiKey: 'sk-own' })).toBe('Bearer sk-own')
  })

  it.each([
    ['https://api.openai.com/v1', 'Bearer sk-openai'],
    ['https://api.cometapi.com/v1', 'Bearer sk-comet'],
  ])('takes the key of %s from the environment', async (baseURL, expected) => {
    let seen: string | undefined
    const model = chatCompletions({
      baseURL,
      model: 'm',
      env: { OPENAI_API_KEY: 'sk-openai', COMETAPI_KEY: 'sk-comet' },
      retries: 0,
      transport: (request, handler) => {
        const headers = JSON.stringify(request.headers)
        seen = ['Bearer sk-openai', 'Bearer sk-comet'].find((value) => headers.includes(value))
        handler.onError(new Error('enough'))
        return () => undefined
      },
    })
    await expect(ask(model)).rejects.toThrow()
    expect(seen).toBe(expected)
  })

  it('demands a base URL and a model when it is made', () => {
    for (const options of [{ model: 'm' }, { baseURL: 'http://x/v1' }, { model: '', baseURL: 'http://x/v1' }])
      expect(() => chatCompletions(options as never)).toThrow(
        expect.objectContaining({ code: 'invalid_config' }),
      )
  })

  it('says what it is', () => {
    const model = chatCompletions({ baseURL: 'http://x/v1', model: 'qwen3' })
    expect(model.modelName).toBe('qwen3')
    expect(model.capabilities).toEqual({ serverState: false, compact: false })
  })
})
