import {
  agent,
  createToolQueue,
  type RunEvent,
  type Tool,
  ToolFailed,
  type ToolPolicy,
  ToolRetry,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Gate, gate, settled, untilAborted } from './loop-gate.ts'

/** A tool whose calls wait at gates, so that a test says who goes on and when. */
const gated = (name: string, policy: Partial<ToolPolicy<{ id: string }>> = {}) => {
  const started: string[] = []
  const gates = new Map<string, Gate>()
  const state = { now: 0, most: 0 }
  const made = tool({
    ...policy,
    name,
    inputSchema: z.object({ id: z.string() }),
    execute: async ({ id }) => {
      started.push(id)
      state.most = Math.max(state.most, ++state.now)
      const own = gate()
      gates.set(id, own)
      await own.opened
      state.now--
      return `${id} done`
    },
  })
  const open = async (id: string): Promise<void> => {
    gates.get(id)?.open()
    await settled()
  }
  return { tool: made as Tool, started, state, open }
}

const ask = (name: string, ...ids: string[]) => ids.map((id) => call(name, { id }))

const outputs = (items: readonly unknown[]): unknown[] =>
  (items as { type?: string; output?: unknown }[]).flatMap((item) =>
    item.type === 'function_call_output' ? [item.output] : [],
  )

afterEach(() => {
  vi.useRealTimers()
})

describe('the queue of a run', () => {
  it('never runs more calls at once than it may, and starts the next when one ends', async () => {
    const a = gated('a')
    const model = scripted([calls(...ask('a', '1', '2', '3', '4')), text('Done.')])
    const run = agent({ model, tools: [a.tool], concurrency: 2 }).run('Go')
    await settled()
    expect(a.started).toEqual(['1', '2'])
    await a.open('2')
    expect(a.started).toEqual(['1', '2', '3'])
    for (const id of ['1', '3', '4']) await a.open(id)
    await run.result()
    expect(a.state.most).toBe(2)
  })

  it('holds 16 calls when nothing is said', async () => {
    const a = gated('a')
    const ids = Array.from({ length: 20 }, (_, n) => `${n}`)
    const run = agent({ model: scripted([calls(...ask('a', ...ids)), text('Done.')]), tools: [a.tool] }).run(
      'Go',
    )
    await settled()
    expect(a.started).toHaveLength(16)
    for (const id of ids) await a.open(id)
    await run.result()
  })

  it('gives the outputs in the order of the calls, whatever the order they end in', async () => {
    const a = gated('a')
    const model = scripted([calls(...ask('a', '1', '2', '3')), text('Done.')])
    const run = agent({ model, tools: [a.tool] }).run('Go')
    const ended: string[] = []
    run.on('tool.ended', (event) => ended.push(event.output.output as string))
    await settled()
    for (const id of ['3', '1', '2']) await a.open(id)
    const result = await run.result()
    expect(ended).toEqual(['3 done', '1 done', '2 done'])
    expect(outputs(result.history)).toEqual(['1 done', '2 done', '3 done'])
  })

  it('tells how long a call waited and ran', async () => {
    const a = gated('a')
    const model = scripted([calls(...ask('a', '1', '2')), text('Done.')])
    const run = agent({ model, tools: [a.tool], concurrency: 1 }).run('Go')
    const events = collect(run)
    await settled()
    for (const id of ['1', '2']) await a.open(id)
    const ended = (await events).filter((event) => event.type === 'tool.ended')
    expect(ended).toHaveLength(2)
    for (const event of ended) {
      expect(event.queuedMs).toBeGreaterThan(0)
      expect(event.durationMs).toBeGreaterThan(0)
    }
  })

  it('starts what matters more first', async () => {
    const low = gated('low')
    const high = gated('high', { priority: 5 })
    const started: string[] = []
    const model = scripted([calls(...ask('low', '1', '2'), ...ask('high', '3', '4')), text('Done.')])
    const run = agent({ model, tools: [low.tool, high.tool], concurrency: 1 }).run('Go')
    run.on('tool.started', (event) => started.push(event.callId))
    await settled()
    await low.open('1')
    await high.open('3')
    await high.open('4')
    await low.open('2')
    await run.result()
    expect(started).toEqual(['call_1', 'call_3', 'call_4', 'call_2'])
  })

  it('may be shared by several agents', async () => {
    const a = gated('a')
    const queue = createToolQueue({ concurrency: 2 })
    const make = () =>
      agent({ model: scripted([calls(...ask('a', '1', '2')), text('Done.')]), tools: [a.tool], queue })
    const runs = [make().run('Go'), make().run('Go')]
    await settled()
    expect(a.started).toHaveLength(2)
    expect(queue.waiting).toBe(2)
    for (let n = 0; n < 4; n++) for (const id of ['1', '2']) await a.open(id)
    await Promise.all(runs.map((run) => run.result()))
    expect(a.state.most).toBe(2)
    expect(a.started).toHaveLength(4)
  })

  it('takes hundreds of calls of one response', async () => {
    for (const count of [200, 256]) {
      let now = 0
      let most = 0
      const spin = tool({
        name: 'spin',
        inputSchema: z.object({ n: z.number() }),
        execute: async ({ n }) => {
          most = Math.max(most, ++now)
          await new Promise((resolve) => setImmediate(resolve))
          now--
          return n
        },
      })
      const list = Array.from({ length: count }, (_, n) => call('spin', { n }))
      const model = scripted([calls(...list), text('Done.')])
      const result = await agent({ model, tools: [spin], concurrency: 32 })
        .run('Go')
        .result()
      expect(outputs(result.history)).toEqual(list.map((_, n) => `${n}`))
      expect(most).toBe(32)
      expect(result.toolCalls).toBe(count)
    }
  })

  it('of one slot does not lock up with an agent as a tool', async () => {
    const leaf = tool({ name: 'leaf', execute: async () => 'leaf' })
    const inner = agent({
      name: 'inner',
      model: scripted([calls(call('leaf'), call('leaf')), text('in')]),
      tools: [leaf],
    })
    const middle = agent({
      name: 'middle',
      model: scripted([calls(call('inner', { input: 'x' }), call('leaf')), text('mid')]),
      tools: [inner.asTool(), leaf],
    })
    const model = scripted([calls(call('middle', { input: 'x' }), call('leaf')), text('Done.')])
    const outer = agent({ model, tools: [middle.asTool(), leaf], concurrency: 1 })
    const result = await outer.run('Go').result()
    expect(outputs(result.history)).toEqual(['mid', 'leaf'])
  })

  it('bounds the calls of a sub-agent together with those of the run', async () => {
    const a = gated('a')
    const inner = agent({
      name: 'inner',
      model: scripted([calls(...ask('a', '1', '2')), text('in')]),
      tools: [a.tool],
    })
    const model = scripted([calls(call('inner', { input: 'x' }), ...ask('a', '3', '4')), text('Done.')])
    const run = agent({ model, tools: [inner.asTool(), a.tool], concurrency: 2 }).run('Go')
    for (let n = 0; n < 4; n++) {
      await settled()
      for (const id of ['1', '2', '3', '4']) await a.open(id)
    }
    await run.result()
    expect(a.started).toHaveLength(4)
    expect(a.state.most).toBe(2)
  })
})

