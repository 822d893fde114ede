import { agent, type Middleware, type Model } from 'antiphon'
import { call, calls, lifecycleEvents, messageItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { outcomeOf, outputsOf, runOn, sealed, traces, watchProcess } from './faults-world.ts'

watchProcess()

const unprintable = {
  toString() {
    throw unprintable
  },
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const reasons: [string, unknown][] = [
  ['an Error', new Error('no model')],
  ['a text', 'no model'],
  ['null', null],
  ['undefined', undefined],
  ['an object whose toString throws', unprintable],
  ['a revoked Proxy', revoked()],
]
const asks = calls(call('look', { city: 'Oslo' }), call('book', { city: 'Oslo' }))

describe.each(reasons)('a model that fails with %s', (_name, reason) => {
  const failing: [string, Model][] = [
    [
      'at once',
      () => {
        throw reason
      },
    ],
    [
      'later',
      async () => {
        await Promise.resolve()
        throw reason
      },
    ],
    [
      'after some events',
      async (_request, sink) => {
        for (const event of sealed([messageItem('Half')]).events.slice(0, -1)) sink(event)
        throw reason
      },
    ],
  ]
  it.each(failing)('%s ends the run with a RunError', async (_when, model) => {
    const { result, error } = await outcomeOf(agent({ model }).run('Go'))
    expect(error?.code).toBe('run_failed')
    expect(result.history).toHaveLength(1)
  })

  it('in a middleware ends the run, and what was reached is kept', async () => {
    const { tools } = traces()
    let asked = 0
    const use: Middleware[] = [
      {
        name: 'odd',
        model: (next) => (request, sink, context) => {
          if (++asked === 2) throw reason
          return next(request, sink, context)
        },
      },
    ]
    const { result, error } = await runOn([asks, 'Done.'], { tools, use })
    expect(error?.code).toBe('run_failed')
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
  })

  it('in a middleware around tools is the error of that call alone', async () => {
    const { tools, ran } = traces()
    const use: Middleware[] = [
      {
        name: 'odd',
        tool: (next) => (one, context) => {
          if (one.tool.name === 'look') throw reason
          return next(one, context)
        },
      },
    ]
    const { result } = await runOn([asks, 'Done.'], { tools, use })
    expect(result.text).toBe('Done.')
    expect(ran).toEqual(['book Oslo'])
    expect(outputsOf(result.history)[0]).toMatch(/^Error: /)
  })
})

describe('a model that keeps no contract', () => {
  const answer = lifecycleEvents({ id: 'r', status: 'completed', output: [messageItem('Well.')] } as never)

  it.each([
    ['says nothing', async () => undefined],
    ['says nothing and is no promise', () => undefined],
    ['returns a text', () => 'Hello'],
  ] as unknown as [string, Model][])('(%s) is an answer without an end', async (_name, model) => {
    const { error } = await outcomeOf(agent({ model }).run('Go'))
    expect(error?.code).toBe('stream_truncated')
  })

  it('and pushes on after it has ended changes nothing any more', async () => {
    const pushed: (() => void)[] = []
    const model: Model = async (_request, sink) => {
      for (const event of answer) sink(event)
      pushed.push(() => {
        for (const event of answer) sink(event)
      })
    }
    const run = agent({ model }).run('Go')
    const { result, events } = await outcomeOf(run)
    const before = events.length
    for (const push of pushed) push()
    expect(events).toHaveLength(before)
    expect(result.text).toBe('Well.')
  })

  it('and pushes on while the tools run starts no call twice', async () => {
    const { tools, ran } = traces()
    const first = sealed([
      { type: 'function_call', call_id: 'c1', name: 'book', arguments: '{"city":"Oslo"}' },
    ]).events
    let turns = 0
    const model: Model = async (_request, sink) => {
      const events = turns++ === 0 ? first : answer
      for (const event of events) sink(event)
      if (turns === 1)
        setImmediate(() => {
          for (const event of first) sink(event)
        })
    }
    const { result } = await outcomeOf(agent({ model, tools }).run('Go'))
    expect(ran).toEqual(['book Oslo'])
    expect(result.text).toBe('Well.')
  })

  it('and does not stop when it is told to is not waited for', async () => {
    const run = agent({ model: () => new Promise(() => undefined) }).run('Go')
    run.on('turn.started', () => setImmediate(() => run.cancel('enough')))
    const { result } = await outcomeOf(run)
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it('and ends twice is taken at its first word', async () => {
    const model: Model = async (_request, sink) => {
      for (const event of [
        ...answer,
        ...lifecycleEvents({
          id: 'r2',
          status: 'failed',
          error: { code: 'x', message: 'y' },
          output: [],
        } as never),
      ])
        sink(event)
    }
    const { result } = await outcomeOf(agent({ model }).run('Go'))
    expect(result.text).toBe('Well.')
  })
})
