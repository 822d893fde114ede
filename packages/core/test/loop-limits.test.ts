import type { OutputItem } from '@antiphon/client'
import {
  agent,
  hasCalled,
  LimitError,
  type Limits,
  type OnLimit,
  type RunError,
  tool,
  validateItems,
} from 'antiphon'
import { call, callItem, calls, collect, type ScriptStep, scripted, text } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { untilAborted } from './loop-gate.ts'

const counted = (name = 'count') => {
  const ran: string[] = []
  const made = tool({
    name,
    inputSchema: z.object({ n: z.number().optional() }),
    execute: async (_input, context) => {
      await Promise.resolve()
      ran.push(context.callId)
      return 'counted'
    },
  })
  return { ran, tool: made }
}

const many = (name: string, n: number) => calls(...Array.from({ length: n }, () => call(name, { n: null })))

const search = (id: string): OutputItem =>
  ({ type: 'web_search_call', id, status: 'completed', action: { type: 'search', query: 'x' } }) as OutputItem

const run = (script: readonly ScriptStep[], limits: Limits, onLimit?: OnLimit) => {
  const model = scripted(script)
  const { ran, tool: count } = counted()
  const assistant = agent({ model, tools: [count], limits, ...(onLimit === undefined ? {} : { onLimit }) })
  return { model, ran, run: assistant.run('Go') }
}

describe('turns', () => {
  it('end the run with one last answer without tools', async () => {
    const {
      model,
      ran,
      run: started,
    } = run([many('count', 1), many('count', 1), text('So far.')], { turns: 2 })
    const events = await collect(started)
    const result = await started.result()
    expect(result.stop).toEqual({ reason: 'limit', limit: 'turns', used: 2, max: 2 })
    expect(result.text).toBe('So far.')
    expect(result.output).toBe('So far.')
    expect(ran).toHaveLength(2)
    expect(model.requests.map((request) => request.tool_choice)).toEqual([undefined, undefined, 'none'])
    expect(model.requests[2]?.tools).toEqual(model.requests[0]?.tools)
    expect(events.filter((event) => event.type === 'limit.reached')).toEqual([
      { type: 'limit.reached', limit: 'turns', used: 2, max: 2 },
    ])
  })

  it('are 50 when nothing is said', async () => {
    const model = scripted([...Array.from({ length: 50 }, () => many('count', 1)), text('Enough.')])
    const result = await agent({ model, tools: [counted().tool] })
      .run('Go')
      .result()
    expect(result.stop).toEqual({ reason: 'limit', limit: 'turns', used: 50, max: 50 })
    expect(result.text).toBe('Enough.')
  })

  it('are not reached by a run that is done in time', async () => {
    const { run: started } = run([many('count', 1), text('Done.')], { turns: 2 })
    expect((await started.result()).stop).toEqual({ reason: 'done' })
  })

  it('of a run may differ from those of its agent', async () => {
    const model = scripted([many('count', 1), text('So far.')])
    const assistant = agent({ model, tools: [counted().tool], limits: { turns: 9, toolCalls: 9 } })
    const result = await assistant.run('Go', { limits: { turns: 1 } }).result()
    expect(result.stop).toMatchObject({ limit: 'turns', max: 1 })
  })
})

