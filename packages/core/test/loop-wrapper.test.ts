import { agent, approve, type RunEvent, tool, validateItems } from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { settled, untilAborted } from './loop-gate.ts'

const double = tool({
  name: 'double',
  inputSchema: z.object({ n: z.number() }),
  execute: async ({ n }) => n * 2,
})

const wrapper = (name: string, ...uses: [string, object][]) =>
  call(name, {
    tool_uses: uses.map(([tool_name, parameters]) => ({
      recipient_name: `functions.${tool_name}`,
      parameters,
    })),
  })

const outputOf = (items: readonly unknown[]): unknown => {
  const found = (items as { type?: string; output?: string }[]).find(
    (item) => item.type === 'function_call_output',
  )
  return JSON.parse(found?.output ?? 'null')
}

const types = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) =>
    'callId' in event && event.type.startsWith('tool.') ? [`${event.type} ${event.callId}`] : [],
  )

describe('a wrapper that the model invented around its calls', () => {
  it.each(['multi_tool_use.parallel', 'multi_tool_use_parallel', 'parallel'])(
    'named %s has them executed, and is answered with all their outputs',
    async (name) => {
      const model = scripted([
        calls(wrapper(name, ['double', { n: 1 }], ['double', { n: 2 }])),
        text('Done.'),
      ])
      const run = agent({ model, tools: [double] }).run('Go')
      const events = await collect(run)
      const result = await run.result()
      expect(outputOf(result.history)).toEqual([
        { tool: 'double', output: '2' },
        { tool: 'double', output: '4' },
      ])
      expect(types(events)).toEqual([
        'tool.queued call_1',
        'tool.queued call_1.0',
        'tool.queued call_1.1',
        'tool.started call_1.0',
        'tool.started call_1.1',
        'tool.ended call_1.0',
        'tool.ended call_1.1',
        'tool.ended call_1',
      ])
      expect(result.toolCalls).toBe(2)
      expect(validateItems(result.history)).toEqual([])
    },
  )

  it('keeps every rule that holds for its calls', async () => {
    const gated = tool({ name: 'gated', needsApproval: true, execute: () => 'no' })
    const model = scripted([
      calls(
        wrapper(
          'parallel',
          ['double', { n: 'x' }],
          ['nobody', {}],
          ['gated', {}],
          ['double', { n: 3 }],
          ['double', { n: 4 }],
        ),
      ),
      text('Done.'),
    ])
    const result = await agent({ model, tools: [double, gated], limits: { toolCalls: 4 } })
      .run('Go')
      .result()
    expect(outputOf(result.history)).toEqual([
      { tool: 'double', output: expect.stringContaining('do not match') },
      { tool: 'nobody', output: expect.stringContaining('no tool "nobody"') },
      { tool: 'gated', output: 'Not executed: call gated directly, not inside another call.' },
      { tool: 'double', output: '6' },
      { tool: 'double', output: expect.stringContaining('limit toolCalls') },
    ])
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'toolCalls' })
  })

  it('cannot hide an approval inside a sub-agent', async () => {
    const gated = tool({ name: 'gated', needsApproval: true, execute: () => 'paid' })
    const inner = agent({
      name: 'inner',
      model: scripted([calls(call('gated')), calls(call('gated')), text('ok')]),
      tools: [gated],
    })
    const model = scripted([
      calls(wrapper('parallel', ['inner', { input: 'x' }])),
      calls(call('inner', { input: 'x' })),
      text('Done.'),
    ])
    const assistant = agent({ model, tools: [inner.asTool()] })
    const result = await assistant.run('Go').result()
    expect(outputOf(result.history)).toEqual([
      { tool: 'inner', output: expect.stringContaining('call inner directly') },
    ])
    if (result.stop.reason !== 'approval' || result.state === undefined)
      throw new Error('Expected an approval.')
    const resumed = assistant.resume(
      result.state,
      result.stop.pending.map((one) => approve(one)),
    )
    expect((await resumed.result()).text).toBe('Done.')
  })

  it('is cancelled with its calls', async () => {
    const hang = tool({ name: 'hang', execute: (_input, context) => untilAborted(context.signal) })
    const model = scripted([calls(wrapper('parallel', ['hang', {}], ['hang', {}]))])
    const run = agent({ model, tools: [hang] }).run('Go')
    await settled()
    run.cancel('enough')
    const result = await run.result()
    expect(result.stop.reason).toBe('cancelled')
    expect(result.items.at(-1)).toMatchObject({ output: 'Aborted: enough' })
    expect(validateItems(result.history)).toEqual([])
  })

  it('is no wrapper when there is a tool of its name', async () => {
    const own = tool({ name: 'parallel', execute: () => 'mine' })
    const model = scripted([calls(wrapper('parallel', ['double', { n: 1 }])), text('Done.')])
    const result = await agent({ model, tools: [own, double] })
      .run('Go')
      .result()
    expect(result.items).toContainEqual(
      expect.objectContaining({ type: 'function_call_output', output: 'mine' }),
    )
  })
})
