import { type AgentOptions, agent, jsonSchema, type Run, type RunEvent, type Schema, tool } from 'antiphon'
import { call, calls, collect } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { bounded, modelOf, outcomeOf, runOn, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const never = new Promise<never>(() => undefined)

/** Throws itself when it is asked for its text. */
const unprintable = {
  toString() {
    throw unprintable
  },
}

const reasons: [string, unknown][] = [
  ['an Error', new Error('hook trouble')],
  ['a text', 'hook trouble'],
  ['null', null],
  ['an object without prototype', Object.create(null)],
  ['an object whose toString throws', unprintable],
]

type Hooks = Omit<AgentOptions, 'model'>

/** Every hook of an agent and of a tool, doing this. */
const hooksDoing = (does: () => never | Promise<never>): [string, Hooks][] => {
  const { look } = traces()
  const gated = (options: object) =>
    tool({ name: 'look', inputSchema: jsonSchema({ type: 'object' }), execute: () => 'x', ...options })
  return [
    ['prepareTurn', { tools: [look], prepareTurn: does }],
    ['instructions', { tools: [look], instructions: does }],
    ['stopWhen', { tools: [look], stopWhen: does }],
    ['needsApproval', { tools: [gated({ needsApproval: does })] }],
  ]
}

const answers = [calls(call('look', { city: 'Oslo' })), 'Seen.']

describe.each(reasons)('a hook that throws %s', (_name, reason) => {
  const now = hooksDoing(() => {
    throw reason
  })
  const later = hooksDoing(async () => {
    await Promise.resolve()
    throw reason
  })
  const { look } = traces()
  const key: [string, Hooks] = [
    'key',
    {
      tools: [
        {
          ...look,
          slots: tool({ name: 'keyed', key: () => 'k' }).slots,
          key: () => {
            throw reason
          },
        },
      ],
    },
  ]
  it.each([...now, key, ...later.map(([name, hooks]) => [`${name}, later`, hooks] as [string, Hooks])])(
    '(%s) ends the run with a HookError and a valid history',
    async (name, hooks) => {
      const { error, result, events } = await runOn(answers, hooks)
      expect(error?.code).toBe('hook_failed')
      expect(error?.message).toContain(name.split(',')[0])
      expect(error?.cause).toMatchObject({ name: 'HookError' })
      expect(result.stop).toMatchObject({ reason: 'error', code: 'hook_failed' })
      expect(events.at(-1)).toMatchObject({ type: 'run.ended', stop: { reason: 'error' } })
    },
  )
})

describe('a hook that never settles', () => {
  it.each(hooksDoing(() => never))('(%s) does not keep a run from being cancelled', async (_name, hooks) => {
    const upstream = await serve({ answers })
    const run = agent({ model: modelOf(upstream), ...hooks }).run('Go')
    const outcome = outcomeOf(run)
    setTimeout(() => run.cancel('enough'), 150)
    expect((await outcome).result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it('(a check of the output schema) does not keep a run from being cancelled', async () => {
    const upstream = await serve({ answers: ['{"a":1}'] })
    const output = jsonSchema<{ a: number }>({ type: 'object' })
    const hanging = {
      '~standard': { ...output['~standard'], validate: () => never },
    } as unknown as Schema
    const run = agent({ model: modelOf(upstream), output: hanging }).run('Go') as Run<unknown>
    const outcome = outcomeOf(run)
    setTimeout(() => run.cancel('enough'), 150)
    expect((await outcome).result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it.each([
    ['a call', call('gated')],
    [
      'a call inside a wrapper',
      call('multi_tool_use.parallel', { tool_uses: [{ recipient_name: 'functions.gated', parameters: {} }] }),
    ],
  ])('(needsApproval of %s) and settles after the cancel starts no tool', async (_name, made) => {
    let decide: (needed: boolean) => void = () => undefined
    const ran: string[] = []
    const upstream = await serve({ answers: [calls(made)] })
    let started: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      started = resolve
    })
    const gatedTool = tool({
      name: 'gated',
      needsApproval: () =>
        new Promise<boolean>((resolve) => {
          decide = resolve
          started()
        }),
      execute: () => void ran.push('ran'),
    })
    const run = agent({ model: modelOf(upstream), tools: [gatedTool] }).run('Go')
    const outcome = outcomeOf(run)
    await bounded(waiting, 'the hook')
    run.cancel('enough')
    expect((await outcome).result.stop.reason).toBe('cancelled')
    decide(false)
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve))
    expect(ran).toEqual([])
  })
})

describe('a listener that throws', () => {
  it.each([...reasons, ['a symbol', Symbol('s')] as [string, unknown]])(
    '(%s) at every event changes nothing but a warning',
    async (_name, reason) => {
      const { tools, ran } = traces()
      const upstream = await serve({
        answers: [calls(call('look', { city: 'Oslo' }), call('book', { city: 'Oslo' })), 'Seen.'],
      })
      const run = agent({ model: modelOf(upstream), tools }).run('Go')
      run.on('event', () => {
        throw reason
      })
      run.on('response.output_text.delta', async () => {
        throw reason
      })
      const events = collect(run)
      const { result, error } = await outcomeOf(run)
      expect(error).toBeUndefined()
      expect(result.text).toBe('Seen.')
      expect(ran).toEqual(['look Oslo', 'book Oslo'])
      expect(result.warnings.map((warning) => warning.code)).toEqual(['listener_failed', 'listener_failed'])
      expect((await events).at(-1)).toMatchObject({ type: 'run.ended', stop: { reason: 'done' } })
    },
  )

  it('that cancels the run from any event ends it, and never twice', async () => {
    const { tools } = traces()
    const upstream = await serve({
      answers: ({ body }) => (body.input?.length === 1 ? answers[0]! : answers[1]!),
    })
    const assistant = agent({ model: modelOf(upstream), tools })
    const names = new Set((await collect(assistant.run('Go'))).map((event) => event.type))
    for (const name of names) {
      const run = assistant.run('Go')
      run.on(name as RunEvent['type'], () => run.cancel(`at ${name}`))
      const { result, error } = await outcomeOf(run)
      expect(error).toBeUndefined()
      expect(['cancelled', 'done']).toContain(result.stop.reason)
    }
    expect(names.size).toBeGreaterThan(10)
  })
})
