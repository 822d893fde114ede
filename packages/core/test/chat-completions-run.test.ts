import type { ResponseEvent } from '@antiphon/client'
import { agent, chatCompletions, type Model, tool } from 'antiphon'
import { call, calls, checkLifecycle, fakeUpstream } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ask, askUpstream, chunk, usageChunk } from './chat-completions-upstream.ts'

interface Sent {
  messages: {
    role: string
    content: unknown
    tool_call_id?: string
    tool_calls?: { id: string; function: { arguments: string } }[]
  }[]
  tools: { function: { name: string } }[]
}

const weather = tool({
  name: 'get_weather',
  description: 'Weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: city.length }),
})

describe('chatCompletions: an agent on top', () => {
  it('runs parallel calls and feeds their outputs back', async () => {
    await using upstream = await fakeUpstream({
      answers: [
        {
          reasoning: 'Two cities.',
          text: 'Let me see.',
          calls: [call('get_weather', { city: 'Paris' }), call('get_weather', { city: 'Tokyo' })],
        },
        'Paris 5, Tokyo 5.',
      ],
    })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    const assistant = agent({ model, instructions: 'Be brief.', tools: [weather] })
    const result = await assistant.run('Weather in Paris and Tokyo?').result()
    expect(result.text).toBe('Paris 5, Tokyo 5.')
    expect(result.stop).toEqual({ reason: 'done' })
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
    ])
    const [, second] = upstream.requests.map(({ body }) => body as unknown as Sent)
    const ids = second?.messages[2]?.tool_calls?.map(({ id }) => id) ?? []
    expect(ids).toHaveLength(2)
    expect(second?.messages).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather in Paris and Tokyo?' },
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [
          { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
          { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Tokyo"}' } },
        ],
      },
      { role: 'tool', tool_call_id: ids[0], content: '{"city":"Paris","celsius":5}' },
      { role: 'tool', tool_call_id: ids[1], content: '{"city":"Tokyo","celsius":5}' },
    ])
    expect(second?.tools).toMatchObject([{ type: 'function', function: { name: 'get_weather' } }])
    expect(result.usage.requests).toBe(2)
    expect(result.usage.inputTokens).toBeGreaterThan(0)
  })

  it('starts a harmless call before the answer has ended', async () => {
    let started = () => {}
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    const first = tool({ name: 'first', effect: 'read', execute: () => started() })
    const callFirst = {
      tool_calls: [{ index: 0, id: 'call_1', function: { name: 'first', arguments: '{}' } }],
    }
    await using upstream = await fakeUpstream({
      answers: [{ chunks: [chunk(callFirst), chunk({}, 'tool_calls')] }, 'Done.'],
    })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    // Holds the terminal event of the first answer back until the tool runs: without an early start this would never end.
    const slow: Model = async (request, sink, context) => {
      const terminal: ResponseEvent[] = []
      await model(
        request,
        (event) => (event.type === 'response.completed' ? terminal.push(event) : sink(event)),
        context,
      )
      await running
      for (const event of terminal) sink(event)
    }
    const result = await agent({ model: slow, tools: [first] })
      .run('Go')
      .result()
    expect(result.text).toBe('Done.')
  })

  it('goes on after broken arguments, sending JSON back that the server can read', async () => {
    const broken = {
      tool_calls: [{ index: 0, id: 'call_1', function: { name: 'get_weather', arguments: '{"city": ' } }],
    }
    await using upstream = await fakeUpstream({
      answers: [{ chunks: [chunk(broken), chunk({}, 'tool_calls')] }, 'I could not.'],
    })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    const result = await agent({ model, tools: [weather] })
      .run('Weather?')
      .result()
    expect(result.text).toBe('I could not.')
    const second = upstream.requests[1]?.body as unknown as Sent | undefined
    const args = second?.messages.flatMap(({ tool_calls = [] }) =>
      tool_calls.map(({ function: fn }) => fn.arguments),
    )
    expect(args?.map((text) => JSON.parse(text))).toEqual([{ invalid_json: '{"city": ' }])
  })

  it('executes no half call', async () => {
    let executed = 0
    const write = tool({
      name: 'write',
      inputSchema: z.object({ text: z.string() }),
      execute: () => void executed++,
    })
    const half = {
      tool_calls: [{ index: 0, id: 'call_1', function: { name: 'write', arguments: '{"text":"a"}' } }],
    }
    await using upstream = await fakeUpstream({ answers: [{ chunks: [chunk(half), chunk({}, 'length')] }] })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    const result = await agent({ model, tools: [write] })
      .run('Write')
      .result()
    expect(result.stop).toMatchObject({ reason: 'incomplete', details: 'max_output_tokens' })
    expect(executed).toBe(0)
  })

  it('gives a typed answer by response_format', async () => {
    await using upstream = await fakeUpstream({ answers: ['{"city":"Paris"}'] })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    const result = await agent({ model, output: z.object({ city: z.string() }) })
      .run('Which city?')
      .result()
    expect(result.output).toEqual({ city: 'Paris' })
    expect(upstream.requests[0]?.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { strict: true } },
    })
  })
})

describe('chatCompletions: the body of a request', () => {
  it('is its own for calls of one run that overlap', async () => {
    await using upstream = await fakeUpstream({ answers: 'Hello' })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    const context = { onAbort: () => undefined, signal: new AbortController().signal }
    const inputs = ['one', 'two', 'three'].map((content) => [
      { role: 'user' as const, content: content.repeat(50_000) },
    ])
    await Promise.all(inputs.map((input) => model({ input }, () => undefined, context)))
    const sent = upstream.requests.map(({ body }) => (body as unknown as Sent).messages)
    expect(sent).toHaveLength(3)
    for (const input of inputs) expect(sent).toContainEqual(input)
  })
})