describe('parallelToolCalls: false', () => {
  const steps = (name: string) => [calls(...ask(name, '1', '2', '3')), text('Done.')]
  const cases: [string, object][] = [
    ['alone', {}],
    ['with a concurrency', { concurrency: 8 }],
    ['with a shared queue', { queue: createToolQueue({ concurrency: 8 }) }],
  ]
  it.each(cases)('executes one call at a time whatever the model does, %s', async (_name, options) => {
    const a = gated('a', { effect: 'read' })
    const model = scripted(steps('a'))
    const run = agent({ model, tools: [a.tool], parallelToolCalls: false, ...options }).run('Go')
    await settled()
    for (const id of ['1', '2', '3']) await a.open(id)
    await run.result()
    expect(a.state.most).toBe(1)
    expect(a.started).toEqual(['1', '2', '3'])
    expect(model.requests[0]?.parallel_tool_calls).toBe(false)
  })

  it('also holds for agents as tools, and inside them', async () => {
    const a = gated('a')
    const inner = (name: string) =>
      agent({ name, model: scripted(steps('a')), tools: [a.tool], parallelToolCalls: false }).asTool()
    const model = scripted([calls(call('one', { input: 'x' }), call('two', { input: 'x' })), text('Done.')])
    const run = agent({ model, tools: [inner('one'), inner('two')], parallelToolCalls: false }).run('Go')
    const order: string[] = []
    run.on('tool.started', (event) => order.push(`start ${event.name}`))
    run.on('tool.ended', (event) => order.push(`end ${event.name}`))
    for (let n = 0; n < 6; n++) {
      await settled()
      for (const id of ['1', '2', '3']) await a.open(id)
    }
    await run.result()
    expect(order).toEqual(['start one', 'end one', 'start two', 'end two'])
    expect(a.started).toEqual(['1', '2', '3', '1', '2', '3'])
    expect(a.state.most).toBe(1)
  })

  it('is not sent without tools', async () => {
    const model = scripted([text('Hi')])
    await agent({ model, parallelToolCalls: false }).run('Go').result()
    expect(model.requests[0]).not.toHaveProperty('parallel_tool_calls')
  })
})

