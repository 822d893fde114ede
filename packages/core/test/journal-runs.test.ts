// Kept runs from outside: who follows, decides, cancels, goes on.
import type { InputItem } from '@antiphon/client'
import {
  type Agent,
  type AgentOptions,
  agent,
  answer,
  approve,
  type FollowedEvent,
  memoryRuns,
  memorySessions,
  RunError,
  type RunStore,
  responses,
  tool,
  validateItems,
} from 'antiphon'
import { call, callItem, calls, fakeUpstream, scripted, text } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { jsonStore } from './json-store.ts'
import { gate } from './loop-gate.ts'
import { Life, mortalModel, mortalStore } from './mortal.ts'

const runId = 'r'
const inputSchema = z.object({})
const never = (): Promise<never> => new Promise(() => undefined)

const allOf = async (store: RunStore, after = 0): Promise<FollowedEvent[]> => {
  const events: FollowedEvent[] = []
  for await (const event of store.follow(runId, { after })) events.push(event)
  return events
}

const failureOf = async (run: { result(): Promise<unknown> }): Promise<RunError> => {
  try {
    await run.result()
  } catch (error) {
    expect(error).toBeInstanceOf(RunError)
    return error as RunError
  }
  throw new Error('The run was to fail.')
}

/** Runs an agent until its process is killed at a point. */
const cut = async (
  make: (life: Life) => Agent<unknown>,
  store: RunStore,
  at: string,
  options: object = {},
): Promise<void> => {
  const life = new Life(at)
  const run = make(life).run('Go', { ...options, store: mortalStore(store, life), runId })
  await Promise.race([run.result().catch((error: unknown) => error), life.over])
  expect(life.dead, `reached ${life.reached.join(', ')}`).toBe(true)
}

const outputsOf = (items: readonly InputItem[]): unknown[] =>
  items.flatMap((item) => ('output' in item ? [item.output] : []))

describe('who follows a kept run', () => {
  it('hears everything from where it wants, live and after the fact, five at once', async () => {
    const store = jsonStore(memoryRuns())
    const open = gate()
    const look = tool({ name: 'look', effect: 'read', inputSchema, execute: () => open.opened })
    const words = Array.from({ length: 3_000 }, (_, n) => `word${n}`).join(' ')
    const model = scripted([text(words, { calls: [call('look', {}, 'call_1')] }), text('Done.')])
    const run = agent({ model, tools: [look] }).run('Go', { store, runId })
    await new Promise<void>((resolve) => run.once('tool.started', () => resolve()))
    const live = [0, 0, 1, 5, 9].map((after) => allOf(store, after))
    open.open()
    await run.result()
    const whole = await allOf(store)
    const afters = [0, 0, 1, 5, 9]
    for (const [n, events] of (await Promise.all(live)).entries())
      expect(events).toEqual(whole.slice(afters[n]))
    for (const after of [3, whole.length - 1, whole.length, whole.length + 7])
      expect(await allOf(store, after)).toEqual(whole.slice(after))
    expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, n) => n + 1))
    const deltas = whole.flatMap(({ event }) =>
      event.type === 'response.output_text.delta' ? [(event as { delta: string }).delta] : [],
    )
    expect(deltas.join('')).toBe(`${words}Done.`)
    expect(deltas.length).toBeLessThan(60)
  })
  it('hears the run to its end when whoever started it has turned away', async () => {
    const store = memoryRuns()
    const model = scripted([calls(call('look', {}, 'call_1')), text('Done.')])
    const look = tool({ name: 'look', inputSchema, execute: () => 'seen' })
    const run = agent({ model, tools: [look] }).run('Go', { store, runId })
    const heard: string[] = []
    for await (const event of run) {
      heard.push(event.type)
      if (event.type === 'turn.started') run.detach()
    }
    expect(heard).not.toContain('run.ended')
    expect((await run.result()).text).toBe('Done.')
    const types = (await allOf(store)).map(({ event }) => event.type)
    expect(types.filter((type) => type === 'turn.ended')).toHaveLength(2)
    expect(types.at(-1)).toBe('run.ended')
    expect(await store.get(runId)).toMatchObject({ status: 'done' })
  })
  it('hears that it was cancelled, which ends it for good', async () => {
    const store = memoryRuns()
    const run = agent({ model: scripted([never]) }).run('Go', { store, runId })
    run.on('turn.started', () => run.cancel('enough'))
    expect((await run.result()).stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect((await allOf(store)).at(-1)?.event).toMatchObject({
      type: 'run.ended',
      stop: { reason: 'cancelled' },
    })
    expect(await store.get(runId)).toMatchObject({ status: 'cancelled' })
    expect(await store.cancel(runId)).toBe(false)
  })
})

