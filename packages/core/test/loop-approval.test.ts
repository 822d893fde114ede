import {
  agent,
  answer,
  approve,
  ConfigError,
  type Decision,
  type PendingCall,
  type RunError,
  type RunEvent,
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

/** A world with tools that leave traces. */
const world = () => {
  const ran: string[] = []
  const pay = tool({
    name: 'pay',
    inputSchema: z.object({ to: z.string(), cents: z.number().int(), note: z.string().optional() }),
    needsApproval: true,
    execute: async ({ to, cents, note }) => {
      await Promise.resolve()
      ran.push(`pay ${to} ${cents}${note === undefined ? '' : ` ${note}`}`)
      return { paid: cents }
    },
  })
  const look = tool({
    name: 'look',
    inputSchema: z.object({ at: z.string() }),
    execute: ({ at }) => {
      ran.push(`look ${at}`)
      return `saw ${at}`
    },
  })
  return { ran, pay, look }
}

const payCall = (to: string, cents: number, id?: string) => call('pay', { to, cents, note: null }, id)

describe('a call that needs approval', () => {
  const setUp = (more: readonly Parameters<typeof scripted>[0][number][] = [text('Done.')]) => {
    const { ran, pay, look } = world()
    const model = scripted([calls(payCall('Ann', 5), call('look', { at: 'bank' })), ...more])
    return { ran, model, assistant: agent({ model, tools: [pay, look] }) }
  }

  it('waits, while its siblings run, and the run ends with a state', async () => {
    const { ran, model, assistant } = setUp()
    const run = assistant.run('Pay Ann')
    const events = await collect(run)
    const result = await run.result()
    expect(ran).toEqual(['look bank'])
    expect(model.requests).toHaveLength(1)
    expect(pendingOf(result)).toEqual([
      {
        kind: 'approval',
        callId: 'call_1',
        name: 'pay',
        arguments: '{"to":"Ann","cents":5,"note":null}',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        itemType: 'function_call',
      },
    ])
    expect(overTheWire(result.state)).toEqual(result.state)
    const told = events.filter((event) => event.type === 'tool.pending')
    expect(told.map((event) => event.call)).toEqual(pendingOf(result))
  })

  it('runs once it is approved, before any further model call', async () => {
    const { ran, model, assistant } = setUp()
    const first = await assistant.run('Pay Ann').result()
    const run = assistant.resume(
      overTheWire(first.state),
      pendingOf(first).map((one) => approve(one)),
    )
    const types: string[] = []
    run.on('event', ({ type }) => {
      if (!type.startsWith('response.')) types.push(type)
    })
    const result = await run.result()
    expect(ran).toEqual(['look bank', 'pay Ann 5'])
    expect(types).toEqual([
      'run.started',
      'tool.started',
      'tool.ended',
      'turn.started',
      'turn.ended',
      'run.ended',
    ])
    expect(model.requests).toHaveLength(2)
    expect(result.text).toBe('Done.')
    expect(outputs(result)).toEqual(['{"paid":5}', 'saw bank'])
    expect(validateItems(result.history)).toEqual([])
    expect(result.runId).toBe(first.runId)
    expect(model.requests[1]?.input).toEqual(result.history.slice(0, -1))
  })

  it('runs with the arguments a person wrote, and the model is told', async () => {
    const { ran, assistant } = setUp()
    const first = await assistant.run('Pay Ann').result()
    const decisions = pendingOf(first).map((one) => approve(one, { arguments: { to: 'Ann', cents: 3 } }))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(ran).toEqual(['look bank', 'pay Ann 3'])
    expect(outputs(result)[0]).toContain('{"to":"Ann","cents":3}')
    expect(outputs(result)[0]).toContain('{"paid":3}')
    expect(result.history).toContainEqual(
      expect.objectContaining({ arguments: '{"to":"Ann","cents":5,"note":null}' }),
    )
  })

  it('does not run with edited arguments that the schema refuses', async () => {
    const { ran, assistant } = setUp()
    const first = await assistant.run('Pay Ann').result()
    const decisions = pendingOf(first).map((one) =>
      approve(one, { arguments: { to: 'Ann', cents: 'three' } }),
    )
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(ran).toEqual(['look bank'])
    expect(outputs(result)[0]).toContain('do not match the schema')
    expect(validateItems(result.history)).toEqual([])
  })

  it('survives edited arguments that cannot be written as JSON', async () => {
    const any = tool({
      name: 'any',
      needsApproval: true,
      inputSchema: z.object({ n: z.any() }),
      execute: () => 'ran',
    })
    const model = scripted([calls(call('any', { n: 1 })), text('Done.')])
    const assistant = agent({ model, tools: [any] })
    const first = await assistant.run('Go').result()
    const circle: { n: unknown } = { n: 1 }
    circle.n = circle
    const decisions = pendingOf(first).map((one) => approve(one, { arguments: circle }))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(outputs(result)[0]).toContain('ran')
  })

  it('is not run when it is rejected, and the model reads why', async () => {
    const { ran, assistant } = setUp()
    const first = await assistant.run('Pay Ann').result()
    const run = assistant.resume(
      overTheWire(first.state),
      pendingOf(first).map((one) => reject(one, 'too much')),
    )
    const events = await collect(run)
    const result = await run.result()
    expect(ran).toEqual(['look bank'])
    expect(outputs(result)[0]).toBe('Not executed: a person rejected the call: too much')
    expect(events.find((event) => event.type === 'tool.ended')).toMatchObject({ outcome: 'rejected' })
    expect(result.text).toBe('Done.')
  })

  it('may be answered in the place of being run', async () => {
    const { ran, assistant } = setUp()
    const first = await assistant.run('Pay Ann').result()
    const decisions = pendingOf(first).map((one) => answer(one, { paid: 'by hand' }))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(ran).toEqual(['look bank'])
    expect(outputs(result)[0]).toBe('{"paid":"by hand"}')
  })

  it('can be resumed from one state more than once, each time from the same point', async () => {
    const { ran, assistant } = setUp([text('Done.'), text('Done again.')])
    const first = await assistant.run('Pay Ann').result()
    const before = overTheWire(first.state)
    const decisions = pendingOf(first).map((one) => approve(one))
    const one = await assistant.resume(first.state as RunState, decisions).result()
    const two = await assistant.resume(first.state as RunState, decisions).result()
    expect(first.state).toEqual(before)
    expect([one.text, two.text]).toEqual(['Done.', 'Done again.'])
    expect(two.usage).toEqual(one.usage)
    expect(two.toolCalls).toBe(one.toolCalls)
    expect(ran).toEqual(['look bank', 'pay Ann 5', 'pay Ann 5'])
  })

  it('carries usage, turns, calls and their keys over', async () => {
    const keys: string[] = []
    const pay = tool({
      name: 'pay',
      needsApproval: true,
      execute: (_input, context) => void keys.push(context.idempotencyKey),
    })
    const model = scripted([calls(call('pay')), calls(call('pay')), text('Done.')], { modelName: 'm' })
    const assistant = agent({
      model,
      tools: [pay],
      prices: { m: { input: 1, output: 1 } },
      limits: { turns: 3 },
    })
    const first = await assistant.run('Go', { runId: 'run_x' }).result()
    const second = await assistant
      .resume(overTheWire(first.state), [approve(pendingOf(first)[0] as PendingCall)])
      .result()
    const last = await assistant
      .resume(overTheWire(second.state), [approve(pendingOf(second)[0] as PendingCall)])
      .result()
    expect(last.turns).toBe(3)
    expect(last.toolCalls).toBe(2)
    expect(last.usage).toMatchObject({ totalTokens: 360, requests: 3 })
    expect(last.costUsd).toBeCloseTo(360e-6)
    expect(keys).toEqual(['run_x/t0/call_1', 'run_x/t1/call_2'])
    expect(last.items).toHaveLength(5)
    expect(last.history).toHaveLength(6)
  })

  it('keeps the budgets over a resume', async () => {
    const { pay } = world()
    const model = scripted([calls(payCall('Ann', 1)), calls(payCall('Bob', 2)), text('Stopped.')])
    const assistant = agent({ model, tools: [pay], limits: { toolCalls: 1 } })
    const first = await assistant.run('Go').result()
    const result = await assistant
      .resume(
        overTheWire(first.state),
        pendingOf(first).map((one) => approve(one)),
      )
      .result()
    expect(result.stop).toEqual({ reason: 'limit', limit: 'toolCalls', used: 1, max: 1 })
    expect(result.text).toBe('Stopped.')
  })

  it('remembers the limit that a sibling ran into', async () => {
    const { pay, look } = world()
    const model = scripted([calls(payCall('Ann', 1), call('look', { at: 'a' })), text('Stopped.')])
    const assistant = agent({ model, tools: [pay, look], limits: { toolCalls: 1 } })
    const first = await assistant.run('Go').result()
    const result = await assistant
      .resume(
        overTheWire(first.state),
        pendingOf(first).map((one) => approve(one)),
      )
      .result()
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'toolCalls' })
    expect(model.requests[1]?.tool_choice).toBe('none')
  })

  it('loses nothing that was steered in meanwhile', async () => {
    const { pay } = world()
    const model = scripted([calls(payCall('Ann', 1)), text('Ok.'), text('And this.')])
    const assistant = agent({ model, tools: [pay] })
    const run = assistant.run('Go')
    run.once('response.completed', () => {
      expect(run.steer('Be quick.')).toBe(true)
      expect(run.followUp('And then?')).toBe(true)
    })
    const first = await run.result()
    const result = await assistant
      .resume(
        overTheWire(first.state),
        pendingOf(first).map((one) => approve(one)),
      )
      .result()
    const said = result.history.flatMap((item) =>
      item.type === 'message' && item.role === 'user' ? [item.content] : [],
    )
    expect(said).toEqual(['Go', 'Be quick.', 'And then?'])
    expect(result.text).toBe('And this.')
  })
})