describe("a tool's own slots", () => {
  it('bound its calls, and those that wait for them hold no slot of the run', async () => {
    const slow = gated('slow', { concurrency: 1 })
    const quick = gated('quick')
    const model = scripted([calls(...ask('slow', '1', '2', '3'), ...ask('quick', '4')), text('Done.')])
    const run = agent({ model, tools: [slow.tool, quick.tool], concurrency: 2 }).run('Go')
    await settled()
    expect(slow.started).toEqual(['1'])
    expect(quick.started).toEqual(['4'])
    await quick.open('4')
    for (const id of ['1', '2', '3']) await slow.open(id)
    await run.result()
    expect(slow.state.most).toBe(1)
  })

  it('hold over all runs of the process', async () => {
    const slow = gated('slow', { concurrency: 1 })
    const make = (id: string) =>
      agent({ model: scripted([calls(...ask('slow', id)), text('Done.')]), tools: [slow.tool] }).run('Go')
    const runs = [make('1'), make('2')]
    await settled()
    expect(slow.started).toEqual(['1'])
    await slow.open('1')
    await slow.open('2')
    await Promise.all(runs.map((run) => run.result()))
    expect(slow.state.most).toBe(1)
  })

  it('let calls of one key run one after the other, and others beside them', async () => {
    const keyed = gated('keyed', { key: ({ id }) => id[0] })
    const model = scripted([calls(...ask('keyed', 'a1', 'a2', 'b1', 'a3')), text('Done.')])
    const run = agent({ model, tools: [keyed.tool] }).run('Go')
    await settled()
    expect(keyed.started).toEqual(['a1', 'b1'])
    await keyed.open('a1')
    expect(keyed.started).toEqual(['a1', 'b1', 'a2'])
    for (const id of ['b1', 'a2', 'a3']) await keyed.open(id)
    await run.result()
    expect(keyed.started).toEqual(['a1', 'b1', 'a2', 'a3'])
  })

  it('keep a line going after a call that failed', async () => {
    const ran: number[] = []
    const keyed = tool({
      name: 'keyed',
      inputSchema: z.object({ n: z.number() }),
      key: () => 'one',
      execute: async ({ n }) => {
        ran.push(n)
        if (n === 1) throw new Error('no')
        return n
      },
    })
    const model = scripted([calls(call('keyed', { n: 1 }), call('keyed', { n: 2 })), text('Done.')])
    const result = await agent({ model, tools: [keyed] })
      .run('Go')
      .result()
    expect(ran).toEqual([1, 2])
    expect(outputs(result.history)).toEqual(['Error: no', '2'])
  })

  it('start no more per interval than the rate allows', async () => {
    vi.useFakeTimers()
    const started: string[] = []
    const limited = tool({
      name: 'limited',
      rate: { limit: 2, intervalMs: 1000 },
      execute: (_input, context) => void started.push(context.callId),
    })
    const list = Array.from({ length: 5 }, () => call('limited'))
    const model = scripted([calls(...list), text('Done.')])
    const run = agent({ model, tools: [limited] }).run('Go')
    await vi.advanceTimersByTimeAsync(10)
    expect(started).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(900)
    expect(started).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(started).toHaveLength(4)
    await vi.advanceTimersByTimeAsync(1000)
    expect(started).toHaveLength(5)
    expect((await run.result()).text).toBe('Done.')
  })
})