describe('a decision', () => {
  const make = (paid: string[]) =>
    agent({
      model: scripted(
        Array.from(
          { length: 9 },
          () =>
            ({ input }) =>
              JSON.stringify(input).includes('function_call_output')
                ? text('Done.')
                : calls(call('pay', {}, 'call_1')),
        ),
      ),
      tools: [
        tool({
          name: 'pay',
          inputSchema,
          needsApproval: true,
          execute: (_input, { idempotencyKey }) => void paid.push(idempotencyKey),
        }),
      ],
    })

  it('that nobody makes in time is a rejection, once and for all', async () => {
    const store = memoryRuns()
    const paid: string[] = []
    const first = await make(paid).run('Go', { store, runId, decideWithinMs: 1 }).result()
    if (first.stop.reason !== 'approval') return expect.unreachable()
    const decisions = first.stop.pending.map((pending) => approve(pending))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await expect(store.decide(runId, decisions)).rejects.toMatchObject({ code: 'decision_expired' })
    const result = await make(paid).resume(runId, [], { store }).result()
    expect(result.text).toBe('Done.')
    expect(outputsOf(result.items)).toEqual([expect.stringContaining('nobody decided in time')])
    expect(paid).toEqual([])
    const again = await make(paid).resume(runId, [], { store }).result()
    expect(again.history).toEqual(result.history)
    await expect(store.decide(runId, decisions)).rejects.toMatchObject({ code: 'decision_used' })
  })
  it('in time is not lost by resuming late', async () => {
    const store = memoryRuns()
    const paid: string[] = []
    const first = await make(paid).run('Go', { store, runId, decideWithinMs: 60_000 }).result()
    if (first.stop.reason !== 'approval') return expect.unreachable()
    // Resuming an undecided run changes nothing.
    expect((await make(paid).resume(runId, [], { store }).result()).stop.reason).toBe('approval')
    expect((await store.read(runId)).filter(({ kind }) => kind === 'wait')).toHaveLength(1)
    await make(paid)
      .resume(
        runId,
        first.stop.pending.map((pending) => approve(pending)),
        { store },
      )
      .result()
    expect(paid).toEqual(['r/t0/call_1'])
  })
  it('about a client-side item is its output', async () => {
    const store = jsonStore(memoryRuns())
    const shell = {
      type: 'shell_call',
      id: 'sh_1',
      call_id: 'call_s',
      status: 'completed',
      action: { commands: ['ls'] },
    } as never
    const asked = () =>
      agent({
        model: scripted(
          Array.from(
            { length: 4 },
            () =>
              ({ input }) =>
                JSON.stringify(input).includes('shell_call_output') ? text('Done.') : { items: [shell] },
          ),
        ),
      })
    const first = await asked().run('Go', { store, runId }).result()
    if (first.stop.reason !== 'approval') return expect.unreachable()
    const [pending] = first.stop.pending
    if (pending === undefined) return expect.unreachable()
    const output = { type: 'shell_call_output', call_id: 'call_s', output: [] }
    const result = await asked()
      .resume(runId, [answer(pending, output)], { store })
      .result()
    expect(result.text).toBe('Done.')
    expect(validateItems(result.history)).toEqual([])
  })
})