describe('the rule', () => {
  it.each([
    ['a function', (cents: number) => cents > 10],
    ['an async function', async (cents: number) => cents > 10],
  ])('may be %s of the arguments and the context', async (_name, rule) => {
    const contexts: unknown[] = []
    const ran: number[] = []
    const pay = tool({
      name: 'pay',
      inputSchema: z.object({ cents: z.number() }),
      needsApproval: ({ cents }, context) => {
        contexts.push(context.context)
        return rule(cents)
      },
      execute: ({ cents }) => void ran.push(cents),
    })
    const model = scripted([calls(call('pay', { cents: 5 }), call('pay', { cents: 50 })), text('Done.')])
    const assistant = agent({ model, tools: [pay] })
    const result = await assistant.run('Go', { context: { user: 'u1' } }).result()
    expect(ran).toEqual([5])
    expect(pendingOf(result).map((one) => one.arguments)).toEqual(['{"cents":50}'])
    expect(contexts).toEqual([{ user: 'u1' }, { user: 'u1' }])
  })

  it('is not asked about arguments that the schema refuses', async () => {
    const asked: unknown[] = []
    const pay = tool({
      name: 'pay',
      inputSchema: z.object({ cents: z.number() }),
      needsApproval: (input) => asked.push(input) > 0,
      execute: () => 'paid',
    })
    const model = scripted([calls(call('pay', '{"cents":'), call('pay', { cents: 'x' })), text('Done.')])
    const result = await agent({ model, tools: [pay] })
      .run('Go')
      .result()
    expect(asked).toEqual([])
    expect(result.text).toBe('Done.')
  })
})

