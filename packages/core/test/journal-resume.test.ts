// Runs whose process ends in the middle: what the next one makes of their log.
import type { InputItem } from '@antiphon/client'
import {
  type Agent,
  type AgentOptions,
  agent,
  answer,
  approve,
  JournalError,
  type LogRecord,
  memoryRuns,
  RunError,
  type RunOptions,
  type RunResult,
  type RunStore,
  reject,
  requestsOf,
  type Tool,
  tool,
  validateItems,
} from 'antiphon'
import { call, callItem, calls, type ScriptedModel, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Life, mortalModel, mortalStore } from './mortal.ts'

const runId = 'r'

/** A process that is killed at a point of its life, and the one after it, each with an agent of its own. */
const twoLives = async (
  make: (life: Life) => Agent<unknown>,
  diesAt: string | number,
  options: RunOptions & { store?: RunStore } = {},
): Promise<{ result: RunResult<unknown>; log: readonly LogRecord[]; cutLog: readonly LogRecord[] }> => {
  const { store = memoryRuns(), ...others } = options
  const first = new Life(diesAt)
  const kept = mortalStore(store, first)
  const run = make(first).run('Go', { ...others, store: kept, runId })
  const ended = await Promise.race([run.result().catch((error: unknown) => error), first.over])
  expect(ended, `it was to be killed at ${diesAt}, and reached ${first.reached.join(', ')}`).toBeUndefined()
  const cutLog = await store.read(runId)
  const result = await make(new Life())
    .run('Go', { ...others, store, runId, takeOver: true })
    .result()
  return { result, log: await store.read(runId), cutLog }
}

const outputsOf = (items: readonly InputItem[]): unknown[] =>
  items.flatMap((item) => ('output' in item ? [item.output] : []))

const rejectionOf = async (promise: Promise<unknown>): Promise<RunError> => {
  try {
    await promise
  } catch (error) {
    expect(error).toBeInstanceOf(RunError)
    return error as RunError
  }
  throw new Error('Expected it to fail.')
}

/** A model that answers a request by the number of responses it can see in it. */
const byTurn = (steps: readonly ScriptStep[]): ScriptedModel => {
  const turnOf = (input: unknown): number =>
    new Set(
      (input as { type?: string; id?: string }[]).flatMap(({ type, id }, n, all) => {
        const isOutput = type === 'function_call' || (type === 'message' && id !== undefined)
        const before = all[n - 1]
        const isFirst = before === undefined || !('id' in before) || before.type === 'function_call_output'
        return isOutput && isFirst ? [n] : []
      }),
    ).size
  return scripted(
    Array.from(
      { length: 40 },
      (): ScriptStep => async (request, n) => {
        const step = steps[turnOf(request.input)] ?? text('The end.')
        return typeof step === 'function' ? await step(request, n) : step
      },
    ),
  )
}

const inputSchema = z.object({})

describe('a call inside an invented wrapper', () => {
  const wrapper = callItem(
    'multi_tool_use.parallel',
    { tool_uses: [{ recipient_name: 'functions.pay', parameters: {} }] },
    'call_w',
  )

  it('is not run again when it is recorded', async () => {
    let paid = 0
    const make = (life: Life) =>
      agent({
        model: mortalModel(byTurn([{ items: [wrapper] }, text('Done.')]), life, 'model'),
        tools: [tool({ name: 'pay', inputSchema, execute: () => `paid ${++paid}` })],
      })
    const { result } = await twoLives(make, 10)
    expect(paid).toBe(1)
    expect(result.text).toBe('Done.')
  })
  it('is not run again when it was cut off, and its outcome is told to be unknown', async () => {
    let paid = 0
    const make = (life: Life) =>
      agent({
        model: mortalModel(byTurn([{ items: [wrapper] }, text('Done.')]), life, 'model'),
        tools: [
          tool({
            name: 'pay',
            inputSchema,
            execute: async () => {
              paid++
              await life.pass('paid')
            },
          }),
        ],
      })
    const { result } = await twoLives(make, 'paid')
    expect(paid).toBe(1)
    expect(String(outputsOf(result.items)[0])).toContain('Unknown outcome')
  })
})