describe('tool calls', () => {
  it('are exact over parallel calls and over responses', async () => {
    const script = [many('count', 3), many('count', 4), text('So far.')]
    const { ran, run: started } = run(script, { toolCalls: 5 })
    const events = await collect(started)
    const result = await started.result()
    expect(ran.sort()).toEqual(['call_1', 'call_2', 'call_3', 'call_4', 'call_5'])
    expect(result.stop).toEqual({ reason: 'limit', limit: 'toolCalls', used: 5, max: 5 })
    expect(result.toolCalls).toBe(5)
    const refused = events.filter((event) => event.type === 'tool.ended' && event.outcome === 'limit')
    expect(refused).toMatchObject([{ callId: 'call_6' }, { callId: 'call_7' }])
    expect(refused).toMatchObject([{}, { output: { output: expect.stringContaining('limit toolCalls') } }])
    expect(validateItems(result.history)).toEqual([])
  })

  it('may be used up without the limit being reached', async () => {
    const { run: started } = run([many('count', 5), text('Done.')], { toolCalls: 5 })
    expect((await started.result()).stop).toEqual({ reason: 'done' })
  })

  it('may be none', async () => {
    const { ran, run: started } = run([many('count', 1), text('Without.')], { toolCalls: 0 })
    const result = await started.result()
    expect(ran).toEqual([])
    expect(result.stop).toEqual({ reason: 'limit', limit: 'toolCalls', used: 0, max: 0 })
    expect(result.text).toBe('Without.')
  })

  it('count unknown tools, too, so that a model cannot call them for ever', async () => {
    const { run: started } = run([many('nobody', 2), text('So far.')], { toolCalls: 1 })
    expect((await started.result()).stop).toMatchObject({ limit: 'toolCalls', used: 1 })
  })

  it('are bounded by name', async () => {
    const a = counted('a')
    const b = counted('b')
    const model = scripted([calls(call('a'), call('b'), call('a'), call('b')), text('So far.')])
    const assistant = agent({ model, tools: [a.tool, b.tool], limits: { tools: { a: 1 } } })
    const result = await assistant.run('Go').result()
    expect([a.ran.length, b.ran.length]).toEqual([1, 2])
    expect(result.stop).toEqual({ reason: 'limit', limit: 'tools.a', used: 1, max: 1 })
  })

  it('in the last answer are refused, also those of a model that does not obey', async () => {
    const { ran, run: started } = run([many('count', 1), { ...many('count', 2), text: 'Still.' }], {
      turns: 1,
    })
    const result = await started.result()
    expect(ran).toHaveLength(1)
    expect(result.text).toBe('Still.')
    expect(validateItems(result.history)).toEqual([])
  })
})

describe('tokens and cost', () => {
  it('bound the model calls', async () => {
    const { run: started } = run([many('count', 1), many('count', 1), text('So far.')], { totalTokens: 200 })
    expect((await started.result()).stop).toEqual({
      reason: 'limit',
      limit: 'totalTokens',
      used: 240,
      max: 200,
    })
  })

  const priced = (limits: Limits, prices: Record<string, { input: number; output: number }> = {}) => {
    const model = scripted([many('count', 1), many('count', 1), text('So far.')], {
      modelName: 'm-2026-01-02',
    })
    return agent({ model, tools: [counted().tool], limits, prices })
      .run('Go')
      .result()
  }

  it('are reckoned by the price table, also for a dated snapshot', async () => {
    const result = await priced({ costUsd: 0.0003 }, { m: { input: 1, output: 5 } })
    expect(result.stop).toEqual({ reason: 'limit', limit: 'costUsd', used: 0.0004, max: 0.0003 })
    expect(result.costUsd).toBeCloseTo(0.0006)
    expect(result.warnings).toEqual([])
  })

  it('cannot be reckoned without a price, and that is said once', async () => {
    const result = await priced({ costUsd: 0.0003 })
    expect(result.stop).toEqual({ reason: 'done' })
    expect(result.costUsd).toBeUndefined()
    expect(result.warnings.map((warning) => warning.code)).toEqual(['unknown_price'])
  })
})

describe('duration', () => {
  it('stops tools that run or wait, and still gives an answer', async () => {
    const reasons: unknown[] = []
    const hang = tool({
      name: 'hang',
      execute: (_input, context) =>
        untilAborted(context.signal).catch((reason: Error) => {
          reasons.push(reason.message)
          throw reason
        }),
    })
    const model = scripted([calls(call('hang'), call('hang')), text('So far.')])
    const assistant = agent({ model, tools: [hang], limits: { durationMs: 500 }, concurrency: 1 })
    const started = assistant.run('Go')
    const events = await collect(started)
    const result = await started.result()
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'durationMs', max: 500 })
    expect(result.text).toBe('So far.')
    expect(reasons).toEqual(['Stopped: limit durationMs reached (500 ms).'])
    const ended = events.filter((event) => event.type === 'tool.ended')
    expect(ended.map((event) => event.outcome)).toEqual(['limit', 'limit'])
    expect(events.filter((event) => event.type === 'tool.started')).toHaveLength(1)
    expect(validateItems(result.history)).toEqual([])
  })

  it('does not wait for a hook that hangs', async () => {
    const gated = tool({
      name: 'gated',
      needsApproval: () => new Promise<boolean>(() => undefined),
      execute: () => 1,
    })
    const model = scripted([calls(call('gated')), text('So far.')])
    const result = await agent({ model, tools: [gated], limits: { durationMs: 500 } })
      .run('Go')
      .result()
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'durationMs' })
    expect(result.text).toBe('So far.')
    expect(validateItems(result.history)).toEqual([])
  })

  it('answers what waits for approval, once it is over', async () => {
    const hang = tool({ name: 'hang', execute: (_input, context) => untilAborted(context.signal) })
    const gated = tool({ name: 'gated', needsApproval: true, execute: () => 1 })
    const model = scripted([calls(call('gated'), call('hang')), text('So far.')])
    const result = await agent({ model, tools: [hang, gated], limits: { durationMs: 500 } })
      .run('Go')
      .result()
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'durationMs' })
    expect(validateItems(result.history)).toEqual([])
  })
})

