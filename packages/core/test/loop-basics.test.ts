import type { InputItem, ResponseEvent } from '@antiphon/client'
import {
  agent,
  ConfigError,
  RunError,
  type RunEvent,
  repairItems,
  tool,
  toolOutput,
  validateItems,
} from 'antiphon'
import { call, callItem, calls, checkLifecycle, collect, messageItem, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })

const add = tool({
  name: 'add',
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
})

const types = (events: readonly RunEvent[]): string[] => events.map((event) => event.type)
const ours = (events: readonly RunEvent[]): string[] =>
  types(events).filter((type) => !type.startsWith('response.'))

describe('a run', () => {
  it('answers with the text of the model', async () => {
    const model = scripted([text('Hello there')])
    const run = agent({ model, instructions: 'Be brief.' }).run('Hi')
    const result = await run.result()
    expect(result.text).toBe('Hello there')
    expect(result.output).toBe('Hello there')
    expect(result.stop).toEqual({ reason: 'done' })
    expect(result.turns).toBe(1)
    expect(result.toolCalls).toBe(0)
    expect(result.warnings).toEqual([])
    expect(result.runId).toBe(run.id)
    expect(result.usage).toEqual({
      inputTokens: 100,
      cachedTokens: 0,
      outputTokens: 20,
      reasoningTokens: 0,
      totalTokens: 120,
      requests: 1,
    })
    expect(result.history).toEqual([user('Hi'), ...result.items])
    expect(result.items).toEqual(result.response?.output)
    expect(model.requests).toEqual([{ instructions: 'Be brief.', input: [user('Hi')] }])
  })

  it('runs the calls of the model and gives it their outputs', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3')])
    const result = await agent({ model, tools: [add] })
      .run('1 + 2?')
      .result()
    expect(result.text).toBe('3')
    expect(result.turns).toBe(2)
    expect(result.toolCalls).toBe(1)
    expect(result.usage.requests).toBe(2)
    expect(model.requests[1]?.input).toEqual([
      user('1 + 2?'),
      callItem('add', { a: 1, b: 2 }, 'call_1', { id: 'fc_1' }),
      { type: 'function_call_output', call_id: 'call_1', output: '3' },
    ])
    expect(validateItems(result.history)).toEqual([])
  })

  it('emits its events in the order of the table', async () => {
    const model = scripted([
      { reasoning: 'Hm.', text: 'I add.', calls: [call('add', { a: 1, b: 2 })] },
      text('3'),
    ])
    const events = await collect(agent({ model, tools: [add] }).run('1 + 2?'))
    expect(ours(events)).toEqual([
      'run.started',
      'turn.started',
      'tool.queued',
      'tool.started',
      'tool.ended',
      'turn.ended',
      'turn.started',
      'turn.ended',
      'run.ended',
    ])
    const list = types(events)
    expect(list.indexOf('tool.queued')).toBe(list.indexOf('response.completed') - 1)
    expect(list.indexOf('tool.started')).toBe(list.indexOf('response.completed') + 1)
    const first = events.slice(0, list.indexOf('turn.ended'))
    const wire = first.filter((event) => event.type.startsWith('response.')) as ResponseEvent[]
    expect(checkLifecycle(wire)).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', stop: { reason: 'done' } })
  })

  it('passes events and items that nobody knows on as they came', async () => {
    const odd = { id: 'x_1', type: 'acme:thought', depth: { of: 3 } } as never
    const strange = { type: 'acme:tick', n: 1 } as unknown as ResponseEvent
    const model = scripted([
      {
        events: [
          { type: 'response.created', sequence_number: 0, response: { id: 'r', output: [] } } as never,
          strange,
          { type: 'response.output_item.done', sequence_number: 1, output_index: 0, item: odd },
          {
            type: 'response.completed',
            sequence_number: 2,
            response: { id: 'r', status: 'completed', output: [odd, messageItem('ok')] },
          } as never,
        ],
      },
    ])
    const run = agent({ model }).run('Hi')
    const events = collect(run)
    const result = await run.result()
    expect(result.items[0]).toBe(odd)
    expect(result.text).toBe('ok')
    expect((await events).includes(strange as RunEvent)).toBe(true)
  })

  it('tells listeners and iterators the same, in the same order', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3')])
    const run = agent({ model, tools: [add] }).run('1 + 2?')
    const heard: RunEvent[] = []
    const deltas: string[] = []
    run.on('event', (event) => heard.push(event))
    run.on('response.output_text.delta', (event) => deltas.push(event.delta))
    const [a, b] = await Promise.all([collect(run), collect(run)])
    expect(a).toEqual(b)
    expect(heard).toEqual(a)
    expect(deltas.join('')).toBe('3')
  })

  it('gives an iterator that comes late the rest, and one after the end nothing', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3')])
    const run = agent({ model, tools: [add] }).run('1 + 2?')
    const late = new Promise<RunEvent[]>((resolve) => run.once('tool.ended', () => resolve(collect(run))))
    const events = await late
    expect(types(events)[0]).toBe('tool.ended')
    expect(types(events).at(-1)).toBe('run.ended')
    await run.result()
    expect(await collect(run)).toEqual([])
  })

  it('goes on when a consumer leaves', async () => {
    const model = scripted([text('one two three')])
    const run = agent({ model }).run('Hi')
    const seen: string[] = []
    for await (const event of run) {
      seen.push(event.type)
      if (event.type === 'response.output_text.delta') break
    }
    expect((await run.result()).text).toBe('one two three')
    expect(seen.at(-1)).toBe('response.output_text.delta')
  })

  it('calls a once listener once, and one that was taken away never', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3')])
    const run = agent({ model, tools: [add] }).run('1 + 2?')
    const seen: string[] = []
    const gone = (): void => void seen.push('gone')
    run
      .once('turn.started', () => seen.push('once'))
      .on('turn.started', gone)
      .off('turn.started', gone)
    run.on('turn.ended', () => seen.push('ended'))
    await run.result()
    expect(seen).toEqual(['once', 'ended', 'ended'])
  })

  it('is what a fold over its stream is', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('It is 3')])
    const run = agent({ model, tools: [add] }).run('1 + 2?')
    const events = await collect(run)
    const result = await run.result()
    const items: unknown[] = []
    for (const event of events) {
      if (event.type === 'response.completed') items.push(...event.response.output)
      if (event.type === 'tool.ended') items.push(event.output)
    }
    expect(result.items).toEqual(items)
    const turns = events.filter((event) => event.type === 'turn.ended')
    expect(turns.map((event) => event.usage.totalTokens).reduce((a, b) => a + b)).toBe(
      result.usage.totalTokens,
    )
    expect(events.at(-1)).toMatchObject({ stop: result.stop, usage: result.usage })
    expect(turns.at(-1)?.response).toBe(result.response)
  })

  it('shows a tool two faces: content to the model, details to everybody else', async () => {
    const both = tool({
      name: 'both',
      execute: () => toolOutput({ content: 'short', details: { long: true } }),
    })
    const model = scripted([calls(call('both')), text('ok')])
    const run = agent({ model, tools: [both] }).run('Go')
    const ended = (await collect(run)).find((event) => event.type === 'tool.ended')
    expect(ended).toMatchObject({ outcome: 'ok', output: { output: 'short' }, details: { long: true } })
    expect(JSON.stringify((await run.result()).history)).not.toContain('long')
  })

  it('reports what a generator yields as progress', async () => {
    const steps = tool({
      name: 'steps',
      async *execute(_input, context) {
        yield 'one'
        context.progress('two')
        return 'done'
      },
    })
    const model = scripted([calls(call('steps')), text('ok')])
    const events = await collect(agent({ model, tools: [steps] }).run('Go'))
    const progress = events.filter((event) => event.type === 'tool.progress')
    expect(progress.map((event) => event.progress)).toEqual(['one', 'two'])
    expect(events.find((event) => event.type === 'tool.ended')?.output.output).toBe('done')
  })
})