describe('decisions', () => {
  const two = async () => {
    const { ran, pay, look } = world()
    const model = scripted([
      calls(payCall('Ann', 1), payCall('Bob', 2), call('look', { at: 'bank' })),
      text('Done.'),
    ])
    const assistant = agent({ model, tools: [pay, look] })
    const first = await assistant.run('Go').result()
    return { ran, model, assistant, first, pending: pendingOf(first) as [PendingCall, PendingCall] }
  }

  it('may come one by one: the rest waits, and no model call is made', async () => {
    const { ran, model, assistant, first, pending } = await two()
    const run = assistant.resume(overTheWire(first.state), [approve(pending[1])])
    const events = await collect(run)
    const second = await run.result()
    expect(ran).toEqual(['look bank', 'pay Bob 2'])
    expect(model.requests).toHaveLength(1)
    expect(pendingOf(second)).toEqual([pending[0]])
    expect(events.filter((event) => event.type === 'tool.pending')).toHaveLength(1)
    const last = await assistant.resume(overTheWire(second.state), [reject(pending[0])]).result()
    expect(ran).toHaveLength(2)
    expect(outputs(last)).toEqual(['Not executed: a person rejected the call.', '{"paid":2}', 'saw bank'])
    expect(validateItems(last.history)).toEqual([])
  })

  it('may be none at all', async () => {
    const { ran, model, assistant, first, pending } = await two()
    const second = await assistant.resume(overTheWire(first.state), []).result()
    expect(ran).toEqual(['look bank'])
    expect(model.requests).toHaveLength(1)
    expect(pendingOf(second)).toEqual(pending)
  })

  type Wrong = (pending: [PendingCall, PendingCall]) => Decision[]
  it.each<[string, Wrong, RegExp]>([
    ['for other arguments', ([a, b]) => [approve(b), approve({ ...a, hash: b.hash })], /other arguments/],
    [
      'for an unknown call',
      ([a, b]) => [approve(b), approve({ ...a, callId: 'call_77' })],
      /No call call_77/,
    ],
    ['made twice', ([a, b]) => [approve(b), approve(a), reject(a)], /decided twice/],
    [
      'for a call that is answered',
      ([a, b]) => [approve(b), approve({ ...a, callId: 'call_3' })],
      /No call call_3/,
    ],
    ['under a wrong path', ([a, b]) => [approve(b), approve({ ...a, path: ['call_9'] })], /under call_9/],
  ])('%s are refused before anything runs', async (_name, wrong, message) => {
    const { ran, model, assistant, first, pending } = await two()
    const error = (await assistant
      .resume(overTheWire(first.state), wrong(pending))
      .result()
      .catch((reason: unknown) => reason)) as RunError
    expect(error.code).toBe('invalid_decision')
    expect(error.cause).toBeInstanceOf(ConfigError)
    expect(error.message).toMatch(message)
    expect(ran).toEqual(['look bank'])
    expect(model.requests).toHaveLength(1)
    expect(validateItems(error.result.history)).toEqual([])
  })

  it('that cannot be carried out are refused before anything runs', async () => {
    const { ran, pay } = world()
    const theirs = tool({ name: 'theirs', inputSchema: z.object({}) })
    const model = scripted([calls(payCall('Ann', 1), call('theirs')), text('Done.')])
    const assistant = agent({ model, tools: [pay, theirs] })
    const first = await assistant.run('Go').result()
    const error = (await assistant
      .resume(
        overTheWire(first.state),
        pendingOf(first).map((one) => approve(one)),
      )
      .result()
      .catch((reason: unknown) => reason)) as RunError
    expect(error.code).toBe('invalid_decision')
    expect(error.message).toContain('answer(call, output)')
    expect(ran).toEqual([])
  })
})

