import { type Agent, agent, ConfigError, type RunEvent, tool, validateItems } from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { gate, settled, untilAborted } from './loop-gate.ts'

const outputs = (items: readonly unknown[]): unknown[] =>
  (items as { type?: string; output?: unknown }[]).flatMap((item) =>
    item.type === 'function_call_output' ? [item.output] : [],
  )

const ask = (name: string, input = 'x', id?: string) => call(name, { input }, id)

const leaf = tool({ name: 'leaf', effect: 'read', execute: async () => 'a leaf' })

describe('an agent as a tool', () => {
  const inner = () =>
    agent({
      name: 'inner',
      description: 'Looks things up.',
      model: scripted([calls(call('leaf')), text('Found it.')]),
      tools: [leaf],
    })

  it('answers its call with its text, and its usage is part of the run', async () => {
    const sub = scripted([calls(call('leaf')), text('Found it.')])
    const model = scripted([calls(ask('inner', 'Find it', 'o1')), text('Done.')])
    const assistant = agent({ model, tools: [agent({ name: 'inner', model: sub, tools: [leaf] }).asTool()] })
    const result = await assistant.run('Go').result()
    expect(outputs(result.history)).toEqual(['Found it.'])
    expect(sub.requests[0]?.input).toEqual([{ type: 'message', role: 'user', content: 'Find it' }])
    expect(result.usage).toMatchObject({ requests: 4, totalTokens: 480 })
    expect(result.toolCalls).toBe(2)
    expect(result.turns).toBe(2)
    expect(result.items).toHaveLength(3)
  })

  it('shows its events in the run, wrapped, between start and end of its call', async () => {
    const model = scripted([calls(ask('inner', 'x', 'o1')), text('Done.')])
    const run = agent({ model, tools: [inner().asTool()] }).run('Go', { runId: 'run_1' })
    const events = await collect(run)
    const inside = events.filter((event) => event.type === 'agent.event')
    expect(inside.every((event) => event.callId === 'o1' && event.agent === 'inner')).toBe(true)
    const types = inside.map(({ event }) => event.type)
    expect(types[0]).toBe('run.started')
    expect(types.at(-1)).toBe('run.ended')
    expect(types).toContain('tool.ended')
    expect(inside[0]?.event).toMatchObject({ runId: 'run_1/t0/o1' })
    const order = events.map((event) => event.type)
    expect(order.indexOf('agent.event')).toBeGreaterThan(order.indexOf('tool.started'))
    expect(order.lastIndexOf('agent.event')).toBeLessThan(order.indexOf('tool.ended'))
    const ended = events.find((event) => event.type === 'tool.ended')
    expect(ended?.details).toMatchObject({ text: 'Found it.', agent: 'inner' })
  })

  it('presents itself by name, description and schema of its own or as told', () => {
    expect(inner().asTool().wire).toMatchObject({
      type: 'function',
      name: 'inner',
      description: 'Looks things up.',
      strict: true,
      parameters: { properties: { input: { type: 'string' } }, required: ['input'] },
    })
    const told = inner().asTool({ name: 'find', description: 'Finds.', needsApproval: true })
    expect(told).toMatchObject({ name: 'find', description: 'Finds.', needsApproval: true })
  })

  it('takes arguments of its own, and makes its input of them', async () => {
    const model = () => scripted([calls(call('inner', { city: 'Rome', days: 3 })), text('Done.')])
    const inputSchema = z.object({ city: z.string(), days: z.number() })
    const plain = scripted([text('ok')])
    const made = scripted([text('ok')])
    await agent({ model: model(), tools: [agent({ name: 'inner', model: plain }).asTool({ inputSchema })] })
      .run('Go')
      .result()
    const toInput = ({ city, days }: { city: string; days: number }) => `${days} days in ${city}`
    await agent({
      model: model(),
      tools: [agent({ name: 'inner', model: made }).asTool({ inputSchema, toInput })],
    })
      .run('Go')
      .result()
    expect(plain.requests[0]?.input).toMatchObject([{ content: '{"city":"Rome","days":3}' }])
    expect(made.requests[0]?.input).toMatchObject([{ content: '3 days in Rome' }])
  })

  it('is harmless when all its tools are, and starts early then', () => {
    const writer = tool({ name: 'writer', execute: () => 1 })
    const effectOf = (...tools: (typeof leaf | { type: 'web_search' })[]) =>
      agent({ name: 'x', model: scripted([]), tools }).asTool().effect
    expect(effectOf()).toBe('read')
    expect(effectOf(leaf)).toBe('read')
    expect(effectOf(leaf, writer)).toBe('write')
    expect(effectOf({ type: 'web_search' })).toBe('write')
    expect(agent({ model: scripted([]), tools: [writer] }).asTool({ effect: 'read' }).effect).toBe('read')
  })

  it('gives its value when it has an output schema', async () => {
    const output = z.object({ n: z.number() })
    const sub = agent({ name: 'inner', model: scripted([text('{"n":7}')]), output })
    const model = scripted([calls(ask('inner')), text('Done.')])
    const result = await agent({ model, tools: [sub.asTool()] })
      .run('Go')
      .result()
    expect(outputs(result.history)).toEqual(['{"n":7}'])
  })

  it('that fails tells the model, and the run goes on', async () => {
    const sub = agent({ name: 'inner', model: scripted([{ error: new Error('no line') }]) })
    const model = scripted([calls(ask('inner')), text('Then without.')])
    const result = await agent({ model, tools: [sub.asTool()] })
      .run('Go')
      .result()
    expect(outputs(result.history)).toEqual([expect.stringContaining('no line')])
    expect(result.text).toBe('Then without.')
  })

  it('whose toInput throws tells the model', async () => {
    const sub = agent({ name: 'inner', model: scripted([]) })
    const toInput = (): string => {
      throw new Error('no words')
    }
    const model = scripted([calls(ask('inner')), text('Ok.')])
    const result = await agent({ model, tools: [sub.asTool({ toInput })] })
      .run('Go')
      .result()
    expect(outputs(result.history)).toEqual(['Error: no words'])
  })

  it('is cancelled with the run: its model, its tools, and nothing comes after the end', async () => {
    const reasons: string[] = []
    const hang = tool({
      name: 'hang',
      execute: (_input, context) =>
        untilAborted(context.signal).catch((reason: Error) => {
          reasons.push(reason.message)
          throw reason
        }),
    })
    const sub = agent({ name: 'inner', model: scripted([calls(call('hang'))]), tools: [hang] })
    const run = agent({ model: scripted([calls(ask('inner'))]), tools: [sub.asTool()] }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    await settled()
    run.cancel('enough')
    const result = await run.result()
    const { usage } = result
    const before = { ...usage }
    await settled()
    expect(reasons).toEqual([expect.stringContaining('enough')])
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(events.at(-1)?.type).toBe('run.ended')
    expect(usage).toEqual(before)
    expect(validateItems(result.history)).toEqual([])
  })

  it('may be cancelled alone, by its call', async () => {
    const never = gate()
    const sub = agent({
      name: 'inner',
      model: scripted([
        async () => {
          await never.opened
          return 'late'
        },
      ]),
    })
    const model = scripted([calls(ask('inner', 'x', 'o1')), text('Without it.')])
    const run = agent({ model, tools: [sub.asTool()] }).run('Go')
    await settled()
    expect(run.cancelCall('o1', 'too slow')).toBe(true)
    const result = await run.result()
    expect(outputs(result.history)).toEqual(['Aborted: too slow'])
    expect(result.text).toBe('Without it.')
  })

  it('shares the context of the run, three levels down', async () => {
    const seen: unknown[] = []
    const bottom = tool({
      name: 'bottom',
      execute: (_input, { context, agent: name, runId }) => void seen.push([context, name, runId]),
    })
    const c = agent({
      name: 'c',
      model: scripted([calls(call('bottom', {}, 'c1')), text('c')]),
      tools: [bottom],
    })
    const b = agent({
      name: 'b',
      model: scripted([calls(ask('c', 'x', 'b1')), text('b')]),
      tools: [c.asTool()],
    })
    const a = agent({
      name: 'a',
      model: scripted([calls(ask('b', 'x', 'a1')), text('a')]),
      tools: [b.asTool()],
    })
    const run = a.run('Go', { context: { user: 7 }, runId: 'r' })
    const events = await collect(run)
    const result = await run.result()
    expect(seen).toEqual([[{ user: 7 }, 'c', 'r/t0/a1/t0/b1']])
    expect(result.text).toBe('a')
    expect(result.usage.requests).toBe(6)
    const deepest = events.filter(
      (event) =>
        event.type === 'agent.event' && event.event.type === 'agent.event' && event.event.agent === 'c',
    )
    expect(deepest.length).toBeGreaterThan(0)
  })

  it('runs beside others of its kind', async () => {
    const both = gate()
    let now = 0
    const meet = tool({
      name: 'meet',
      execute: async () => {
        if (++now === 2) both.open()
        await both.opened
        return 'met'
      },
    })
    const sub = (name: string) =>
      agent({ name, model: scripted([calls(call('meet')), text(`${name} met`)]), tools: [meet] }).asTool()
    const model = scripted([calls(ask('one'), ask('two')), text('Done.')])
    const result = await agent({ model, tools: [sub('one'), sub('two')] })
      .run('Go')
      .result()
    expect(outputs(result.history)).toEqual(['one met', 'two met'])
  })
})

describe('a hand-off', () => {
  it('keeps the items, and switches instructions, tools and model', async () => {
    const math = scripted([calls(call('add', { a: 1 })), text('It is 2.')])
    const add = tool({ name: 'add', inputSchema: z.object({ a: z.number() }), execute: ({ a }) => a + 1 })
    const mathematician = agent({
      name: 'math',
      description: 'For numbers.',
      instructions: 'Reckon.',
      model: math,
      tools: [add],
      settings: { temperature: 0 },
    })
    const front = scripted([{ text: 'One moment.', calls: [call('transfer_to_math')] }])
    const desk = agent({
      name: 'desk',
      instructions: 'Sort.',
      model: front,
      tools: [leaf],
      handoffs: [mathematician],
    })
    const run = desk.run('1 + 1?')
    const events = await collect(run)
    const result = await run.result()
    expect(front.requests[0]?.tools).toMatchObject([
      { name: 'leaf' },
      { name: 'transfer_to_math', description: expect.stringContaining('For numbers.') },
    ])
    expect(math.requests[0]).toMatchObject({
      instructions: 'Reckon.',
      temperature: 0,
      tools: [{ name: 'add' }],
    })
    expect(math.requests[0]?.input).toEqual(result.history.slice(0, 4))
    expect(result.agent).toBe('math')
    expect(result.text).toBe('It is 2.')
    expect(outputs(result.history)).toEqual(['Transferred to math.', '2'])
    expect(validateItems(result.history)).toEqual([])
    const order = events.map((event) => event.type).filter((type) => !type.startsWith('response.'))
    expect(order.indexOf('agent.changed')).toBeGreaterThan(order.indexOf('turn.ended'))
    const turns = events.filter((event) => event.type === 'turn.started')
    expect(turns.map((event) => [event.turn, event.agent])).toEqual([
      [0, 'desk'],
      [1, 'math'],
      [2, 'math'],
    ])
  })

  it('happens once per response: the first counts, and siblings are answered', async () => {
    const make = (name: string) => agent({ name, model: scripted([text(`I am ${name}.`)]) })
    const model = scripted([calls(call('transfer_to_a'), call('leaf'), call('transfer_to_b'))])
    const desk = agent({ model, tools: [leaf], handoffs: [make('a'), make('b')] })
    const result = await desk.run('Go').result()
    expect(result.text).toBe('I am a.')
    expect(outputs(result.history)).toEqual([
      'Transferred to a.',
      'a leaf',
      expect.stringContaining('already handed'),
    ])
  })

  it('may go back: agents may name each other', async () => {
    const left: Agent = agent({
      name: 'left',
      model: scripted([calls(call('transfer_to_right')), text('Left again.')]),
      handoffs: () => [right],
    })
    const right: Agent = agent({
      name: 'right',
      model: scripted([calls(call('transfer_to_left'))]),
      handoffs: () => [left],
    })
    const result = await left.run('Go').result()
    expect(result.text).toBe('Left again.')
    expect(result.agent).toBe('left')
    expect(outputs(result.history)).toEqual(['Transferred to right.', 'Transferred to left.'])
  })

  it('may name itself by way of another that is defined at once', async () => {
    const first: Agent = agent({
      name: 'first',
      model: scripted([calls(call('transfer_to_second'))]),
      handoffs: () => [second],
    })
    const second: Agent = agent({ name: 'second', model: scripted([text('Second.')]), handoffs: [first] })
    expect((await first.run('Go').result()).text).toBe('Second.')
  })

  it("applies the other agent's forced choice of a tool once", async () => {
    const model = scripted([calls(call('leaf')), text('Done.')])
    const other = agent({ name: 'other', model, tools: [leaf], toolChoice: 'required' })
    await agent({ model: scripted([calls(call('transfer_to_other'))]), handoffs: [other] })
      .run('Go')
      .result()
    expect(model.requests.map((request) => request.tool_choice)).toEqual(['required', undefined])
  })

  it('keeps the output schema of the agent that was run', async () => {
    const model = scripted([text('{"n":1}')])
    const other = agent({ name: 'other', model, instructions: 'Other.' })
    const output = z.object({ n: z.number() })
    const first = agent({
      name: 'first',
      model: scripted([calls(call('transfer_to_other'))]),
      handoffs: [other],
      output,
    })
    const result = await first.run('Go').result()
    expect(result.output).toEqual({ n: 1 })
    expect(model.requests[0]?.text?.format).toMatchObject({ type: 'json_schema', name: 'first_output' })
  })

  it('to an agent that is hidden in this turn does not happen', async () => {
    const other = agent({ name: 'other', model: scripted([]) })
    const model = scripted([calls(call('transfer_to_other')), text('Stayed.')])
    const first = agent({ model, tools: [leaf], handoffs: [other], prepareTurn: () => ({ tools: ['leaf'] }) })
    const result = await first.run('Go').result()
    expect(result.text).toBe('Stayed.')
    expect(outputs(result.history)).toEqual([expect.stringContaining('no tool "transfer_to_other"')])
  })
})

describe('a definition that cannot work', () => {
  const model = scripted([])
  const twin = tool({ name: 'leaf', execute: () => 1 })
  const cases: [string, () => unknown, string][] = [
    ['two tools of one name', () => agent({ model, tools: [leaf, twin] }), 'duplicate_tool'],
    [
      'a tool named like a hand-off',
      () =>
        agent({
          model,
          tools: [tool({ name: 'transfer_to_b', execute: () => 1 })],
          handoffs: [agent({ name: 'b', model })],
        }),
      'duplicate_tool',
    ],
    ['a name with blanks', () => agent({ model, name: 'my agent' }), 'invalid_config'],
    ['no model', () => agent({ model: undefined as never }), 'invalid_config'],
    ['a tool with a bad name', () => tool({ name: 'a b', execute: () => 1 }), 'invalid_config'],
    ['a timeout of nothing', () => tool({ name: 'a', timeoutMs: 0, execute: () => 1 }), 'invalid_config'],
    ['half a retry', () => tool({ name: 'a', retries: 0.5, execute: () => 1 }), 'invalid_config'],
  ]
  it.each(cases)('throws at once: %s', (_name, define, code) => {
    let error: unknown
    try {
      define()
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ code })
  })
})