describe('a tool that takes too long', () => {
  it('is answered and told, and keeps its slot until it has really ended', async () => {
    vi.useFakeTimers()
    const aborted: unknown[] = []
    const release = gate()
    const slow = tool({
      name: 'slow',
      timeoutMs: 1000,
      execute: async (_input, context) => {
        untilAborted(context.signal).catch((reason: Error) => aborted.push(reason.message))
        await release.opened
        return 'too late'
      },
    })
    const quick = tool({ name: 'quick', execute: () => 'quick' })
    const model = scripted([calls(call('slow'), call('quick')), text('Done.')])
    const run = agent({ model, tools: [slow, quick], concurrency: 1 }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    const ends = () =>
      events.flatMap((event) => (event.type === 'tool.ended' ? [event.name, event.outcome] : []))
    await vi.advanceTimersByTimeAsync(999)
    expect(ends()).toEqual([])
    await vi.advanceTimersByTimeAsync(5000)
    expect(ends()).toEqual(['slow', 'timeout'])
    expect(aborted).toHaveLength(1)
    release.open()
    await vi.advanceTimersByTimeAsync(1)
    const result = await run.result()
    expect(ends()).toEqual(['slow', 'timeout', 'quick', 'ok'])
    expect(outputs(result.history)).toEqual([
      'Error: the tool took longer than 1000 ms and was stopped.',
      'quick',
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not tried again', async () => {
    vi.useFakeTimers()
    let tries = 0
    const slow = tool({
      name: 'slow',
      timeoutMs: 1000,
      retries: 3,
      execute: (_input, context) => {
        tries++
        return untilAborted(context.signal)
      },
    })
    const run = agent({ model: scripted([calls(call('slow')), text('Done.')]), tools: [slow] }).run('Go')
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await run.result()).text).toBe('Done.')
    expect(tries).toBe(1)
  })

  it('leaves no timer behind when it was stopped by something else', async () => {
    vi.useFakeTimers()
    const hang = tool({ name: 'hang', execute: () => new Promise<never>(() => undefined) })
    const run = agent({ model: scripted([calls(call('hang'))]), tools: [hang] }).run('Go')
    run.on('tool.started', () => run.cancel())
    await vi.advanceTimersByTimeAsync(1)
    expect((await run.result()).stop.reason).toBe('cancelled')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a tool that fails', () => {
  const failing = (fail: () => never, retries?: number) => {
    const seen: [number, string][] = []
    const made = tool({
      name: 'failing',
      ...(retries === undefined ? {} : { retries }),
      execute: (_input, context) => {
        seen.push([context.attempt, context.idempotencyKey])
        return fail()
      },
    })
    return { seen, made }
  }
  const outputOf = async (made: Tool) => {
    const model = scripted([calls(call('failing')), text('Done.')])
    const run = agent({ model, tools: [made] }).run('Go')
    if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(60_000)
    const result = await run.result()
    expect(result.text).toBe('Done.')
    expect(validateItems(result.history)).toEqual([])
    return outputs(result.history)[0]
  }
  const fail = (error: unknown) => (): never => {
    throw error
  }

  it.each<[string, unknown, string]>([
    ['an error', new Error('no such city'), 'Error: no such city'],
    ['an error without words', new TypeError(''), 'Error: TypeError'],
    ['a string', 'oops', 'Error: oops'],
    ['nothing', undefined, 'Error: undefined'],
    ['ToolRetry', new ToolRetry('which year?'), 'Error: which year?\nCorrect the arguments and call again.'],
    ['ToolFailed', new ToolFailed('gone'), 'Error: gone\nThis cannot succeed: do not call it again.'],
  ])('by throwing %s tells the model', async (_name, error, output) => {
    const { seen, made } = failing(fail(error))
    expect(await outputOf(made)).toBe(output)
    expect(seen).toHaveLength(1)
  })

  it('is tried again as often as it says, under one key', async () => {
    vi.useFakeTimers()
    const { seen, made } = failing(fail(new Error('busy')), 2)
    expect(await outputOf(made)).toBe('Error: busy')
    expect(seen.map(([attempt]) => attempt)).toEqual([1, 2, 3])
    expect(new Set(seen.map(([, key]) => key)).size).toBe(1)
  })

  it.each([new ToolRetry('no'), new ToolFailed('no')])('by %s is not tried again', async (error) => {
    const { seen, made } = failing(fail(error), 5)
    await outputOf(made)
    expect(seen).toHaveLength(1)
  })

  it('may succeed at the second try', async () => {
    vi.useFakeTimers()
    let tries = 0
    const flaky = tool({
      name: 'failing',
      retries: 1,
      execute: () => {
        if (++tries === 1) throw new Error('once')
        return 'ok'
      },
    })
    expect(await outputOf(flaky)).toBe('ok')
  })

  it('is not tried again once the run is cancelled', async () => {
    vi.useFakeTimers()
    const { seen, made } = failing(fail(new Error('busy')), 5)
    const run = agent({ model: scripted([calls(call('failing'))]), tools: [made] }).run('Go')
    await vi.advanceTimersByTimeAsync(1)
    expect(seen).toHaveLength(1)
    run.cancel()
    await vi.advanceTimersByTimeAsync(60_000)
    expect((await run.result()).stop.reason).toBe('cancelled')
    expect(seen).toHaveLength(1)
  })
})
