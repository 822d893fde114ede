import type { OutputItem } from '@antiphon/client'
import { checkLifecycle } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { askUpstream } from './chat-completions-upstream.ts'

/** Chunks as a server documents or is seen to send them. */
const answered = async (chunks: object[], options: object = {}) => {
  const asked = await askUpstream({ chunks: chunks as never }, undefined, options)
  expect(checkLifecycle(asked.events)).toEqual([])
  return asked.response
}

const brief = (output: readonly OutputItem[]): unknown[] =>
  (output as unknown as Record<string, unknown>[]).map(({ type, name, arguments: args, content }) =>
    type === 'function_call'
      ? [type, name, args]
      : [type, (content as { text?: string }[]).map(({ text }) => text).join('')],
  )

/** The usual envelope, with fields that only this server has. */
const envelope =
  (head: object) =>
  (delta: object, finish_reason: string | null = null, more: object = {}) => ({
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    ...head,
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  })

describe('chatCompletions: Ollama', () => {
  const chunk = envelope({ id: 'chatcmpl-432', model: 'qwen3:4b', system_fingerprint: 'fp_ollama' })
  const usage = { prompt_tokens: 31, completion_tokens: 12, total_tokens: 43 }

  it('sends every call whole, in chunks of their own, all with index 0', async () => {
    const call = (id: string, city: string) =>
      chunk({
        role: 'assistant',
        content: '',
        tool_calls: [
          { id, index: 0, type: 'function', function: { name: 'weather', arguments: `{"city":"${city}"}` } },
        ],
      })
    const response = await answered([
      chunk({ role: 'assistant', content: '', reasoning: 'Two cities.' }),
      call('call_w1', 'Paris'),
      call('call_w2', 'Tokyo'),
      chunk({ role: 'assistant', content: '' }, 'tool_calls'),
      { ...chunk({}), choices: [], usage },
    ])
    expect(brief(response.output)).toEqual([
      ['reasoning', 'Two cities.'],
      ['function_call', 'weather', '{"city":"Paris"}'],
      ['function_call', 'weather', '{"city":"Tokyo"}'],
    ])
    expect(response).toMatchObject({ id: 'resp_432', usage: { input_tokens: 31, output_tokens: 12 } })
  })

  it('repeats the role in every chunk', async () => {
    const response = await answered([
      chunk({ role: 'assistant', content: 'Hel' }),
      chunk({ role: 'assistant', content: 'lo' }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
    ])
    expect(brief(response.output)).toEqual([['message', 'Hello']])
  })
})

describe('chatCompletions: llama.cpp', () => {
  const chunk = envelope({
    id: 'chatcmpl-qC6laQHbZ2CmxNvJ4NoB1L93LcVF7nfe',
    model: 'gemma-4-31B-it-UD-Q6_K_XL.gguf',
    system_fingerprint: 'b9554-d403f00ec',
  })
  const timings = { cache_n: 7, prompt_n: 10, prompt_ms: 251.51, predicted_n: 28, predicted_ms: 407.596 }

  it('adds timings and the progress of the prompt to its chunks', async () => {
    const response = await answered([
      { ...chunk({}), choices: [], prompt_progress: { total: 10, cache: 7, processed: 10, time_ms: 250 } },
      chunk({ role: 'assistant', content: null }),
      chunk({ reasoning_content: 'It' }, null, { timings }),
      chunk({ reasoning_content: ' handles' }, null, { timings }),
      chunk({ content: 'Yes' }, null, { timings }),
      chunk({}, 'stop', { timings }),
      {
        ...chunk({}),
        choices: [],
        usage: { completion_tokens: 28, prompt_tokens: 10, total_tokens: 38 },
        timings,
      },
    ])
    expect(brief(response.output)).toEqual([
      ['reasoning', 'It handles'],
      ['message', 'Yes'],
    ])
    expect(response).toMatchObject({
      id: 'resp_qC6laQHbZ2CmxNvJ4NoB1L93LcVF7nfe',
      usage: { input_tokens: 10, output_tokens: 28 },
    })
  })

  it('streams the arguments of a call from its first brace', async () => {
    const args = (text: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] })
    const response = await answered([
      chunk({ role: 'assistant', content: null }),
      chunk({
        tool_calls: [
          { index: 0, id: 'fUnCtIoN1', type: 'function', function: { name: 'weather', arguments: '{' } },
        ],
      }),
      args('"city":'),
      args('"Paris"'),
      args('}'),
      chunk({}, 'tool_calls'),
    ])
    expect(brief(response.output)).toEqual([['function_call', 'weather', '{"city":"Paris"}']])
  })
})

