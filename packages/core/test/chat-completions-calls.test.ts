import type { OutputItem, ResponseEvent } from '@antiphon/client'
import { checkLifecycle } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { askUpstream, chunk, HEAD, kinds } from './chat-completions-upstream.ts'

interface CallItem {
  type: string
  call_id: string
  name: string
  arguments: string
  status: string
}

const callsIn = (output: readonly OutputItem[]): CallItem[] =>
  output.filter(({ type }) => type === 'function_call') as unknown as CallItem[]

const called = async (chunks: object[], request?: object) => {
  const asked = await askUpstream({ chunks: chunks as never }, request as never)
  expect(checkLifecycle(asked.events)).toEqual([])
  const calls = callsIn(asked.response.output)
  return { ...asked, calls, short: calls.map(({ name, arguments: args }) => [name, args]) }
}

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args?: unknown) =>
  chunk({
    tool_calls: [
      {
        ...(index === undefined ? {} : { index }),
        ...(id === undefined ? {} : { id }),
        type: 'function',
        function: {
          ...(name === undefined ? {} : { name }),
          ...(args === undefined ? {} : { arguments: args }),
        },
      },
    ],
  })

const end = chunk({}, 'tool_calls')

/** Place of the event that seals the call with this name. */
const sealedAt = (events: readonly ResponseEvent[], name: string): number =>
  events.findIndex(
    (event) => event.type === 'response.output_item.done' && (event.item as { name?: string }).name === name,
  )