describe('a history as input', () => {
  it('is continued by the next run', async () => {
    const model = scripted([calls(call('add', { a: 1, b: 2 })), text('3'), text('4')])
    const assistant = agent({ model, tools: [add] })
    const first = await assistant.run('1 + 2?').result()
    const second = await assistant.run([...first.history, user('And 1 more?')]).result()
    expect(second.history.slice(0, first.history.length)).toEqual(first.history)
    expect(second.items).toHaveLength(1)
    expect(model.requests[2]?.input).toEqual([...first.history, user('And 1 more?')])
  })

  it('may be a single item', async () => {
    const model = scripted([text('ok')])
    await agent({ model }).run(user('Hi')).result()
    expect(model.requests[0]?.input).toEqual([user('Hi')])
  })

  it('does not change with the run', async () => {
    const model = scripted([text('ok')])
    const input = [user('Hi')]
    await agent({ model }).run(input).result()
    expect(input).toEqual([user('Hi')])
  })

  const broken: [string, InputItem[]][] = [
    ['a call without output', [user('Hi'), callItem('add', {}, 'c1')]],
    ['an output without call', [{ type: 'function_call_output', call_id: 'c9', output: 'x' }]],
    [
      'two outputs',
      [
        callItem('add', {}, 'c1'),
        { type: 'function_call_output', call_id: 'c1', output: 'x' },
        { type: 'function_call_output', call_id: 'c1', output: 'y' },
      ],
    ],
  ]
  it.each(broken)('is refused with %s, and mended by repairItems', async (_name, items) => {
    const model = scripted([text('ok')])
    const assistant = agent({ model })
    let error: unknown
    try {
      assistant.run(items)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).code).toBe('invalid_history')
    expect((error as ConfigError).message).toContain('repairItems')
    expect(model.requests).toHaveLength(0)
    expect((await assistant.run(repairItems(items)).result()).text).toBe('ok')
  })
})