describe('chatCompletions: vLLM', () => {
  const chunk = envelope({ id: 'chatcmpl-97319e51c49a6410', model: 'Qwen/Qwen3-32B' })

  it('thinks in `reasoning`, calls by index, and counts in every chunk when asked to', async () => {
    const usage = (completion_tokens: number) => ({
      usage: { prompt_tokens: 200, completion_tokens, total_tokens: 200 + completion_tokens },
    })
    const call = (index: number, fields: object) =>
      chunk({ tool_calls: [{ index, ...fields }] }, null, usage(9))
    const response = await answered([
      chunk({ role: 'assistant', content: '' }, null, usage(0)),
      chunk({ reasoning: 'Both.' }, null, usage(3)),
      chunk({ content: '\n\n' }, null, usage(4)),
      call(0, { id: 'chatcmpl-tool-01', type: 'function', function: { name: 'add' } }),
      call(0, { function: { arguments: '{"a": 2, ' } }),
      call(0, { function: { arguments: '"b": 2}' } }),
      call(1, { id: 'chatcmpl-tool-02', type: 'function', function: { name: 'weather' } }),
      call(1, { function: { arguments: '{"city": "Tokyo"}' } }),
      chunk({ content: '' }, 'tool_calls', { ...usage(20), stop_reason: null }),
      { ...chunk({}), choices: [], ...usage(20) },
    ])
    expect(brief(response.output)).toEqual([
      ['reasoning', 'Both.'],
      ['function_call', 'add', '{"a": 2, "b": 2}'],
      ['function_call', 'weather', '{"city": "Tokyo"}'],
    ])
    expect(response.usage).toMatchObject({ output_tokens: 20, total_tokens: 220 })
  })
})

describe('chatCompletions: DeepSeek', () => {
  const chunk = envelope({
    id: '930c60df-bf64-41c9-a88e-3ec75f81e00e',
    model: 'deepseek-v4-pro',
    system_fingerprint: 'fp_1',
  })

  it('sends null beside the field in use, and its usage with the last choice', async () => {
    const response = await answered([
      chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      chunk({ content: null, reasoning_content: 'Hm' }),
      chunk({ content: 'Hello', reasoning_content: null }),
      chunk({ content: '', reasoning_content: null }, 'stop', {
        usage: {
          prompt_tokens: 22,
          completion_tokens: 30,
          total_tokens: 52,
          prompt_cache_hit_tokens: 16,
          prompt_cache_miss_tokens: 6,
          completion_tokens_details: { reasoning_tokens: 19 },
        },
      }),
    ])
    expect(brief(response.output)).toEqual([
      ['reasoning', 'Hm'],
      ['message', 'Hello'],
    ])
    expect(response).toMatchObject({
      id: 'resp_930c60df-bf64-41c9-a88e-3ec75f81e00e',
      usage: {
        input_tokens: 22,
        input_tokens_details: { cached_tokens: 16 },
        output_tokens_details: { reasoning_tokens: 19 },
      },
    })
  })

  it('gets its reasoning back between calls when that is switched on', async () => {
    const input = [
      { role: 'user', content: 'Weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [],
        content: [{ type: 'reasoning_text', text: 'Look it up.' }],
      },
      { type: 'function_call', call_id: 'call_00_x', name: 'weather', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_00_x', output: '21' },
    ]
    const sent = async (replayReasoning: boolean) =>
      (await askUpstream({ chunks: [chunk({ content: 'x' }, 'stop')] }, { input }, { replayReasoning })).sent
        .body
    expect((await sent(true)).messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: null, reasoning_content: 'Look it up.' },
      { role: 'tool' },
    ])
    expect(JSON.stringify(await sent(false))).not.toContain('Look it up.')
  })
})

describe('chatCompletions: gateways', () => {
  it('Azure: a chunk of filters first, without id and model', async () => {
    const chunk = envelope({ id: 'chatcmpl-Az1', model: 'gpt-4.1' })
    const response = await answered([
      {
        choices: [],
        created: 0,
        id: '',
        model: '',
        object: '',
        prompt_filter_results: [{ prompt_index: 0 }],
      },
      chunk({ role: 'assistant', content: '', refusal: null }),
      chunk({ content: 'Hi' }, null, { service_tier: 'default' }),
      chunk({}, 'stop'),
    ])
    expect(response).toMatchObject({ id: 'resp_Az1', model: 'gpt-4.1', service_tier: 'default' })
    expect(brief(response.output)).toEqual([['message', 'Hi']])
  })

  it('OpenRouter: repeats the finish in the chunk with the usage', async () => {
    const chunk = envelope({ id: 'gen-1790000000-abc', provider: 'X', model: 'x/y' })
    const response = await answered([
      chunk({
        role: 'assistant',
        content: '',
        reasoning: 'Hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }],
      }),
      chunk({ role: 'assistant', content: 'Hi' }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
      chunk({ role: 'assistant', content: '' }, 'stop', {
        usage: { prompt_tokens: 13, completion_tokens: 16 },
      }),
    ])
    expect(brief(response.output)).toEqual([
      ['reasoning', 'Hm'],
      ['message', 'Hi'],
    ])
    expect(response.usage).toMatchObject({ total_tokens: 29 })
  })

  it('Gemini: calls without index, finish_reason stop', async () => {
    const chunk = envelope({ id: 'v5x', model: 'gemini-3.8-flash' })
    const response = await answered([
      chunk({
        role: 'assistant',
        tool_calls: [
          {
            extra_content: { google: { thought_signature: 'c2ln' } },
            function: { name: 'read', arguments: '{"path":"a.md"}' },
            id: 'call_297140',
            type: 'function',
          },
        ],
      }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
    ])
    expect(brief(response.output)).toEqual([['function_call', 'read', '{"path":"a.md"}']])
  })
})