describe('onLimit', () => {
  it('stop ends without a further model call', async () => {
    const { model, run: started } = run([{ ...many('count', 1), text: 'I count.' }], { turns: 1 }, 'stop')
    const result = await started.result()
    expect(model.requests).toHaveLength(1)
    expect(result.stop).toEqual({ reason: 'limit', limit: 'turns', used: 1, max: 1 })
    expect(result.text).toBe('I count.')
    expect(validateItems(result.history)).toEqual([])
  })

  it('throw rejects with the limit and a valid history', async () => {
    const { run: started } = run([many('count', 2)], { toolCalls: 1 }, 'throw')
    const error = (await started.result().catch((reason: unknown) => reason)) as RunError
    expect(error.code).toBe('limit_reached')
    expect(error.cause).toBeInstanceOf(LimitError)
    expect(error.cause).toMatchObject({ limit: 'toolCalls', used: 1, max: 1 })
    expect(validateItems(error.result.history)).toEqual([])
    expect(error.result.stop).toMatchObject({ reason: 'error', code: 'limit_reached' })
  })

  it('answer still takes what was steered in before', async () => {
    const { model, run: started } = run([many('count', 2), text('So far.')], { toolCalls: 1 })
    started.once('turn.ended', () => started.steer('In French, please.'))
    await started.result()
    expect(model.requests[1]?.input?.at(-1)).toMatchObject({ content: 'In French, please.' })
  })
})

describe('sub-agents and hand-offs', () => {
  it('spend from the purse of the run that calls them', async () => {
    const { ran, tool: count } = counted()
    const inner = agent({
      name: 'inner',
      model: scripted([many('count', 3), text('Inner so far.')]),
      tools: [count],
    })
    const outer = agent({
      model: scripted([calls(call('inner', { input: 'x' })), text('Outer so far.')]),
      tools: [inner.asTool()],
      limits: { toolCalls: 3 },
    })
    const result = await outer.run('Go').result()
    expect(ran).toHaveLength(2)
    expect(result.toolCalls).toBe(3)
    expect(result.text).toBe('Outer so far.')
    expect(JSON.stringify(result.history)).toContain('Inner so far.')
  })

  it('may have limits of their own inside', async () => {
    const { ran, tool: count } = counted()
    const inner = agent({
      name: 'inner',
      model: scripted([many('count', 3), text('Inner so far.')]),
      tools: [count],
      limits: { toolCalls: 1 },
    })
    const model = scripted([calls(call('inner', { input: 'x' })), text('Done.')])
    const result = await agent({ model, tools: [inner.asTool()] })
      .run('Go')
      .result()
    expect(ran).toHaveLength(1)
    expect(result.stop).toEqual({ reason: 'done' })
    expect(JSON.stringify(result.history)).toContain('reached its limit toolCalls')
  })

  it('keep the budget over a hand-off', async () => {
    const { ran, tool: count } = counted()
    const other = agent({
      name: 'other',
      model: scripted([many('count', 3), text('So far.')]),
      tools: [count],
      limits: { toolCalls: 100 },
    })
    const model = scripted([calls(call('transfer_to_other'))])
    const result = await agent({ model, handoffs: [other], limits: { toolCalls: 2 } })
      .run('Go')
      .result()
    expect(ran).toHaveLength(1)
    expect(result.stop).toMatchObject({ limit: 'toolCalls', used: 2 })
  })
})

