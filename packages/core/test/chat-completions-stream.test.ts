import { checkLifecycle } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { askUpstream, chunk, HEAD, kinds, usageChunk } from './chat-completions-upstream.ts'

const streamed = async (chunks: object[], options: object = {}, request?: object) => {
  const asked = await askUpstream({ chunks: chunks as never }, request as never, options)
  expect(checkLifecycle(asked.events)).toEqual([])
  return asked
}

const reasoningOf = (output: readonly { type: string }[]): string[] =>
  output
    .filter(({ type }) => type === 'reasoning')
    .map((item) =>
      (item as unknown as { content: { text: string }[] }).content.map(({ text }) => text).join(''),
    )

const textOf = (output: readonly { type: string }[]): string =>
  output
    .filter(({ type }) => type === 'message')
    .flatMap((item) => (item as unknown as { content: { text?: string }[] }).content)
    .map(({ text }) => text ?? '')
    .join('')

const incomplete = { status: 'incomplete' }

describe('chatCompletions: a streamed answer becomes the events of a response', () => {
  it('has the whole order: created, item, part, deltas, done, completed', async () => {
    const { events, response } = await streamed([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hello' }),
      chunk({ content: ' you' }),
      chunk({}, 'stop'),
      usageChunk({ prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }),
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(response).toMatchObject({
      id: 'resp_abc123',
      object: 'response',
      status: 'completed',
      model: 'qwen3',
      created_at: 1_790_000_000,
      error: null,
      incomplete_details: null,
      output: [
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Hello you', annotations: [], logprobs: [] }],
        },
      ],
      usage: { input_tokens: 9, output_tokens: 2, total_tokens: 11 },
    })
  })

  it('echoes what was asked for', async () => {
    const { response } = await streamed(
      [chunk({ content: 'x' }, 'stop')],
      {},
      {
        input: 'Hi',
        instructions: 'Be brief.',
        temperature: 0.2,
        metadata: { a: 'b' },
      },
    )
    expect(response).toMatchObject({
      instructions: 'Be brief.',
      temperature: 0.2,
      metadata: { a: 'b' },
      store: false,
    })
  })

  it('gives an empty output for an empty answer', async () => {
    const { response } = await streamed([chunk({ role: 'assistant', content: '' }), chunk({}, 'stop')])
    expect(response).toMatchObject({ status: 'completed', output: [], usage: null })
  })

  it('makes an id when the server sends none', async () => {
    const { response } = await streamed([{ choices: [{ delta: { content: 'x' }, finish_reason: 'stop' }] }])
    expect(response.id).toMatch(/^resp_[0-9a-f]{24}$/)
    expect(response.model).toBe('qwen3')
  })

  it.each(['reasoning_content', 'reasoning', 'thinking'])('shows %s as a reasoning item', async (field) => {
    const { events, response } = await streamed([
      chunk({ role: 'assistant', content: null, [field]: 'Hm' }),
      chunk({ [field]: ', so.' }),
      chunk({ content: 'Yes.' }),
      chunk({}, 'stop'),
    ])
    expect(kinds(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(reasoningOf(response.output)).toEqual(['Hm, so.'])
    expect(textOf(response.output)).toBe('Yes.')
  })

  it('counts thoughts once that come under two names', async () => {
    const { response } = await streamed([
      chunk({ reasoning_content: 'Hm.', reasoning: 'Hm.' }),
      chunk({ content: 'Yes.' }, 'stop'),
    ])
    expect(reasoningOf(response.output)).toEqual(['Hm.'])
  })

  it('reads a content that is a list of thinking and text', async () => {
    const { response } = await streamed([
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }),
      chunk({ content: [{ type: 'text', text: 'Yes' }] }),
      chunk({ content: '.' }, 'stop'),
    ])
    expect(reasoningOf(response.output)).toEqual(['Hm.'])
    expect(textOf(response.output)).toBe('Yes.')
  })

  it('opens a new item each time thoughts and text take turns', async () => {
    const { response } = await streamed([
      chunk({ reasoning: 'One.' }),
      chunk({ content: 'A' }),
      chunk({ reasoning: 'Two.' }),
      chunk({ content: 'B' }, 'stop'),
    ])
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'reasoning', 'message'])
  })

  it('streams a refusal as a part of its own', async () => {
    const { response, events } = await streamed([
      chunk({ content: 'Well. ' }),
      chunk({ refusal: 'I ' }),
      chunk({ refusal: 'will not.' }),
      chunk({}, 'stop'),
    ])
    expect(response.output).toMatchObject([
      {
        content: [
          { type: 'output_text', text: 'Well. ' },
          { type: 'refusal', refusal: 'I will not.' },
        ],
      },
    ])
    expect(kinds(events)).toContain('response.refusal.delta')
  })

  it('passes log probabilities on', async () => {
    const token = { token: 'Yes', logprob: -0.1, bytes: [89], top_logprobs: [] }
    const { response } = await streamed([
      {
        ...HEAD,
        choices: [
          { index: 0, delta: { content: 'Yes' }, logprobs: { content: [token] }, finish_reason: 'stop' },
        ],
      },
    ])
    expect(response.output).toMatchObject([{ content: [{ logprobs: [token] }] }])
  })

  it('adds url citations, nested or flat, also those that come before the text', async () => {
    const facts = { url: 'https://example.org', title: 'E', start_index: 0, end_index: 3 }
    const { response, events } = await streamed([
      chunk({ annotations: [{ type: 'url_citation', url_citation: facts }] }),
      chunk({ content: 'See' }),
      chunk({ annotations: [{ type: 'url_citation', ...facts }, null, {}] }),
      chunk({}, 'stop'),
    ])
    const citation = { type: 'url_citation', ...facts }
    expect(response.output).toMatchObject([{ content: [{ text: 'See', annotations: [citation, citation] }] }])
    expect(events.filter(({ type }) => type === 'response.output_text.annotation.added')).toHaveLength(2)
  })

  it('ignores chunks without a choice, and further choices', async () => {
    const { response } = await streamed(
      [
        { ...HEAD, id: '', model: '', choices: [], prompt_filter_results: [] },
        { ...HEAD, choices: [{ index: 1, delta: { content: 'B' } }] },
        chunk({ content: 'A' }),
        { ...HEAD, choices: [{ index: 1, delta: {}, finish_reason: 'stop' }] },
        chunk({}, 'stop'),
      ],
      {},
      { input: 'Hi', n: 2 },
    )
    expect(response.id).toBe('resp_abc123')
    expect(textOf(response.output)).toBe('A')
  })

  it('reads every chunk of a server that counts tokens where the choice has its number', async () => {
    const { response } = await streamed([
      { ...HEAD, choices: [{ index: 0, delta: { content: 'A' } }] },
      { ...HEAD, choices: [{ index: 1, delta: { content: 'B' } }] },
      { ...HEAD, choices: [{ index: 2, delta: { content: 'C' }, finish_reason: 'eos_token' }] },
    ])
    expect(textOf(response.output)).toBe('ABC')
  })
})

