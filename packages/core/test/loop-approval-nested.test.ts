import {
  agent,
  answer,
  approve,
  type PendingCall,
  type RunResult,
  type RunState,
  reject,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const overTheWire = (state: RunState | undefined): RunState => JSON.parse(JSON.stringify(state))

const pendingOf = (result: RunResult<unknown>): readonly PendingCall[] => {
  if (result.stop.reason !== 'approval') throw new Error(`Expected an approval, got ${result.stop.reason}.`)
  return result.stop.pending
}

const outputs = (result: RunResult<unknown>): unknown[] =>
  result.history.flatMap((item) => (item.type === 'function_call_output' ? [item.output] : []))

const payTool = (ran: number[]) =>
  tool({
    name: 'pay',
    inputSchema: z.object({ cents: z.number() }),
    needsApproval: true,
    execute: async ({ cents }) => {
      await Promise.resolve()
      ran.push(cents)
      return `paid ${cents}`
    },
  })

const pay = (cents: number, id?: string) => call('pay', { cents }, id)
const ask = (name: string, input: string, id?: string) => call(name, { input }, id)

describe('an approval inside a sub-agent', () => {
  const setUp = () => {
    const ran: number[] = []
    const innerModel = scripted([calls(pay(5)), text('Paid.')], { modelName: 'inner' })
    const inner = agent({ name: 'clerk', model: innerModel, tools: [payTool(ran)] })
    const side = tool({ name: 'side', execute: () => 'aside' })
    const outerModel = scripted([calls(ask('clerk', 'pay 5', 'outer_1'), call('side')), text('All done.')], {
      modelName: 'outer',
    })
    const prices = { inner: { input: 1, output: 1 }, outer: { input: 2, output: 2 } }
    const outer = agent({ name: 'boss', model: outerModel, tools: [inner.asTool(), side], prices })
    return { ran, innerModel, outerModel, outer }
  }

  it('becomes an approval of the run, with the way to it', async () => {
    const { ran, outer } = setUp()
    const run = outer.run('Go')
    const events = await collect(run)
    const result = await run.result()
    expect(ran).toEqual([])
    expect(pendingOf(result)).toEqual([
      expect.objectContaining({ name: 'pay', callId: 'call_1', path: ['outer_1'], arguments: '{"cents":5}' }),
    ])
    const told = events.filter((event) => event.type === 'tool.pending')
    expect(told.map((event) => event.call)).toEqual(pendingOf(result))
    expect(overTheWire(result.state)).toEqual(result.state)
  })

  it('is resumed where it waits, and everything is counted once', async () => {
    const { ran, innerModel, outerModel, outer } = setUp()
    const first = await outer.run('Go').result()
    const result = await outer
      .resume(
        overTheWire(first.state),
        pendingOf(first).map((one) => approve(one)),
      )
      .result()
    expect(ran).toEqual([5])
    expect(outputs(result)).toEqual(['Paid.', 'aside'])
    expect(result.text).toBe('All done.')
    expect(innerModel.requests).toHaveLength(2)
    expect(outerModel.requests).toHaveLength(2)
    expect(result.usage).toMatchObject({ requests: 4, totalTokens: 480 })
    expect(result.toolCalls).toBe(3)
    expect(validateItems(result.history)).toEqual([])
  })

  it('is rejected there', async () => {
    const { ran, innerModel, outer } = setUp()
    const first = await outer.run('Go').result()
    const decisions = pendingOf(first).map((one) => reject(one, 'not now'))
    const result = await outer.resume(overTheWire(first.state), decisions).result()
    expect(ran).toEqual([])
    expect(JSON.stringify(innerModel.requests[1]?.input)).toContain('not now')
    expect(result.text).toBe('All done.')
  })

  it('waits on when nothing is decided, without a model call', async () => {
    const { innerModel, outerModel, outer } = setUp()
    const first = await outer.run('Go').result()
    const second = await outer.resume(overTheWire(first.state), []).result()
    expect(pendingOf(second)).toEqual(pendingOf(first))
    expect(second.usage).toEqual(first.usage)
    expect([innerModel.requests.length, outerModel.requests.length]).toEqual([1, 1])
    const decisions = pendingOf(second).map((one) => approve(one))
    expect((await outer.resume(overTheWire(second.state), decisions).result()).text).toBe('All done.')
  })

  it('is not resumed in a run that is cancelled already', async () => {
    const { ran, innerModel, outer } = setUp()
    const first = await outer.run('Go').result()
    const decisions = pendingOf(first).map((one) => approve(one))
    const signal = AbortSignal.abort()
    const result = await outer.resume(overTheWire(first.state), decisions, { signal }).result()
    expect(result.stop.reason).toBe('cancelled')
    expect(ran).toEqual([])
    expect(innerModel.requests).toHaveLength(1)
    expect(validateItems(result.history)).toEqual([])
  })

  it('refuses a state that was changed inside before anything runs', async () => {
    const { ran, innerModel, outer } = setUp()
    const first = await outer.run('Go').result()
    const state = overTheWire(first.state)
    const nested = (state.calls[0] as unknown as { nested: RunState }).nested
    ;(nested.calls[0] as { item: { arguments: string } }).item.arguments = '{"cents":500}'
    const run = outer.resume(
      state,
      pendingOf(first).map((one) => approve(one)),
    )
    await expect(run.result()).rejects.toMatchObject({ code: 'invalid_state' })
    expect(ran).toEqual([])
    expect(innerModel.requests).toHaveLength(1)
  })

  it('counts the cost of the time before and after the resume once', async () => {
    const ran: number[] = []
    const prices = { m: { input: 1, output: 1 } }
    const options = { modelName: 'm' }
    const inner = agent({
      name: 'clerk',
      model: scripted([calls(pay(5)), text('Paid.')], options),
      tools: [payTool(ran)],
      prices,
    })
    const outerModel = scripted([calls(ask('clerk', 'pay 5', 'outer_1')), text('All done.')], options)
    const outer = agent({ model: outerModel, tools: [inner.asTool()], prices })
    const first = await outer.run('Go').result()
    expect(first.costUsd).toBeCloseTo(240e-6)
    const decisions = pendingOf(first).map((one) => approve(one))
    const result = await outer.resume(overTheWire(first.state), decisions).result()
    expect(result.costUsd).toBeCloseTo(480e-6)
    expect(result.usage.requests).toBe(4)
  })
})

describe('approvals several levels down', () => {
  it('are resumed through every level', async () => {
    const ran: number[] = []
    const bottom = agent({
      name: 'c',
      model: scripted([calls(pay(7)), text('c done')]),
      tools: [payTool(ran)],
    })
    const middle = agent({
      name: 'b',
      model: scripted([calls(ask('c', 'x', 'in_b'), pay(8, 'own_b')), text('b done')]),
      tools: [bottom.asTool(), payTool(ran)],
    })
    const top = agent({
      name: 'a',
      model: scripted([calls(ask('b', 'x', 'in_a'), pay(9, 'own_a')), text('a done')]),
      tools: [middle.asTool(), payTool(ran)],
    })
    const first = await top.run('Go').result()
    const pending = pendingOf(first)
    expect(pending.map((one) => [...(one.path ?? []), one.callId])).toEqual([
      ['in_a', 'in_b', 'call_1'],
      ['in_a', 'own_b'],
      ['own_a'],
    ])
    const [deep, mid, own] = pending as [PendingCall, PendingCall, PendingCall]
    const second = await top.resume(overTheWire(first.state), [approve(deep)]).result()
    expect(ran).toEqual([7])
    expect(pendingOf(second)).toEqual([mid, own])
    const third = await top.resume(overTheWire(second.state), [approve(own), approve(mid)]).result()
    expect([...ran].sort()).toEqual([7, 8, 9])
    expect(third.text).toBe('a done')
    expect(outputs(third)).toEqual(['b done', 'paid 9'])
    expect(validateItems(third.history)).toEqual([])
  })

  it('are told apart when two sub-agents use the same call ids and arguments', async () => {
    const ran: number[] = []
    const clerk = (name: string) =>
      agent({ name, model: scripted([calls(pay(5, 'call_0')), text(`${name} done`)]), tools: [payTool(ran)] })
    const outer = agent({
      model: scripted([calls(ask('one', 'x', 'o1'), ask('two', 'x', 'o2')), text('All done.')]),
      tools: [clerk('one').asTool(), clerk('two').asTool()],
    })
    const first = await outer.run('Go').result()
    const [a, b] = pendingOf(first) as [PendingCall, PendingCall]
    expect([a.callId, a.hash]).toEqual([b.callId, b.hash])
    const { path: _, ...nowhere } = approve(a)
    await expect(outer.resume(overTheWire(first.state), [nowhere]).result()).rejects.toMatchObject({
      code: 'invalid_decision',
      message: expect.stringContaining('path'),
    })
    const second = await outer.resume(overTheWire(first.state), [approve(a)]).result()
    expect(pendingOf(second)).toEqual([b])
    expect(ran).toEqual([5])
    const third = await outer.resume(overTheWire(second.state), [reject(b)]).result()
    expect(ran).toEqual([5])
    expect(third.text).toBe('All done.')
    const fourth = await outer.resume(overTheWire(first.state), [approve(a), approve(b)])
    await expect(fourth.result()).rejects.toMatchObject({ code: 'script_exhausted' })
  })
})

describe('approval and hand-off in one response', () => {
  const setUp = () => {
    const ran: number[] = []
    const helperModel = scripted([text('Helped.')])
    const helper = agent({ name: 'helper', model: helperModel, instructions: 'Help.' })
    const model = scripted([calls(pay(1), call('transfer_to_helper')), text('never')])
    const first = agent({ name: 'first', model, tools: [payTool(ran)], handoffs: [helper] })
    return { ran, helperModel, first }
  }

  it('waits first, and hands over once it is decided', async () => {
    const { ran, helperModel, first } = setUp()
    const waiting = await first.run('Go').result()
    expect(pendingOf(waiting)).toHaveLength(1)
    expect(helperModel.requests).toHaveLength(0)
    const run = first.resume(
      overTheWire(waiting.state),
      pendingOf(waiting).map((one) => approve(one)),
    )
    const events = await collect(run)
    const result = await run.result()
    expect(ran).toEqual([1])
    expect(events.find((event) => event.type === 'agent.changed')).toMatchObject({
      from: 'first',
      to: 'helper',
    })
    expect(result.agent).toBe('helper')
    expect(result.text).toBe('Helped.')
    expect(outputs(result)).toEqual(['paid 1', 'Transferred to helper.'])
    expect(validateItems(result.history)).toEqual([])
  })

  it('after a hand-off is resumed by the agent that was run first', async () => {
    const ran: number[] = []
    const helper = agent({
      name: 'helper',
      model: scripted([calls(pay(2)), text('Helped.')]),
      tools: [payTool(ran)],
    })
    const first = agent({
      name: 'first',
      model: scripted([calls(call('transfer_to_helper'))]),
      handoffs: [helper],
    })
    const waiting = await first.run('Go').result()
    expect(waiting.state).toMatchObject({ agent: 'first', currentAgent: 'helper' })
    const result = await first
      .resume(
        overTheWire(waiting.state),
        pendingOf(waiting).map((one) => approve(one)),
      )
      .result()
    expect(ran).toEqual([2])
    expect(result.text).toBe('Helped.')
    expect(result.agent).toBe('helper')
  })
})

describe('a tool without execute', () => {
  const theirs = tool({ name: 'ask_user', inputSchema: z.object({ question: z.string() }) })
  const setUp = () => {
    const model = scripted([calls(call('ask_user', { question: 'Which?' })), text('Done.')])
    return agent({ model, tools: [theirs] })
  }

  it("is the caller's: the run waits for its output", async () => {
    const assistant = setUp()
    const first = await assistant.run('Go').result()
    expect(pendingOf(first)).toEqual([expect.objectContaining({ kind: 'output', name: 'ask_user' })])
    const decisions = pendingOf(first).map((one) => answer(one, 'the red one'))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(outputs(result)).toEqual(['the red one'])
    expect(result.text).toBe('Done.')
  })

  it('may be rejected', async () => {
    const assistant = setUp()
    const first = await assistant.run('Go').result()
    const decisions = pendingOf(first).map((one) => reject(one, 'no user'))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(outputs(result)).toEqual(['Not executed: a person rejected the call: no user'])
  })
})
