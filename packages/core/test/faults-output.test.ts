import { agent, jsonSchema, OutputError } from 'antiphon'
import { call, calls, messageItem, refusalItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import {
  bounded,
  modelOf,
  outcomeOf,
  outputsOf,
  runOn,
  sealed,
  serve,
  traces,
  watchProcess,
} from './faults-world.ts'

watchProcess()

const spoken = (text: string, phase: string | undefined, id: string) => ({
  ...messageItem(text, { id }),
  phase,
})

describe('usage that is none', () => {
  const counted = { inputTokens: 100, outputTokens: 20, totalTokens: 120 }
  const broken: [string, unknown, object][] = [
    [
      'negative',
      { input_tokens: -5, output_tokens: 20, total_tokens: -1 },
      { inputTokens: 0, outputTokens: 20, totalTokens: 20 },
    ],
    [
      'text',
      { input_tokens: '100', output_tokens: '20', total_tokens: '120' },
      { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
    ],
    [
      'beyond all numbers',
      JSON.parse('{"input_tokens":1e999,"output_tokens":20}'),
      { inputTokens: 0, outputTokens: 20, totalTokens: 20 },
    ],
    ['null', null, { totalTokens: 0 }],
    ['absent', undefined, { totalTokens: 0 }],
    ['NaN as null', { input_tokens: null, output_tokens: null, total_tokens: null }, { totalTokens: 0 }],
    ['a number', 120, { totalTokens: 0 }],
    ['a text', 'much', { totalTokens: 0 }],
    ['a list', [1, 2], { totalTokens: 0 }],
    ['objects', { input_tokens: {}, output_tokens: [], total_tokens: { toString: 1 } }, { totalTokens: 0 }],
    [
      'odd in its details',
      {
        ...{ input_tokens: 100, output_tokens: 20, total_tokens: 120 },
        input_tokens_details: 'x',
        output_tokens_details: { reasoning_tokens: -1 },
      },
      { ...counted, cachedTokens: 0, reasoningTokens: 0 },
    ],
    [
      'more cached than there is',
      {
        input_tokens: 100,
        output_tokens: 20,
        total_tokens: 120,
        input_tokens_details: { cached_tokens: 1e6 },
      },
      { ...counted, cachedTokens: 100 },
    ],
  ]
  it.each(broken)('(%s) counts as nothing, and never as less', async (_name, usage, expected) => {
    const { tools } = traces()
    const { result, error } = await runOn(
      [
        sealed([{ ...messageItem('Well.'), id: 'm1' }, call_('c1')], { usage }),
        sealed([messageItem('ok')], { usage }),
      ],
      { tools, limits: { totalTokens: 1_000_000 }, prices: { m: { input: 1, output: 1 } } },
    )
    expect(error).toBeUndefined()
    expect(result.text).toBe('ok')
    const double = Object.fromEntries(Object.entries(expected).map(([name, n]) => [name, n * 2]))
    expect(result.usage).toMatchObject({ ...double, requests: 2 })
    expect(Object.values(result.usage).every((n) => Number.isFinite(n) && n >= 0)).toBe(true)
    expect(result.costUsd).toBeGreaterThanOrEqual(0)
  })

  it.each(['constructor', '__proto__', 'toString', 7, { a: 1 }, null])(
    'of a model named %j costs nothing known',
    async (model) => {
      const { result, error } = await runOn(
        [sealed([messageItem('ok')], { model, usage: { input_tokens: 1, output_tokens: 1 } })],
        {},
        { model: { model: 'unpriced' } },
      )
      expect(error).toBeUndefined()
      expect(result.costUsd).toBeUndefined()
      expect(result.text).toBe('ok')
    },
  )
})

const call_ = (callId: string) => ({
  type: 'function_call',
  id: `fc_${callId}`,
  call_id: callId,
  name: 'look',
  arguments: '{"city":"Oslo"}',
  status: 'completed',
})

describe('output of unknown kinds', () => {
  const strange: unknown[] = [
    { type: 'acme:thought', id: 't1', depth: { of: [1, { x: null }] }, '0': null },
    { type: 'quantum_call', call_id: 'q1', arguments: '{}', big: 9007199254740991 },
    {
      type: 'message',
      id: 'm9',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_hologram', data: 'ø\ud83d\ude00' }],
    },
    {
      type: 'reasoning',
      id: 'r9',
      summary: [],
      content: [{ type: 'reasoning_smell', smell: 1 }],
      extra: true,
    },
    { type: 'call', nothing: undefined },
    { type: '' },
    { type: '__proto__', constructor: { x: 1 } },
  ]

  it('is kept as it came, and goes back as it came', async () => {
    const { tools } = traces()
    const items = [...strange, call_('c1')]
    const { result, upstream } = await runOn([sealed(items), 'ok'], { tools })
    const wire = JSON.parse(JSON.stringify(items))
    expect(result.items.slice(0, items.length)).toEqual(wire)
    expect((upstream.requests[1]!.body.input as unknown[]).slice(1, items.length + 1)).toEqual(wire)
    expect(upstream.requests[1]!.text).toContain(JSON.stringify(items).slice(1, -1))
    expect(result.text).toBe('ok')
  })

  it.each([
    ['nulls and numbers', [null, 5, 'text', [], {}]],
    ['a text', 'text'],
    ['an object', { type: 'message' }],
    ['null', null],
    ['items without type', [{ id: 'a' }, { type: 5 }]],
  ])('(%s) that are no items end no run', async (_name, output) => {
    const events = [
      { type: 'response.completed', sequence_number: 0, response: { id: 'r', status: 'completed', output } },
    ]
    const { result, error } = await runOn([{ events: events as never }])
    expect(error).toBeUndefined()
    expect(result.items).toEqual([])
    expect(result.text).toBe('')
  })

  it.each([
    ['a number', 5],
    ['null', null],
    ['text', 'said so'],
    ['an object', { text: 'x' }],
    ['nulls', [null, 5]],
    ['parts without text', [{ type: 'output_text' }, { type: 'output_text', text: 5 }]],
  ])('(a message whose content is %s) is kept', async (_name, content) => {
    const message = { type: 'message', id: 'm1', role: 'assistant', status: 'completed', content }
    const { result, error } = await runOn([sealed([message])])
    expect(error).toBeUndefined()
    expect(result.items).toEqual([message])
  })
})

describe('events with fields of other types', () => {
  const textless = { toString: 1, valueOf: 2 }
  const part = { type: 'output_text', text: '' }
  const odd: [string, object][] = [
    ['a type that is an object', { type: textless }],
    ['the type that stands for all', { type: 'event' }],
    ['a type of the prototype', { type: '__proto__' }],
    ['no type', { hello: 1 }],
    [
      'an index that is an object',
      { type: 'response.output_text.delta', output_index: textless, delta: 'x' },
    ],
    [
      'an index of the prototype',
      { type: 'response.output_text.delta', output_index: '__proto__', delta: 'x' },
    ],
    [
      'a text that is an object',
      {
        type: 'response.content_part.added',
        output_index: 0,
        content_index: 0,
        part: { ...part, text: textless },
      },
    ],
    [
      'logprobs that are none',
      {
        type: 'response.output_text.delta',
        output_index: 0,
        content_index: 0,
        delta: '',
        logprobs: { length: 3 },
      },
    ],
    [
      'a part that is null',
      { type: 'response.content_part.done', output_index: 0, content_index: 0, part: null },
    ],
    ['an item that is text', { type: 'response.output_item.done', output_index: 0, item: 'x' }],
    ['a response that is text', { type: 'response.in_progress', response: 'x' }],
  ]
  it.each(odd)('(%s) end no run, and reach every listener once', async (_name, event) => {
    const message = messageItem('Still here.')
    const { events } = sealed([message])
    const added = { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } }
    const delta = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Still' }
    const {
      result,
      error,
      events: seen,
    } = await runOn([{ events: [events[0], added, event, delta, ...events.slice(1)] as never }])
    expect(error).toBeUndefined()
    expect(result.text).toBe('Still here.')
    expect(seen.filter((one) => JSON.stringify(one) === JSON.stringify(event))).toHaveLength(1)
  })

  it('name a tool by no text: there is none of that name', async () => {
    const { tools } = traces()
    const { result } = await runOn([sealed([{ ...call_('c1'), name: textless }]), 'ok'], { tools })
    expect(outputsOf(result.history)).toEqual(['Error: there is no tool "". Tools: look, book.'])
  })
})

describe('outputs that the server writes itself', () => {
  const own = { type: 'function_call_output', call_id: 'c1', output: 'the server knows' }

  it('stand for the call, which is not executed, wherever it was sealed', async () => {
    const { book, ran } = traces()
    const booking = { ...call_('c1'), name: 'book' }
    const { result } = await runOn([sealed([booking, own, messageItem('Done.')])], { tools: [book] })
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toEqual(['the server knows'])
    expect(result.text).toBe('Done.')
    const { events } = sealed([booking, own, messageItem('Done.')])
    const unsealed = await runOn([{ events: [events[0], events[2], events[3], events[4]] as never }], {
      tools: [book],
    })
    expect(ran).toEqual([])
    expect(outputsOf(unsealed.result.history)).toEqual(['the server knows'])
  })

  it('for no call are left out, with a warning', async () => {
    const { result } = await runOn([sealed([own, messageItem('Done.')])])
    expect(result.items).toEqual([messageItem('Done.')])
    expect(result.warnings).toMatchObject([{ code: 'orphan_output' }])
  })
})

describe('an empty output', () => {
  it('is an empty answer', async () => {
    const { result } = await runOn([sealed([])])
    expect(result).toMatchObject({ text: '', output: '', items: [], stop: { reason: 'done' } })
  })

  it('where a shape was asked for is mended once, then an error', async () => {
    const upstream = await serve({ answers: [sealed([]), sealed([])] })
    const output = jsonSchema<{ a: number }>({
      type: 'object',
      properties: { a: { type: 'number' } },
      required: ['a'],
    })
    const { error } = await outcomeOf(agent({ model: modelOf(upstream), output }).run('Go'))
    expect(error?.code).toBe('output_invalid')
    expect(error?.cause).toBeInstanceOf(OutputError)
    expect(upstream.requests).toHaveLength(2)
  })

  it('in the terminal event loses no call that was streamed', async () => {
    const { tools, ran } = traces()
    const { result } = await runOn(
      [{ ...calls(call('look', { city: 'Oslo' })), emptyTerminalOutput: true }, 'ok'],
      { tools },
    )
    expect(ran).toEqual(['look Oslo'])
    expect(outputsOf(result.history)).toEqual(['saw Oslo'])
  })
})

describe('the final text', () => {
  it.each([
    [
      'the message of phase final_answer, wherever it stands',
      [spoken('The answer.', 'final_answer', 'm1'), spoken('By the way.', 'commentary', 'm2')],
      'The answer.',
    ],
    [
      'the last message of that phase',
      [spoken('First.', 'final_answer', 'm1'), spoken('Second.', 'final_answer', 'm2')],
      'Second.',
    ],
    [
      'the last message, where no phase is told',
      [spoken('First.', undefined, 'm1'), spoken('Second.', undefined, 'm2')],
      'Second.',
    ],
    ['nothing, for a refusal', [refusalItem('I will not.')], ''],
  ])('is %s', async (_name, items, text) => {
    const { result } = await runOn([sealed(items)])
    expect(result.text).toBe(text)
    expect(result.items).toEqual(JSON.parse(JSON.stringify(items)))
  })

  it('of a refusal is empty, and the refusal is in the items and in the events', async () => {
    const { result, events, error } = await runOn([{ refusal: 'I will not.' }])
    expect(error).toBeUndefined()
    expect(result.stop).toEqual({ reason: 'done' })
    expect(result.items[0]).toMatchObject({ content: [{ type: 'refusal', refusal: 'I will not.' }] })
    expect(events.some((event) => event.type === 'response.refusal.done')).toBe(true)
  })

  it('sends phases back with the messages that have them', async () => {
    const { tools } = traces()
    const items = [spoken('Let me look.', 'commentary', 'm1'), call_('c1')]
    const { upstream } = await runOn([sealed(items), 'ok'], { tools })
    expect((upstream.requests[1]!.body.input as unknown[])[1]).toEqual(items[0])
  })
})

describe('input that is no input', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['a list of nothing known', [null]],
    ['a list with a text', ['Hi']],
    ['a function', () => 'Hi'],
  ])('(%s) is refused where it is given', async (_name, input) => {
    const upstream = await serve({ answers: 'ok' })
    const assistant = agent({ model: modelOf(upstream) })
    expect(() => assistant.run(input as never)).toThrow(expect.objectContaining({ code: 'invalid_history' }))
    expect(upstream.requests).toHaveLength(0)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a list of nothing', [null]],
  ])('(%s) is refused where it is steered in', async (_name, input) => {
    const { tools } = traces()
    const upstream = await serve({ answers: [calls(call('look', { city: 'Oslo' })), 'ok'] })
    const run = agent({ model: modelOf(upstream), tools }).run('Go')
    const outcome = outcomeOf(run)
    expect(() => run.steer(input as never)).toThrow(expect.objectContaining({ code: 'invalid_history' }))
    expect(() => run.followUp(input as never)).toThrow(expect.objectContaining({ code: 'invalid_history' }))
    expect((await bounded(outcome)).result.text).toBe('ok')
  })
})

describe('a tool that is no tool', () => {
  it.each([
    ['null', null],
    ['a text', 'look'],
    ['a function', () => 1],
  ])('(%s) is refused where it is defined', (_name, entry) => {
    expect(() => agent({ model: 'm', tools: [entry as never] })).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    )
  })
})