describe('a state', () => {
  const waiting = async () => {
    const { ran, pay } = world()
    const model = scripted([calls(payCall('Ann', 1)), text('Done.')])
    const assistant = agent({ model, tools: [pay] })
    const first = await assistant.run('Go').result()
    return {
      ran,
      model,
      assistant,
      state: overTheWire(first.state),
      pending: pendingOf(first)[0] as PendingCall,
    }
  }
  type Saved = { item: { arguments: string }; pending: PendingCall }
  it.each<[string, (saved: Saved) => void]>([
    [
      'in what would run',
      (saved) => {
        saved.item.arguments = '{"to":"Eve","cents":9999,"note":null}'
      },
    ],
    [
      'in what is shown',
      (saved) => {
        saved.pending.arguments = '{"to":"Eve","cents":9999,"note":null}'
      },
    ],
    [
      'in the name of the tool',
      (saved) => {
        saved.pending.name = 'look'
      },
    ],
  ])('that was changed %s is refused', async (_name, change) => {
    const { ran, assistant, state, pending } = await waiting()
    change(state.calls[0] as unknown as Saved)
    const run = assistant.resume(state, [approve(pending)])
    await expect(run.result()).rejects.toMatchObject({ code: 'invalid_state' })
    expect(ran).toEqual([])
  })

  it.each<[string, (state: RunState) => unknown, RegExp]>([
    ['of another version', (state) => ({ ...state, version: 99 }), /version 99/],
    ['of another agent', (state) => ({ ...state, currentAgent: 'stranger' }), /"stranger"/],
    ['that is none', () => ({ hello: 'world' }), /Expected the state/],
    ['that is null', () => null, /Expected the state/],
  ])('%s is refused at once', async (_name, change, message) => {
    const { assistant, state } = await waiting()
    let error: unknown
    try {
      assistant.resume(change(state) as RunState, [])
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ code: 'invalid_state', message: expect.stringMatching(message) })
  })

  it('does not change under the run that is resumed from it', async () => {
    const { assistant, state, pending } = await waiting()
    const before = structuredClone(state)
    await assistant.resume(state, [approve(pending)]).result()
    expect(state).toEqual(before)
  })
})

describe('cancelling', () => {
  it('while siblings still run leaves no call pending, and each ends once', async () => {
    const { pay } = world()
    const hang = tool({ name: 'hang', execute: () => new Promise<never>(() => undefined) })
    const model = scripted([calls(payCall('Ann', 1), call('hang'))])
    const run = agent({ model, tools: [pay, hang] }).run('Go')
    run.on('tool.started', () => run.cancel('enough'))
    const events: RunEvent[] = await collect(run)
    const result = await run.result()
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(outputs(result)).toEqual(['Aborted: enough', 'Aborted: enough'])
    expect(events.filter((event) => event.type === 'tool.pending')).toEqual([])
    expect(validateItems(result.history)).toEqual([])
  })

  it('a resumed run before it begins runs nothing', async () => {
    const { ran, pay, look } = world()
    const model = scripted([
      calls(payCall('Ann', 1), payCall('Bob', 2), call('look', { at: 'x' })),
      text('no'),
    ])
    const assistant = agent({ model, tools: [pay, look] })
    const first = await assistant.run('Go').result()
    const [a] = pendingOf(first) as [PendingCall]
    const run = assistant.resume(overTheWire(first.state), [approve(a)], {
      signal: AbortSignal.abort('stop'),
    })
    const result = await run.result()
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'stop' })
    expect(ran).toEqual(['look x'])
    expect(model.requests).toHaveLength(1)
    expect(validateItems(result.history)).toEqual([])
  })
})