describe('a run that was cancelled', () => {
  const slow = (life: Life, begun: () => void) =>
    tool({
      name: 'slow',
      inputSchema,
      execute: async (_input, { signal }) => {
        begun()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await life.pass('aborted')
      },
    })

  it('gives the same result when it is run again', async () => {
    const store = memoryRuns()
    const model = byTurn([calls(call('slow', {}, 'call_1')), text('Never.')])
    const first = agent({ model, tools: [slow(new Life(), () => run.cancel('enough'))] })
    const run = first.run('Go', { store, runId })
    const cancelled = await run.result()
    expect(cancelled.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    const again = await agent({ model, tools: [slow(new Life(), () => expect.unreachable())] })
      .run('Go', { store, runId })
      .result()
    expect(again.stop).toEqual(cancelled.stop)
    expect(again.history).toEqual(cancelled.history)
    expect(model.requests).toHaveLength(1)
    expect((await store.read(runId)).at(-1)?.kind).toBe('end')
    expect((await store.get(runId))?.status).toBe('cancelled')
  })
  it('in the middle of a model call gives the same result when it is run again', async () => {
    const store = memoryRuns()
    const model = scripted([() => new Promise(() => undefined)])
    const run = agent({ model }).run('Go', { store, runId })
    run.on('turn.started', () => setImmediate(() => run.cancel('enough')))
    const cancelled = await run.result()
    const again = await agent({ model }).run('Go', { store, runId }).result()
    expect(again.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(again.history).toEqual(cancelled.history)
    expect(model.requests).toHaveLength(1)
  })
  it('from outside ends as cancelled, and not with an error', async () => {
    const store = memoryRuns()
    const model = byTurn([calls(call('slow', {}, 'call_1')), text('Never.')])
    const result = await agent({
      model,
      tools: [slow(new Life(), () => void store.cancel(runId, 'enough'))],
    })
      .run('Go', { store, runId })
      .result()
    expect(result.stop.reason).toBe('cancelled')
    expect(validateItems(result.history)).toEqual([])
    expect(await store.get(runId)).toMatchObject({ status: 'cancelled' })
  })
})

describe('a sub-agent that failed', () => {
  const make =
    (counts: { helper: number }) =>
    (life: Life): Agent => {
      const helper = agent({
        name: 'helper',
        model: scripted(
          Array.from({ length: 9 }, () => () => {
            counts.helper++
            return counts.helper === 1 ? { error: new Error('broken') } : text('It works now.')
          }),
        ),
      })
      return agent({
        model: mortalModel(
          byTurn([calls(call('helper', { input: 'x' }, 'call_1')), text('Done.')]),
          life,
          'model',
        ),
        tools: [helper.asTool()],
      })
    }

  it('is not asked again once its call is recorded', async () => {
    const counts = { helper: 0 }
    const { result, log } = await twoLives(make(counts), 'before t1/model')
    expect(counts.helper).toBe(1)
    expect(outputsOf(result.items)).toEqual([expect.stringContaining('broken')])
    expect(requestsOf(log).at(-1)?.request.input).toEqual(result.history.slice(0, -1))
  })
})

describe('a response that ended inside a call', () => {
  it('has its half call executed neither before nor after a crash', async () => {
    let ran = 0
    const half = callItem('look', {}, 'call_half')
    const response = { id: 'resp_1', object: 'response', created_at: 0, model: 'm', output: [half] }
    const events = [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { ...half, arguments: '' } },
      { type: 'response.incomplete', response: { ...response, status: 'incomplete' } },
    ] as never[]
    const make = (life: Life) =>
      agent({
        model: mortalModel(scripted([{ events }]), life, 'model'),
        tools: [tool({ name: 'look', effect: 'read', inputSchema, execute: () => ++ran })],
      })
    const { result } = await twoLives(make, 'before end')
    expect(ran).toBe(0)
    expect(outputsOf(result.items)).toEqual([expect.stringContaining('the response ended early')])
    expect(result.stop.reason).toBe('incomplete')
  })
})

describe('a budget that branches share', () => {
  const make = (slow: readonly number[]) => (life: Life) => {
    const helperOf = (name: string, waits: number): Tool =>
      agent({
        name,
        model: byTurn([
          calls(call('look', {}, `${name}_1`)),
          calls(call('look', {}, `${name}_2`)),
          text('Seen.'),
        ]),
        tools: [
          tool({
            name: 'look',
            effect: 'read',
            inputSchema,
            execute: async () => {
              for (let n = 0; n < waits; n++) await new Promise((resolve) => setImmediate(resolve))
              return `${name} saw`
            },
          }),
        ],
      }).asTool() as Tool
    return agent({
      model: mortalModel(
        byTurn([
          calls(call('a', { input: 'x' }, 'call_a'), call('b', { input: 'x' }, 'call_b')),
          text('Done.'),
        ]),
        life,
        'model',
      ),
      tools: [helperOf('a', slow[0] ?? 0), helperOf('b', slow[1] ?? 0)],
      limits: { toolCalls: 5 },
    })
  }

  it('falls on the same calls when it is replayed', async () => {
    const store = memoryRuns()
    let life = 0
    const slow = [
      [20, 0],
      [0, 20],
    ]
    const { result, cutLog } = await twoLives((own) => make(slow[life++] ?? [])(own), 'before t1/model', {
      store,
    })
    const recorded = cutLog
      .filter(({ kind }) => kind === 'tool')
      .map(({ value }) => outputsOf([(value as { output: InputItem }).output]))
    expect(recorded.length).toBeGreaterThan(0)
    expect(outputsOf(result.items)).toEqual([
      expect.stringContaining('Seen'),
      expect.stringContaining('Seen'),
    ])
  })
})

describe('a run that another agent is asked to go on with', () => {
  const waits = () =>
    agent({
      name: 'right',
      model: byTurn([calls(call('pay', {}, 'call_1')), text('Done.')]),
      tools: [tool({ name: 'pay', inputSchema, needsApproval: true, execute: () => 'paid' })],
    })
  const wrong = () => agent({ name: 'wrong', model: scripted([]) })

  it('refuses, and waits on', async () => {
    const store = memoryRuns()
    await waits().run('Go', { store, runId }).result()
    const error = await rejectionOf(wrong().resume(runId, [], { store }).result())
    expect(error.code).toBe('run_conflict')
    expect(await store.get(runId)).toMatchObject({ status: 'waiting' })
  })
  it('refuses, and is over as before', async () => {
    const store = memoryRuns()
    const one = agent({ name: 'right', model: scripted([text('Done.')]) })
    await one.run('Go', { store, runId }).result()
    const error = await rejectionOf(wrong().resume(runId, [], { store }).result())
    expect(error.code).toBe('run_conflict')
    expect(await store.get(runId)).toMatchObject({ status: 'done' })
  })
})

describe('a run whose agent was changed', () => {
  const seen = tool({ name: 'look', effect: 'read', inputSchema, execute: () => 'seen' })
  const made = (life: Life, options: Partial<AgentOptions>): Agent =>
    agent({
      model: mortalModel(byTurn([calls(call('look', {}, 'call_1')), text('Done.')]), life, 'model'),
      tools: [seen],
      ...options,
    } as AgentOptions)

  const changes: [string, Partial<AgentOptions>][] = [
    ['a tool is gone', { tools: [] }],
    ['a tool is now the caller’s', { tools: [tool({ name: 'look', inputSchema })] }],
    [
      'a tool now needs approval',
      { tools: [tool({ ...{ name: 'look', inputSchema }, needsApproval: true, execute: () => 'seen' })] },
    ],
    [
      'a schema takes other arguments',
      { tools: [tool({ name: 'look', inputSchema: z.object({ at: z.string() }), execute: () => 'seen' })] },
    ],
  ]
  for (const [name, change] of changes)
    it(`is refused: ${name}`, async () => {
      let lives = 0
      const make = (life: Life): Agent => made(life, lives++ === 0 ? {} : change)
      const error = await rejectionOf(twoLives(make, 'before t1/model'))
      expect(error.cause).toBeInstanceOf(JournalError)
      expect(error.code).toBe('nondeterministic')
      expect(error.message).toContain('call_1')
    })
  it('keeps what was allowed when fewer calls are', async () => {
    let lives = 0
    const make = (life: Life): Agent => made(life, lives++ === 0 ? {} : { limits: { toolCalls: 0 } })
    const { result } = await twoLives(make, 'before t1/model')
    expect(outputsOf(result.items)).toEqual(['seen'])
    expect(result.stop.reason).toBe('done')
  })
})

describe('keys by which a service knows a call again', () => {
  it('differ between two turns that name their calls alike, also in a sub-agent', async () => {
    const keys: string[] = []
    const act = tool({
      name: 'act',
      inputSchema,
      execute: (_input, { idempotencyKey }) => {
        keys.push(idempotencyKey)
      },
    })
    const helper = agent({
      name: 'helper',
      model: byTurn([calls(call('act', {}, 'inner')), text('Acted.')]),
      tools: [act],
    })
    const again = calls(call('helper', { input: 'x' }, 'same'))
    await agent({ model: byTurn([again, again, text('Done.')]), tools: [helper.asTool()] })
      .run('Go', { store: memoryRuns(), runId })
      .result()
    expect(keys).toHaveLength(2)
    expect(new Set(keys).size).toBe(2)
  })
})

describe('calls that somebody decides', () => {
  it('are told to whoever follows when they are answered or rejected', async () => {
    const store = memoryRuns()
    const make = () =>
      agent({
        model: byTurn([calls(call('pay', {}, 'call_1'), call('ask', {}, 'call_2')), text('Done.')]),
        tools: [
          tool({ name: 'pay', inputSchema, needsApproval: true, execute: () => 'paid' }),
          tool({ name: 'ask', inputSchema }),
        ],
      })
    const first = await make().run('Go', { store, runId }).result()
    expect(first.stop.reason).toBe('approval')
    if (first.stop.reason !== 'approval') return
    const [pay, ask] = first.stop.pending
    if (pay === undefined || ask === undefined) return expect.unreachable()
    await make()
      .resume(runId, [reject(pay), answer(ask, 'Paris')], { store })
      .result()
    const types: string[] = []
    for await (const { event } of store.follow(runId)) types.push(event.type)
    expect(types.filter((type) => type === 'tool.ended')).toHaveLength(2)
    expect(types.filter((type) => type === 'turn.ended')).toHaveLength(2)
    expect(types.filter((type) => type === 'tool.pending')).toHaveLength(2)
  })
  it('approve runs the call once', async () => {
    const store = memoryRuns()
    let paid = 0
    const make = () =>
      agent({
        model: byTurn([calls(call('pay', {}, 'call_1')), text('Done.')]),
        tools: [tool({ name: 'pay', inputSchema, needsApproval: true, execute: () => ++paid })],
      })
    const first = await make().run('Go', { store, runId }).result()
    if (first.stop.reason !== 'approval') return expect.unreachable()
    const decisions = first.stop.pending.map((pending) => approve(pending))
    await make().resume(runId, decisions, { store }).result()
    const again = await rejectionOf(make().resume(runId, decisions, { store }).result())
    expect(again.code).toBe('decision_used')
    expect((await make().resume(runId, [], { store }).result()).text).toBe('Done.')
    expect(paid).toBe(1)
  })
})

describe('a run that failed while calls were on their way', () => {
  /** A store that fails once, at a record. */
  const failsAt = (key: string): RunStore => {
    const store = memoryRuns()
    let left = 1
    return {
      ...store,
      open: async (id, options) => {
        const open = await store.open(id, options)
        return {
          ...open,
          append: async (record) => {
            if (record.key === key && left-- > 0) throw new JournalError('store_failed', 'The disk is full.')
            await open.append(record)
          },
        }
      },
    }
  }
  const counted = (did: string[]) => {
    const act = (name: string, effect: 'read' | 'write') =>
      tool({
        name,
        effect,
        inputSchema,
        execute: async () => {
          did.push(name)
          await new Promise((resolve) => setImmediate(resolve))
          return name
        },
      })
    return [act('look', 'read'), act('pay', 'write')]
  }

  it('runs them when it is resumed, and does not tell the model that they were aborted', async () => {
    const did: string[] = []
    const store = failsAt('t0/tool/call_2/intent')
    const make = () =>
      agent({
        model: byTurn([calls(call('look', {}, 'call_1'), call('pay', {}, 'call_2')), text('Done.')]),
        tools: counted(did),
      })
    const error = await rejectionOf(make().run('Go', { store, runId }).result())
    expect(error.code).toBe('store_failed')
    expect(validateItems(error.result.history)).toEqual([])
    expect(await store.get(runId)).toMatchObject({ status: 'failed', error: { code: 'store_failed' } })
    const result = await make().resume(runId, [], { store }).result()
    expect(outputsOf(result.items)).toEqual(['look', 'pay'])
    expect(did.filter((name) => name === 'pay')).toHaveLength(1)
  })
  it('runs those of a sub-agent, too', async () => {
    const did: string[] = []
    const store = failsAt('t0/tool/call_2')
    let waits = true
    const make = () => {
      const helper = agent({
        name: 'helper',
        model: byTurn([calls(call('wait', {}, 'inner')), text('Helped.')]),
        tools: [
          tool({
            name: 'wait',
            effect: 'read',
            inputSchema,
            execute: async (_input, { signal }) => {
              did.push('wait')
              if (waits) await new Promise((resolve) => signal.addEventListener('abort', resolve))
              return 'waited'
            },
          }),
        ],
      })
      return agent({
        model: byTurn([
          calls(call('helper', { input: 'x' }, 'call_1'), call('pay', {}, 'call_2')),
          text('Done.'),
        ]),
        tools: [
          helper.asTool(),
          tool({
            name: 'pay',
            inputSchema,
            execute: async () => {
              while (!did.includes('wait')) await new Promise((resolve) => setImmediate(resolve))
              return 'pay'
            },
          }),
        ],
      })
    }
    const error = await rejectionOf(make().run('Go', { store, runId }).result())
    expect(error.code).toBe('store_failed')
    waits = false
    const result = await make().resume(runId, [], { store }).result()
    expect(outputsOf(result.items)).toEqual(['Helped.', expect.stringContaining('Unknown outcome')])
    expect(did).toEqual(['wait', 'wait'])
  })
})