describe('a model that fails', () => {
  it('rejects the result and the iteration with a RunError whose history goes on', async () => {
    const model = scripted([
      calls(call('add', { a: 1, b: 2 })),
      { text: 'half', error: new Error('the line is dead') },
      text('3'),
    ])
    const assistant = agent({ model, tools: [add] })
    const run = assistant.run('1 + 2?')
    const seen: string[] = []
    let thrown: unknown
    try {
      for await (const event of run) seen.push(event.type)
    } catch (error) {
      thrown = error
    }
    const error = await run.result().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(thrown).toBe(error)
    expect(error).toBeInstanceOf(RunError)
    const { result, message, code } = error as RunError
    expect(code).toBe('run_failed')
    expect(message).toContain('the line is dead')
    expect(seen.at(-1)).toBe('run.ended')
    expect(result.stop).toMatchObject({ reason: 'error', code: 'run_failed' })
    expect(result.partial?.output[0]).toMatchObject({ type: 'message' })
    expect(validateItems(result.history)).toEqual([])
    expect((await assistant.run(result.history).result()).text).toBe('3')
  })

  it('rejects for a failed response, with what the server said and the tokens it cost', async () => {
    const model = scripted([{ failed: { code: 'server_error', message: 'Overloaded.' } }])
    const error = (await agent({ model })
      .run('Hi')
      .result()
      .catch((reason: unknown) => reason)) as RunError
    expect(error).toMatchObject({ name: 'RunError', code: 'response_failed', retryable: true })
    expect(error.message).toContain('Overloaded.')
    expect(error.result.usage.totalTokens).toBe(120)
    expect(error.result.history).toEqual([user('Hi')])
  })

  it('does not take the process down when nobody asks for the result', async () => {
    const run = agent({ model: scripted([]) }).run('Hi')
    await expect(collect(run)).rejects.toMatchObject({ code: 'script_exhausted' })
  })
})