describe('chatCompletions: whole answers', () => {
  const answer = {
    id: 'chatcmpl-w1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'qwen3',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Both.',
          reasoning_content: 'Hm.',
          annotations: [{ type: 'url_citation', url_citation: { url: 'https://example.org', title: 'E' } }],
          tool_calls: [
            { id: '', type: 'function', function: { name: 'now', arguments: '' } },
            { id: '', type: 'function', function: { name: 'now', arguments: {} } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  }
  const expected = {
    id: 'resp_w1',
    status: 'completed',
    output: [
      { type: 'reasoning', content: [{ text: 'Hm.' }] },
      { type: 'message', content: [{ text: 'Both.', annotations: [{ type: 'url_citation', title: 'E' }] }] },
      { type: 'function_call', name: 'now', arguments: '' },
      { type: 'function_call', name: 'now', arguments: '{}' },
    ],
    usage: { input_tokens: 5, output_tokens: 2 },
  }

  it('take the path of a stream', async () => {
    const { response, events, sent } = await askUpstream({ text: '', body: answer }, undefined, {
      stream: false,
    })
    expect(checkLifecycle(events)).toEqual([])
    expect(response).toMatchObject(expected)
    expect(sent.body).toEqual({ model: 'qwen3', messages: [{ role: 'user', content: 'Hi' }] })
  })

  it('may come where a stream was asked for', async () => {
    const { response, events } = await askUpstream({ text: '', body: answer })
    expect(checkLifecycle(events)).toEqual([])
    expect(response).toMatchObject(expected)
  })

  it('need no finish_reason', async () => {
    const body = { choices: [{ message: { content: 'Hi' } }] }
    const { response } = await askUpstream({ text: '', body }, undefined, { stream: false })
    expect(response).toMatchObject({ status: 'completed', output: [{ content: [{ text: 'Hi' }] }] })
  })

  it('without a choice are an error', async () => {
    for (const body of [
      { object: 'list', data: [] },
      { id: 'x', choices: [] },
    ])
      await expect(askUpstream({ text: '', body }, undefined, { stream: false })).rejects.toMatchObject({
        code: 'invalid_answer',
      })
  })

  it('under status 200 may be an error', async () => {
    const body = { id: 'gen-1', error: { message: 'No provider', code: 503 } }
    await expect(askUpstream({ text: '', body }, undefined, { stream: false })).rejects.toMatchObject({
      code: 'server_error',
    })
  })
})

describe('chatCompletions: faults', () => {
  it('reads a stream whose bytes are cut anywhere, in any framing', async () => {
    const chunks = [
      chunk({ content: 'Größe: ' }),
      chunk({ content: '5 €' }, 'stop'),
      usageChunk({ prompt_tokens: 1 }),
    ]
    for (const framing of ['lf', 'crlf'] as const) {
      const { response } = await askUpstream({ chunks, framing, chunkBytes: 3 })
      expect(response).toMatchObject({
        output: [{ content: [{ text: 'Größe: 5 €' }] }],
        usage: { input_tokens: 1 },
      })
    }
  })

  it('needs no [DONE]', async () => {
    const { response } = await askUpstream({ chunks: [chunk({ content: 'x' }, 'stop')], doneMarker: false })
    expect(response.status).toBe('completed')
  })

  it('fails, retryable, wherever the connection breaks before the finish', async () => {
    const chunks = [chunk({ content: 'One' }), chunk({ content: ' two' }), chunk({}, 'stop')]
    for (const cutAfterEvents of [1, 2])
      for (const cutMode of ['destroy', 'end'] as const)
        await expect(askUpstream({ chunks, cutAfterEvents, cutMode })).rejects.toMatchObject({
          code: expect.stringMatching(/^stream_(cut|truncated)$/),
          retryable: true,
        })
  })

  it('reports refusals with the status and the code of the server', async () => {
    const body = {
      error: { message: 'model "x" not found', type: 'not_found_error', param: null, code: null },
    }
    await expect(askUpstream({ text: '', status: 404, body })).rejects.toMatchObject({
      code: 'not_found',
      status: 404,
    })
  })

  it('tries again on 503', async () => {
    await using upstream = await fakeUpstream({
      faults: (_, n) =>
        n === 0 ? { status: 503, headers: { 'retry-after-ms': '1' }, body: 'busy' } : undefined,
      answers: ['Hello'],
    })
    const { response } = await ask(chatCompletions({ baseURL: upstream.url, model: 'qwen3' }))
    expect(response.status).toBe('completed')
    expect(upstream.requests).toHaveLength(2)
  })

  it('stops at once when it is cancelled, and closes the connection', async () => {
    await using upstream = await fakeUpstream({
      answers: [{ chunks: [chunk({ content: 'x' }), chunk({}, 'stop')], stallAfterEvents: 1 }],
    })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3' })
    let cancel: ((reason: Error) => void) | undefined
    const asked = ask(model, { input: 'Hi' }, (given) => {
      cancel = given
    })
    await upstream.waitForRequests(1)
    cancel?.(new Error('enough'))
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    await expect.poll(() => upstream.requests[0]?.outcome).toBe('aborted')
  })

  it('lets what the sink throws fail the call', async () => {
    await using upstream = await fakeUpstream({ answers: calls(call('f')) })
    const model = chatCompletions({ baseURL: upstream.url, model: 'qwen3', retries: 0 })
    const sink = () => {
      throw new Error('full')
    }
    const context = { onAbort: () => undefined, signal: new AbortController().signal }
    await expect(model({ input: 'Hi' }, sink, context)).rejects.toThrow('full')
  })
})
