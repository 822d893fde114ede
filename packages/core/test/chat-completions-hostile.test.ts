import { accumulate, isAntiphonError, type ResponseEvent, type ResponseRequest } from '@antiphon/client'
import { checkLifecycle } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { hostileValues, spoiled } from '../../client/test/hostile-values.ts'
import { toChatTools } from '../src/models/chat-completions/chat-tools.ts'
import type { ChatChunk } from '../src/models/chat-completions/chat-types.ts'
import { fromChatAnswer } from '../src/models/chat-completions/from-chat-answer.ts'
import { ChatStream } from '../src/models/chat-completions/from-chat-stream.ts'
import { chunk, HEAD, usageChunk } from './chat-completions-upstream.ts'

const usage = {
  prompt_tokens: 31,
  completion_tokens: 12,
  total_tokens: 43,
  prompt_tokens_details: { cached_tokens: 7 },
  completion_tokens_details: { reasoning_tokens: 3 },
}

const weather = { type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }
const annotation = { type: 'url_citation', url_citation: { url: 'https://example.org', title: 'x' } }
const logprobs = { content: [{ token: 'a', logprob: 0, bytes: [97], top_logprobs: [] }] }

const streams: Record<string, object[]> = {
  'thoughts, text and calls': [
    chunk({ role: 'assistant', reasoning_content: 'Hm.', content: null }),
    { ...HEAD, choices: [{ index: 0, delta: { content: 'Look' }, logprobs, finish_reason: null }] },
    chunk({ annotations: [annotation] }),
    chunk({ tool_calls: [{ index: 0, id: 'call_1', extra_content: {}, ...weather }] }),
    chunk({ tool_calls: [{ index: 1, id: 'call_2', function: { name: 'note', arguments: '{"in' } }] }),
    chunk({ tool_calls: [{ index: 1, function: { arguments: 'put":"x"}' } }] }),
    chunk({}, 'tool_calls'),
    { ...usageChunk(usage), service_tier: 'default' },
  ],
  'parts and a refusal': [
    chunk({
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
        { type: 'text', text: 'So' },
      ],
    }),
    chunk({ refusal: 'No.' }),
    { ...chunk({}, 'stop'), x_groq: { usage } },
  ],
  'the old form of a call': [
    chunk({ reasoning: 'Hm.', content: '<think>a</think>b' }),
    chunk({ function_call: { name: 'weather', arguments: '{}' } }),
    chunk({}, 'function_call'),
  ],
}

const answer = {
  ...HEAD,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'Look',
        refusal: null,
        annotations: [annotation],
        tool_calls: [{ id: 'call_1', ...weather }],
      },
      finish_reason: 'stop',
      usage,
    },
  ],
  usage,
}

const tools: ResponseRequest['tools'] = [
  { type: 'function', name: 'weather', parameters: {}, strict: false },
  { type: 'custom', name: 'note' },
]

/** What becomes of the chunks: a whole response that keeps the order of events, or an error in words. */
const outcome = (take: (stream: ChatStream) => void): string => {
  const events: ResponseEvent[] = []
  const stream = new ChatStream({
    request: { model: 'qwen3', input: 'Hi', tools },
    tools: toChatTools(tools, 'refuse'),
    sink: (event) => void events.push(JSON.parse(JSON.stringify(event))),
    thinkTags: true,
    errorOf: () => new Error('told by the server'),
  })
  try {
    take(stream)
    stream.end()
  } catch (error) {
    if (isAntiphonError(error) || (error as Error).message === 'told by the server') return 'typed error'
    return (error as Error).stack ?? String(error)
  }
  const mistakes = checkLifecycle(events)
  if (mistakes.length > 0) return mistakes.join('; ')
  for (const item of accumulate(events).output) {
    const { call_id, name, arguments: args, input } = item as unknown as Record<string, unknown>
    for (const text of [call_id, name, args, input]) {
      if (text !== undefined && typeof text !== 'string') return `no text: ${JSON.stringify(item)}`
    }
  }
  return 'whole'
}

const expectNone = (bad: readonly string[]): void => expect(bad.slice(0, 5)).toEqual([])
const isFine = (result: string): boolean => result === 'whole' || result === 'typed error'

describe('chatCompletions: a value of another kind in any place', () => {
  it.each(Object.keys(streams))('of a stream: %s', (name) => {
    const chunks = streams[name] as ChatChunk[]
    const run = (all: readonly ChatChunk[]) =>
      outcome((stream) => {
        for (const one of all) stream.take(one)
      })
    expect(run(chunks)).toBe('whole')
    const bad: string[] = []
    for (const { name: where, value } of spoiled(chunks)) {
      // The decoder hands on objects only.
      if (value.some((one) => typeof one !== 'object' || one === null || Array.isArray(one))) continue
      const result = run(value)
      if (!isFine(result)) bad.push(`${where}: ${result}`)
    }
    expectNone(bad)
  })

  it('of a whole answer', () => {
    const run = (whole: unknown) => outcome((stream) => stream.take(fromChatAnswer(whole)))
    expect(run(answer)).toBe('whole')
    const bad: string[] = []
    for (const { name, value } of spoiled(answer)) {
      const result = run(value)
      if (!isFine(result)) bad.push(`${name}: ${result}`)
    }
    for (const whole of hostileValues()) if (run(whole) !== 'typed error') bad.push(JSON.stringify(whole))
    expectNone(bad)
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'knows no finish_reason %s, and no annotation of that type',
    (name) => {
      const events: ResponseEvent[] = []
      const stream = new ChatStream({
        request: { model: 'qwen3', input: 'Hi' },
        tools: toChatTools([], 'refuse'),
        sink: (event) => void events.push(event),
        thinkTags: false,
        errorOf: () => new Error('told by the server'),
      })
      stream.take(chunk({ content: 'a' }) as ChatChunk)
      stream.take(chunk({ annotations: [{ type: name, url: 'u' }] }, name) as ChatChunk)
      stream.end()
      const response = accumulate(events)
      expect(response.status).toBe('completed')
      expect(response.output).toMatchObject([{ content: [{ annotations: [{ type: name, url: 'u' }] }] }])
    },
  )
})