describe('chatCompletions: usage', () => {
  const of = async (usage: object) =>
    (await streamed([chunk({ content: 'x' }, 'stop'), usageChunk(usage)])).response.usage

  it('has the details', async () => {
    const details = {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 64 },
      completion_tokens_details: { reasoning_tokens: 12 },
    }
    expect(await of(details)).toEqual({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 64, cache_write_tokens: 0 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 12 },
      total_tokens: 120,
    })
  })

  it.each([
    ['DeepSeek', { prompt_cache_hit_tokens: 5, prompt_cache_miss_tokens: 3 }],
    ['Moonshot', { cached_tokens: 5 }],
  ])('finds the cached tokens of %s', async (_, more) => {
    expect(await of({ prompt_tokens: 8, completion_tokens: 1, ...more })).toMatchObject({
      input_tokens_details: { cached_tokens: 5 },
      total_tokens: 9,
    })
  })

  it('takes null counters for nothing', async () => {
    expect(await of({ prompt_tokens: null, completion_tokens: null, total_tokens: null })).toMatchObject({
      input_tokens: 0,
      output_tokens: 0,
      total_tokens: 0,
    })
  })

  it.each([
    [
      'in the last chunk with a choice',
      { ...chunk({}, 'stop'), usage: { prompt_tokens: 4, completion_tokens: 2 } },
    ],
    [
      'in the choice',
      { ...HEAD, choices: [{ delta: {}, finish_reason: 'stop', usage: { prompt_tokens: 4 } }] },
    ],
    ['in x_groq', { ...chunk({}, 'stop'), x_groq: { usage: { prompt_tokens: 4 } } }],
  ])('is found %s', async (_, last) => {
    const { response } = await streamed([chunk({ content: 'x' }), last])
    expect(response.usage).toMatchObject({ input_tokens: 4 })
  })

  it('is asked for, unless that is switched off', async () => {
    const on = await streamed([chunk({}, 'stop')])
    expect(on.sent.body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    const off = await streamed([chunk({}, 'stop')], { includeUsage: false })
    expect(off.sent.body).toMatchObject({ stream: true })
    expect(off.sent.body).not.toHaveProperty('stream_options')
  })
})