describe('hosted tools', () => {
  const web = { type: 'web_search' } as const

  it('count, and what is left goes out with each request', async () => {
    const { ran, tool: count } = counted()
    const model = scripted([
      { items: [search('ws_1'), search('ws_2')], calls: [call('count')] },
      { items: [search('ws_3'), callItem('count', {}, 'c_8'), callItem('count', {}, 'c_9')] },
      text('So far.'),
    ])
    const result = await agent({ model, tools: [count, web], limits: { toolCalls: 5 } })
      .run('Go')
      .result()
    expect(model.requests.map((request) => request.max_tool_calls)).toEqual([5, 2, undefined])
    expect(ran).toHaveLength(2)
    expect(result.toolCalls).toBe(5)
    expect(result.stop).toEqual({ reason: 'limit', limit: 'toolCalls', used: 5, max: 5 })
  })

  it('are not declared any more once nothing is left', async () => {
    const { tool: count } = counted()
    const model = scripted([
      { items: [search('ws_1'), search('ws_2')], calls: [call('count')] },
      text('Done.'),
    ])
    const result = await agent({ model, tools: [count, web], limits: { toolCalls: 3 } })
      .run('Go')
      .result()
    expect(model.requests[0]).toMatchObject({ tools: [{ name: 'count' }, web], max_tool_calls: 3 })
    expect(model.requests[1]?.tools).toMatchObject([{ name: 'count' }])
    expect(model.requests[1]?.tools).toHaveLength(1)
    expect(model.requests[1]).not.toHaveProperty('max_tool_calls')
    expect(result.stop).toEqual({ reason: 'done' })
  })

  it('are bounded by the name of their calls', async () => {
    const { tool: count } = counted()
    const model = scripted([
      { items: [search('ws_1')], calls: [call('count')] },
      many('count', 1),
      text('Done.'),
    ])
    const limits = { tools: { web_search_call: 1 } }
    const result = await agent({ model, tools: [count, web], limits })
      .run('Go')
      .result()
    expect(model.requests.map((request) => request.max_tool_calls)).toEqual([1, undefined, undefined])
    expect(model.requests.map((request) => request.tools?.length)).toEqual([2, 1, 1])
    expect(result.stop).toEqual({ reason: 'done' })
  })

  it('obey the smaller of the two bounds', async () => {
    const model = scripted([text('Done.')])
    const settings = { max_tool_calls: 2 }
    await agent({ model, tools: [web], limits: { toolCalls: 5 }, settings })
      .run('Go')
      .result()
    expect(model.requests[0]?.max_tool_calls).toBe(2)
  })

  it('alone bring max_tool_calls: functions do not', async () => {
    const { model, run: started } = run([text('Done.')], { toolCalls: 5 })
    await started.result()
    expect(model.requests[0]).not.toHaveProperty('max_tool_calls')
  })

  it('show in calledTools', async () => {
    const model = scripted([{ items: [search('ws_1')], text: 'Found.' }])
    const stopWhen = hasCalled('web_search_call')
    const result = await agent({ model, tools: [web], stopWhen })
      .run('Go')
      .result()
    expect(result.stop).toEqual({ reason: 'stop_when' })
  })
})

describe('limits that make no sense', () => {
  it.each([-1, Number.NaN, '3'])('such as %s throw', (turns) => {
    const assistant = agent({ model: scripted([]), limits: { turns: turns as number } })
    expect(() => assistant.run('Go')).toThrow(/limits.turns/)
  })
})

describe('whatever a model does', () => {
  const step = fc.array(
    fc.record({
      name: fc.constantFrom('count', 'other', 'nobody'),
      arguments: fc.constantFrom<unknown>({ n: null }, {}, '{"n":', '', { n: 'x' }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  const limits = fc.record(
    {
      toolCalls: fc.integer({ min: 0, max: 8 }),
      turns: fc.integer({ min: 1, max: 5 }),
      tools: fc.record({ count: fc.integer({ min: 0, max: 3 }) }),
    },
    { requiredKeys: [] },
  )
  it('no more is executed than allowed, and every call has one output', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 6 }),
        limits,
        fc.boolean(),
        async (script, bounds, eager) => {
          let executed = 0
          let counts = 0
          const own = (name: string) =>
            tool({
              name,
              effect: eager ? 'read' : 'write',
              inputSchema: z.object({ n: z.number().optional() }),
              execute: async () => {
                executed++
                if (name === 'count') counts++
                await Promise.resolve()
                return 'ok'
              },
            })
          const model = scripted([...script.map((list) => calls(...list)), text('Done.'), text('Done.')])
          const assistant = agent({ model, tools: [own('count'), own('other')], limits: bounds })
          const result = await assistant.run('Go').result()
          expect(executed).toBeLessThanOrEqual(bounds.toolCalls ?? Number.POSITIVE_INFINITY)
          expect(counts).toBeLessThanOrEqual(bounds.tools?.count ?? Number.POSITIVE_INFINITY)
          expect(model.requests.length).toBeLessThanOrEqual((bounds.turns ?? 50) + 1)
          expect(validateItems(result.history)).toEqual([])
          const asked = result.items.filter((item) => item.type === 'function_call').length
          const answered = result.items.filter((item) => item.type === 'function_call_output').length
          expect(answered).toBe(asked)
        },
      ),
      { numRuns: 150 },
    )
  })
})