describe('a run that goes on elsewhere', () => {
  it('does so when the server, which failed, is back', async () => {
    const upstream = await fakeUpstream({
      answers: [calls(call('look', {}, 'call_1')), { status: 500 }, { status: 500 }, text('Done.')],
    })
    onTestFinished(() => upstream.close())
    const store = jsonStore(memoryRuns())
    let looked = 0
    const make = () =>
      agent({
        model: responses({ baseURL: upstream.url, apiKey: 'key', model: 'm', retries: 0 }),
        tools: [tool({ name: 'look', effect: 'read', inputSchema, execute: () => `seen ${++looked}` })],
      })
    for (const go of ['run', 'resume'] as const) {
      const run = go === 'run' ? make().run('Go', { store, runId }) : make().resume(runId, [], { store })
      const error = await failureOf(run)
      expect(error.retryable).toBe(true)
      expect(validateItems(error.result.history)).toEqual([])
      expect(await store.get(runId)).toMatchObject({ status: 'failed', error: { code: error.code } })
    }
    const result = await make().resume(runId, [], { store }).result()
    expect(result.text).toBe('Done.')
    expect(looked).toBe(1)
    expect(upstream.requests).toHaveLength(4)
    expect(result.usage.requests).toBe(2)
  })
  it('sends the whole history where the server had forgotten the response before', async () => {
    const upstream = await fakeUpstream({
      answers: [
        calls(call('look', {}, 'call_1')),
        { status: 404, body: { error: { code: 'previous_response_not_found', message: 'Gone.' } } },
        calls(call('look', {}, 'call_2')),
        // The first of them is not recorded.
        text('Done.'),
        text('Done.'),
      ],
    })
    onTestFinished(() => upstream.close())
    const store = jsonStore(memoryRuns())
    const make = (life: Life) =>
      agent({
        model: mortalModel(
          responses({ baseURL: upstream.url, apiKey: 'key', model: 'm', retries: 0 }),
          life,
          'model',
        ),
        state: 'server',
        tools: [tool({ name: 'look', effect: 'read', inputSchema, execute: () => 'seen' })],
      })
    await cut(make, store, 'before t2/model', { strictReplay: true })
    const run = make(new Life()).run('Go', { store, runId, takeOver: true, strictReplay: true })
    expect((await run.result()).text).toBe('Done.')
  })
  it('keeps what was steered in, where it was', async () => {
    const store = jsonStore(memoryRuns())
    const make = (life: Life) =>
      agent({
        model: mortalModel(
          scripted(
            Array.from({ length: 9 }, () => ({ input }) => {
              const said = JSON.stringify(input)
              if (!said.includes('call_1')) return calls(call('look', {}, 'call_1'))
              return text(said.includes('And Rome?') ? 'Both.' : 'Paris.', { response: { id: 'resp' } })
            }),
          ),
          life,
          'model',
        ),
        tools: [tool({ name: 'look', inputSchema, execute: () => 'seen' })],
      })
    const life = new Life('before end')
    const run = make(life).run('Go', { store: mortalStore(store, life), runId })
    run.steer('In short.')
    run.followUp('And Rome?')
    await Promise.race([run.result(), life.over])
    const result = await make(new Life())
      .run('Go', { store, runId, takeOver: true, strictReplay: true })
      .result()
    const said = result.history.flatMap((item) => ('content' in item && 'role' in item ? [item.content] : []))
    expect(said.slice(0, 2)).toEqual(['Go', 'In short.'])
    expect(said.slice(3, 4)).toEqual(['And Rome?'])
    expect(result.text).toBe('Both.')
    expect(result.turns).toBe(3)
  })
  it('stays at a limit of time that it had reached', async () => {
    const store = jsonStore(memoryRuns())
    const make = (limits: AgentOptions['limits']) => (life: Life) =>
      agent({
        model: mortalModel(
          scripted(
            Array.from(
              { length: 9 },
              () =>
                ({ tool_choice }) =>
                  tool_choice === 'none'
                    ? text('So far.')
                    : calls(call('slow', {}, 'call_1'), call('pay', {}, 'call_2')),
            ),
          ),
          life,
          'model',
        ),
        tools: [
          tool({ name: 'slow', inputSchema, effect: 'read', execute: never }),
          tool({ name: 'pay', inputSchema, needsApproval: true, execute: () => 'paid' }),
        ],
        ...(limits === undefined ? {} : { limits }),
      })
    await cut(make({ durationMs: 30 }), store, 'before end')
    const result = await make({ durationMs: 60_000 })(new Life())
      .run('Go', { store, runId, takeOver: true, strictReplay: true })
      .result()
    expect(result.text).toBe('So far.')
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'durationMs' })
    expect(validateItems(result.history)).toEqual([])
    expect(outputsOf(result.items)).toEqual([
      expect.stringContaining('durationMs'),
      expect.stringContaining('durationMs'),
    ])
  })
  it('repairs its answer once, over all processes', async () => {
    const store = jsonStore(memoryRuns())
    const make = (life: Life) =>
      agent({
        model: mortalModel(
          scripted(
            Array.from(
              { length: 9 },
              () =>
                ({ input }) =>
                  text((input as unknown[]).length === 1 ? 'no JSON' : '{"city":"Paris"}', {
                    response: { id: `resp_${(input as unknown[]).length}` },
                  }),
            ),
          ),
          life,
          'model',
        ),
        output: z.object({ city: z.string() }),
      })
    await cut(make, store, 'model answered')
    await cut((life) => make(life), jsonStore(memoryRuns()), 'before t1/model')
    const result = await make(new Life())
      .run('Go', { store, runId, takeOver: true, strictReplay: true })
      .result()
    expect(result.output).toEqual({ city: 'Paris' })
    expect(result.turns).toBe(2)
  })
  it('adds its items to its session once, wherever it was cut', async () => {
    const make = (life: Life) =>
      agent({ model: mortalModel(scripted([text('Hello.'), text('Hello.')]), life, 'model') })
    for (const at of ['model answered', 'after t0/model', 'before end', 'after end', 'before close']) {
      const store = jsonStore(memoryRuns())
      const sessions = memorySessions()
      const session = sessions.session('s')
      await cut(make, store, at, { session })
      await make(new Life()).run('Go', { store, runId, takeOver: true, session }).result()
      expect(await sessions.read('s'), at).toHaveLength(2)
    }
  })
  it('takes calls that share an id in the order in which they were sealed', async () => {
    const items = [callItem('look', {}, 'same', { id: 'fc_1' }), callItem('find', {}, 'same', { id: 'fc_2' })]
    const response = { id: 'resp_1', object: 'response', created_at: 0, model: 'm', output: items }
    const events = [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.done', output_index: 1, item: items[1] },
      { type: 'response.output_item.done', output_index: 0, item: items[0] },
      { type: 'response.completed', response: { ...response, status: 'completed' } },
    ] as never[]
    const did: string[] = []
    const make = (life: Life) =>
      agent({
        model: mortalModel(
          scripted(
            Array.from(
              { length: 3 },
              () =>
                ({ input }) =>
                  (input as unknown[]).length === 1 ? { events } : text('Done.'),
            ),
          ),
          life,
          'model',
        ),
        tools: ['look', 'find'].map((name) =>
          tool({ name, inputSchema, execute: () => void did.push(name) }),
        ),
      })
    const store = jsonStore(memoryRuns())
    await cut(make, store, 'before t1/model')
    const result = await make(new Life())
      .run('Go', { store, runId, takeOver: true, strictReplay: true })
      .result()
    expect(result.text).toBe('Done.')
    expect(did.sort()).toEqual(['find', 'look'])
    expect(validateItems(result.history)).toEqual([])
  })
})