describe('chatCompletions: <think> in the text', () => {
  const said = async (pieces: string[], options: object = {}) => {
    const { response } = await streamed(
      [...pieces.map((content) => chunk({ content })), chunk({}, 'stop')],
      options,
    )
    return { thoughts: reasoningOf(response.output), text: textOf(response.output) }
  }

  it('becomes reasoning wherever the chunks are cut', async () => {
    const whole = '\n<think>\nFirst <b>, then.\n</think>\n\nThe answer: </think>.'
    const expected = { thoughts: ['First <b>, then.'], text: 'The answer: </think>.' }
    expect(await said([whole])).toEqual(expected)
    expect(await said([...whole])).toEqual(expected)
    for (let at = 1; at < whole.length; at += 3)
      expect(await said([whole.slice(0, at), whole.slice(at)])).toEqual(expected)
  })

  it('is part of the answer anywhere but at the start', async () => {
    expect(await said(['The tag <think>', ' is </think> odd'])).toEqual({
      thoughts: [],
      text: 'The tag <think> is </think> odd',
    })
    expect(await said(['<thin', 'k about it'])).toEqual({ thoughts: [], text: '<think about it' })
  })

  it('leaves no empty item when nothing was thought', async () => {
    expect(await said(['<think>\n\n</think>\n\n', 'Yes'])).toEqual({ thoughts: [], text: 'Yes' })
  })

  it('keeps thoughts that were never closed', async () => {
    expect(await said(['<think>I was', ' cut </th'])).toEqual({ thoughts: ['I was cut </th'], text: '' })
  })

  it('keeps an answer that only looks like the beginning of a tag, and one of white space', async () => {
    expect(await said(['<th'])).toEqual({ thoughts: [], text: '<th' })
    expect(await said(['\n', ' '])).toEqual({ thoughts: [], text: '\n ' })
  })

  it('stays in the text when not wanted', async () => {
    expect(await said(['<think>a</think>b'], { thinkTags: false })).toEqual({
      thoughts: [],
      text: '<think>a</think>b',
    })
  })
})

describe('chatCompletions: how an answer ends', () => {
  it.each([
    ['stop', 'completed', null],
    ['STOP', 'completed', null],
    ['tool_calls', 'completed', null],
    ['end_turn', 'completed', null],
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['model_length', 'incomplete', { reason: 'max_output_tokens' }],
    ['content_filter', 'incomplete', { reason: 'content_filter' }],
  ])('%s → %s', async (reason, status, incomplete_details) => {
    const { response, events } = await streamed([chunk({ content: 'Half an' }), chunk({}, reason)])
    expect(response).toMatchObject({ status, incomplete_details, output: [{ status }] })
    expect(events.at(-1)?.type).toBe(`response.${status}`)
  })

  it('does not take an empty finish_reason for one', async () => {
    const { response } = await streamed([
      { ...HEAD, choices: [{ delta: { content: 'A' }, finish_reason: '' }] },
      chunk({ content: 'B' }, 'stop'),
    ])
    expect(textOf(response.output)).toBe('AB')
    expect(response).not.toMatchObject(incomplete)
  })

  it('fails, retryable, when the stream ends without a finish_reason', async () => {
    for (const chunks of [[chunk({ content: 'Half' })], [{ ...HEAD, choices: [] }]]) {
      const cut = askUpstream({ chunks: chunks as never, cutMode: 'end' })
      await expect(cut).rejects.toMatchObject({ code: 'stream_truncated', retryable: true })
    }
  })

  it.each(['error', 'abort', 'insufficient_system_resource'])(
    'fails, retryable, on finish_reason %s',
    async (reason) => {
      const failed = askUpstream({ chunks: [chunk({ content: 'Half' }), chunk({}, reason)] })
      await expect(failed).rejects.toMatchObject({ code: 'server_error', apiCode: reason, retryable: true })
    },
  )

  it.each([
    [
      'OpenAI',
      { error: { message: 'Slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
      'rate_limited',
      true,
    ],
    [
      'OpenRouter',
      { ...chunk({ content: '' }, 'error'), error: { code: 502, message: 'Provider down' } },
      'server_error',
      true,
    ],
    [
      'vLLM',
      { object: 'error', message: 'bad prompt', type: 'BadRequestError', code: 400 },
      'bad_request',
      false,
    ],
    [
      'a choice',
      { ...HEAD, choices: [{ delta: {}, error: { code: 400, message: 'no' } }] },
      'bad_request',
      false,
    ],
    ['a text', { error: 'model runner has unexpectedly stopped' }, 'bad_request', false],
  ])('turns an error inside the stream into a typed one: %s', async (_, error, code, retryable) => {
    const failed = askUpstream({ chunks: [chunk({ content: 'Half' }), error as never] })
    await expect(failed).rejects.toMatchObject({ code, retryable })
  })

  it('tries again when the very first chunk is a retryable error', async () => {
    const error = { error: { message: 'Overloaded', type: 'server_error' } }
    const { response } = await askUpstream(
      { chunks: [chunk({ content: 'ok' }, 'stop')] },
      undefined,
      { retries: 1 },
      {
        answers: [{ chunks: [error] }, { chunks: [chunk({ content: 'ok' }, 'stop')] }],
      },
    )
    expect(textOf(response.output)).toBe('ok')
  })

  it('says so when the calls came as text', async () => {
    const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }]
    const chunks = [
      chunk({ content: '<tool_call>\n{"name": "f"' }),
      chunk({ content: '}</tool_call>' }, 'stop'),
    ]
    await expect(askUpstream({ chunks }, { input: 'Hi', tools })).rejects.toMatchObject({
      code: 'tool_calls_as_text',
    })
    const { response } = await streamed(chunks)
    expect(textOf(response.output)).toContain('<tool_call>')
  })
})
