import type { InputItem } from '@antiphon/client'
import { adaptAgent, agent, approve, type CallGate, type GatedCall, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const look = tool({ name: 'look', execute: () => 'seen' })
const weather = { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false } as const

describe('an agent adapted for one caller', () => {
  it('adds instructions, parameters and tools, and leaves the agent as it was', async () => {
    const model = scripted([calls(call('weather', { city: 'Rome' })), 'As before.'])
    const scout = agent({
      name: 'scout',
      model,
      instructions: 'Be a scout.',
      tools: [look],
      settings: { top_p: 1 },
    })
    const adapted = adaptAgent(scout, {
      instructions: 'Speak French.',
      settings: { temperature: 0 },
      tools: [weather],
      toolChoice: 'auto',
      parallelToolCalls: false,
    })
    const { stop } = await adapted.run('Go').result()
    expect(stop).toMatchObject({ reason: 'approval', pending: [{ kind: 'output', name: 'weather' }] })
    expect(model.requests[0]).toMatchObject({
      instructions: 'Be a scout.\n\nSpeak French.',
      temperature: 0,
      top_p: 1,
      tool_choice: 'auto',
      parallel_tool_calls: false,
      tools: [{ name: 'look' }, weather],
    })
    await scout.run('Go').result()
    expect(model.requests[1]).toMatchObject({ instructions: 'Be a scout.', tools: [{ name: 'look' }] })
    expect(model.requests[1]).not.toHaveProperty('temperature')
  })

  it('adapts the agents that it hands over to, those that name each other too, each with its own tools', async () => {
    const model = scripted([
      calls(call('transfer_to_b')),
      calls(call('transfer_to_a')),
      calls(call('weather')),
    ])
    const a = agent({ name: 'a', model, tools: [look], handoffs: () => [b] })
    const b: ReturnType<typeof agent> = agent({
      name: 'b',
      model,
      instructions: () => 'I am b.',
      handoffs: () => [a],
    })
    const allowed = ['look', 'weather', 'transfer_to_a', 'transfer_to_b']
    const adapted = adaptAgent(a, {
      instructions: 'More.',
      tools: [weather],
      toolChoice: {
        type: 'allowed_tools',
        mode: 'auto',
        tools: allowed.map((name) => ({ type: 'function', name })),
      },
    })
    await adapted.run('Go').result()
    expect(model.requests.map(({ instructions }) => instructions)).toEqual([
      'More.',
      'I am b.\n\nMore.',
      'More.',
    ])
    const named = model.requests.map(({ tool_choice }) =>
      (tool_choice as unknown as { tools: { name: string }[] }).tools.map(({ name }) => name),
    )
    expect(named[0]).toEqual(['look', 'weather', 'transfer_to_b'])
    expect(named[1]).toEqual(['weather', 'transfer_to_a'])
  })

  it('asks its gate before each call: what is refused is told to the model, and the run goes on', async () => {
    const asked: GatedCall[] = []
    const gate: CallGate = {
      admit(one) {
        asked.push(one)
        return one.name === 'look' && asked.length > 1 ? 'Not today.' : undefined
      },
    }
    const model = scripted([calls(call('look'), call('look'), call('nothing')), 'Done.'])
    const scout = agent({ name: 'scout', model, tools: [look], limits: { toolCalls: 2 } })
    const { stop, items } = await adaptAgent(scout, { gate }).run('Go').result()
    expect(stop.reason).toBe('done')
    expect(asked.map(({ name, turn, tool: found }) => [name, turn, found?.name])).toEqual([
      ['look', 0, 'look'],
      ['look', 0, 'look'],
      ['nothing', 0, undefined],
    ])
    expect(items.flatMap((item) => ('output' in item ? [item.output] : []))).toEqual([
      'seen',
      'Not today.',
      expect.stringContaining('no tool "nothing"'),
    ])
  })

  it("declares the caller's tools in every turn, also where a hook of the agent names the tools of the turn", async () => {
    const model = scripted([calls(call('weather'))])
    const scout = agent({ name: 'scout', model, tools: [look], prepareTurn: () => ({ tools: [] }) })
    const { stop } = await adaptAgent(scout, { tools: [weather] })
      .run('Go')
      .result()
    expect(model.requests[0]?.tools).toEqual([weather])
    expect(stop.reason).toBe('approval')
  })

  it("does not count the caller's calls in the agent's limits", async () => {
    const model = scripted([calls(call('weather'), call('weather'), call('look'))])
    const scout = agent({ name: 'scout', model, tools: [look], limits: { toolCalls: 1 } })
    const { stop } = await adaptAgent(scout, { tools: [weather] })
      .run('Go')
      .result()
    expect(stop.reason === 'approval' && stop.pending.length).toBe(2)
  })

  it('holds the answer to the format that the caller asks for', async () => {
    const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
    const format = { type: 'json_schema', name: 'count', schema, strict: false } as const
    const model = scripted(['{"n":"one"}', '{"n":1}', { refusal: 'No.' }])
    const scout = agent({ name: 'scout', model })
    const { output } = await adaptAgent(scout, { format }).run('Count.').result()
    expect(output).toEqual({ n: 1 })
    expect(model.requests[0]?.text?.format).toEqual(format)
    expect(JSON.stringify(model.requests[1]?.input)).toContain('does not match the required JSON schema')
    expect((await adaptAgent(scout, { format }).run('Count.').result()).stop).toEqual({ reason: 'done' })
  })

  it('refuses a tool that there is already, and a format beside its own', () => {
    const scout = agent({
      name: 'scout',
      model: scripted([]),
      tools: [look],
      output: z.object({ a: z.string() }),
    })
    expect(() => adaptAgent(scout, { tools: [{ ...weather, name: 'look' }] })).toThrow(/already/)
    expect(() => adaptAgent(scout, { format: { type: 'json_object' } })).toThrow(/output/)
    expect(() => adaptAgent(scout, { format: { type: 'text' } })).not.toThrow()
  })

  it('resumes as the agent it is made of', async () => {
    const pay = tool({ name: 'pay', needsApproval: true, execute: () => 'paid' })
    const model = scripted([calls(call('pay')), text('Paid.')])
    const bank = agent({ name: 'bank', model, tools: [pay] })
    const { state, stop } = await adaptAgent(bank, { tools: [weather] })
      .run('Pay.')
      .result()
    if (state === undefined || stop.reason !== 'approval') throw new Error('It did not wait.')
    const result = await adaptAgent(bank, {})
      .resume(
        state,
        stop.pending.map((pending) => approve(pending)),
      )
      .result()
    expect(result.text).toBe('Paid.')
    expect((result.items as InputItem[]).length).toBeGreaterThan(0)
  })
})