describe('chatCompletions: calls in a stream', () => {
  it('become function calls with the id, the name and the arguments of the server', async () => {
    const { events, response } = await called([
      chunk({ role: 'assistant', content: null }),
      call(0, 'call_1', 'get_weather', ''),
      call(0, undefined, undefined, '{"city":'),
      call(0, undefined, undefined, '"Paris"}'),
      end,
    ])
    expect(response.output).toMatchObject([
      {
        type: 'function_call',
        call_id: 'call_1',
        name: 'get_weather',
        arguments: '{"city":"Paris"}',
        status: 'completed',
      },
    ])
    expect(kinds(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(events.find(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject({
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    })
  })

  it('are sealed when the next one begins, not at the end', async () => {
    const { events, short } = await called([
      call(0, 'a', 'first', '{"n":1}'),
      call(1, 'b', 'second', '{"n":'),
      call(1, undefined, undefined, '2}'),
      end,
    ])
    expect(short).toEqual([
      ['first', '{"n":1}'],
      ['second', '{"n":2}'],
    ])
    const second = events.findIndex(
      (event) => event.type === 'response.output_item.added' && event.output_index === 1,
    )
    expect(sealedAt(events, 'first')).toBeLessThan(second)
    expect(sealedAt(events, 'second')).toBe(events.length - 2)
  })

  it('may all be announced first, their arguments mixed', async () => {
    const { short } = await called([
      call(0, 'a', 'first', ''),
      call(1, 'b', 'second', ''),
      call(0, undefined, undefined, '{"n":'),
      call(1, undefined, undefined, '{"n":'),
      call(0, undefined, undefined, '1}'),
      call(1, undefined, undefined, '2}'),
      end,
    ])
    expect(short).toEqual([
      ['first', '{"n":1}'],
      ['second', '{"n":2}'],
    ])
  })

  it('come after the text and the thoughts of the turn, in items of their own', async () => {
    const { response } = await called([
      chunk({ reasoning_content: 'Hm.' }),
      chunk({ content: 'Let me see.' }),
      call(0, 'a', 'f', '{}'),
      end,
    ])
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call'])
  })

  it('leave no message of white space before them', async () => {
    const { response } = await called([chunk({ content: '\n\n' }), call(0, 'a', 'f', '{}'), end])
    expect(response.output.map(({ type }) => type)).toEqual(['function_call'])
  })

  it('keep text that looked like the beginning of a tag, before them', async () => {
    const { response } = await called([chunk({ content: '<th' }), call(0, 'a', 'f', '{}'), end])
    expect(response.output).toMatchObject([
      { type: 'message', content: [{ text: '<th' }] },
      { type: 'function_call' },
    ])
  })

  it('keep what a provider wants back with them', async () => {
    const extra_content = { google: { thought_signature: 'c2ln' } }
    const { response } = await called([
      chunk({ tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' }, extra_content }] }),
      chunk({}, 'stop'),
    ])
    expect(response.output).toMatchObject([{ type: 'function_call', extra_content }])
  })

  it('may have no arguments', async () => {
    expect((await called([call(0, 'a', 'f', ''), end])).short).toEqual([['f', '']])
    expect((await called([call(0, 'a', 'f'), call(1, 'b', 'g', null), end])).short).toEqual([
      ['f', ''],
      ['g', ''],
    ])
  })
})

describe('chatCompletions: calls as servers really send them', () => {
  it('without index: told apart by id', async () => {
    const { short, calls } = await called([
      call(undefined, 'a', 'f', '{"n":1}'),
      call(undefined, 'b', 'f', '{"n":'),
      call(undefined, undefined, undefined, '2}'),
      end,
    ])
    expect(short).toEqual([
      ['f', '{"n":1}'],
      ['f', '{"n":2}'],
    ])
    expect(calls.map(({ call_id }) => call_id)).toEqual(['a', 'b'])
  })

  it('several in one chunk without index', async () => {
    const { short } = await called([
      chunk({
        tool_calls: [
          { id: 'a', function: { name: 'f', arguments: '{"n":1}' } },
          { id: 'b', function: { name: 'g', arguments: '{"n":2}' } },
        ],
      }),
      chunk({}, 'stop'),
    ])
    expect(short).toEqual([
      ['f', '{"n":1}'],
      ['g', '{"n":2}'],
    ])
  })

  it('all with index 0 and ids of their own', async () => {
    const { short } = await called([
      call(0, 'a', 'f', '{"n":1}'),
      call(0, 'b', 'f', '{"n":2}'),
      call(0, 'c', 'g', '{"n":'),
      call(0, 'c', undefined, '3}'),
      end,
    ])
    expect(short).toEqual([
      ['f', '{"n":1}'],
      ['f', '{"n":2}'],
      ['g', '{"n":3}'],
    ])
  })

  it('without ids, or with empty ones: each gets an id', async () => {
    const { short, calls } = await called([
      call(0, '', 'f', '{"n":1}'),
      call(0, '', 'f', '{"n":2}'),
      call(undefined, undefined, 'g', '{"n":3}'),
      call(undefined, undefined, 'h', ''),
      end,
    ])
    expect(short).toEqual([
      ['f', '{"n":1}'],
      ['f', '{"n":2}'],
      ['g', '{"n":3}'],
      ['h', ''],
    ])
    const ids = calls.map(({ call_id }) => call_id)
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{32}$/)
  })

  it('with id and name repeated in every chunk', async () => {
    const { short } = await called([
      call(0, 'a', 'f', '{"n"'),
      call(0, 'a', 'f', ':'),
      call(0, 'a', 'f', '1}'),
      call(0, 'a', 'f', ''),
      end,
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('with the name repeated in every chunk, and no id', async () => {
    const { short } = await called([
      call(0, '', 'f', '{"n"'),
      call(0, '', 'f', ':1'),
      call(0, '', 'f', '}'),
      end,
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('with another id in every chunk', async () => {
    const { short, calls } = await called([
      call(0, 'a', 'f', ''),
      call(0, 'b', undefined, '{"n":'),
      call(0, 'c', undefined, '1}'),
      end,
    ])
    expect(short).toEqual([['f', '{"n":1}']])
    expect(calls[0]?.call_id).toBe('a')
  })

  it('with the whole call once more at the end', async () => {
    const { short } = await called([
      call(0, 'a', 'f', '{"n":'),
      call(0, undefined, undefined, '1}'),
      call(0, 'a', 'f', '{"n":1}'),
      end,
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('with arguments as an object', async () => {
    const { short } = await called([call(0, 'a', 'f', { city: 'Paris', days: 2 }), end])
    expect(short).toEqual([['f', '{"city":"Paris","days":2}']])
  })

  it('with the name after the arguments began', async () => {
    const { short } = await called([
      call(0, 'a', undefined, '{"n":'),
      call(0, undefined, 'f', '1'),
      call(0, undefined, undefined, '}'),
      end,
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('as function_call, the form before tool_calls', async () => {
    const { short } = await called([
      chunk({ role: 'assistant', content: null, function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{"n":' } }),
      chunk({ function_call: { arguments: '1}' } }),
      chunk({}, 'function_call'),
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('with finish_reason stop', async () => {
    const { response } = await called([call(0, 'a', 'f', '{}'), chunk({}, 'stop')])
    expect(response.status).toBe('completed')
  })

  it('with the finish_reason in the chunk of the last piece', async () => {
    const { short } = await called([
      call(0, 'a', 'f', '{"n":'),
      {
        ...HEAD,
        choices: [
          {
            delta: { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
            finish_reason: 'tool_calls',
          },
        ],
      },
    ])
    expect(short).toEqual([['f', '{"n":1}']])
  })

  it('with braces in strings, so that half a JSON looks whole by its end', async () => {
    const { short } = await called([
      call(0, 'a', 'f', '{"s":"a}'),
      call(1, 'b', 'g', '{}'),
      call(0, undefined, undefined, '"}'),
      end,
    ])
    expect(short).toEqual([
      ['f', '{"s":"a}"}'],
      ['g', '{}'],
    ])
  })

  it('mixed up so that they cannot be put together: an error, not a wrong call', async () => {
    const mixed = called([
      call(0, 'a', 'f', '{"n":1}'),
      call(1, 'b', 'g', '{}'),
      call(0, undefined, undefined, ',"m":2}'),
      end,
    ])
    await expect(mixed).rejects.toMatchObject({ code: 'invalid_answer', retryable: false })
    await expect(called([call(0, 'a', undefined, '{}'), end])).rejects.toMatchObject({
      code: 'invalid_answer',
    })
  })
})

describe('chatCompletions: half a call', () => {
  it('is not sealed as completed when the answer was cut off', async () => {
    const { response, calls, events } = await called([
      call(0, 'a', 'first', '{"n":1}'),
      call(1, 'b', 'second', '{"n":'),
      chunk({}, 'length'),
    ])
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
    expect(calls).toMatchObject([
      { name: 'first', status: 'completed', arguments: '{"n":1}' },
      { name: 'second', status: 'incomplete', arguments: '{"n":' },
    ])
    expect(events.at(-1)?.type).toBe('response.incomplete')
  })

  it('without a name is left out when the answer was cut off', async () => {
    const { calls } = await called([
      call(0, 'a', 'f', '{}'),
      call(1, 'b', undefined, '{"'),
      chunk({}, 'length'),
    ])
    expect(calls).toMatchObject([{ name: 'f' }])
  })
})

describe('chatCompletions: names and custom tools', () => {
  const fn = (name: string) => ({
    type: 'function',
    name,
    parameters: { type: 'object', properties: {} },
    strict: false,
  })

  it('gives long and dotted names back as they were', async () => {
    const names = ['files.read/text', 'x'.repeat(100), `${'x'.repeat(100)}y`, 'plain']
    const tools = names.map(fn)
    const { sent } = await called([chunk({ content: 'x' }, 'stop')], { input: 'Hi', tools })
    const chatNames = (sent.body.tools as unknown as { function: { name: string } }[]).map(
      (tool) => tool.function.name,
    )
    for (const name of chatNames) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
    expect(new Set(chatNames).size).toBe(names.length)
    expect(chatNames[3]).toBe('plain')
    const { calls } = await called([...chatNames.map((name, i) => call(i, `call_${i}`, name, '{}')), end], {
      input: 'Hi',
      tools,
    })
    expect(calls.map(({ name }) => name)).toEqual(names)
  })

  it('unwraps the input of a custom tool', async () => {
    const tools = [{ type: 'custom', name: 'sql', description: 'Runs SQL' }]
    const { response, events } = await called(
      [call(0, 'a', 'sql', '{"input":"sel'), call(0, undefined, undefined, 'ect 1"}'), end],
      { input: 'Hi', tools },
    )
    expect(response.output).toMatchObject([
      { type: 'custom_tool_call', call_id: 'a', name: 'sql', input: 'select 1', status: 'completed' },
    ])
    expect(events.find(({ type }) => type === 'response.custom_tool_call_input.done')).toMatchObject({
      input: 'select 1',
    })
  })

  it('takes what is not wrapped for the input itself', async () => {
    const tools = [{ type: 'custom', name: 'sql' }]
    const { response } = await called([call(0, 'a', 'sql', 'select 1'), end], { input: 'Hi', tools })
    expect(response.output).toMatchObject([{ type: 'custom_tool_call', input: 'select 1' }])
  })
})
