import { type AgentOptions, agent, type Run, type RunOptions, type Tool, tool } from 'antiphon'
import {
  call,
  calls,
  type FakeUpstream,
  type FakeUpstreamOptions,
  type UpstreamFaults,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import {
  bounded,
  modelOf,
  type Outcome,
  outcomeOf,
  outputsOf,
  serve,
  traces,
  watchProcess,
} from './faults-world.ts'
import { gate, untilAborted } from './loop-gate.ts'

watchProcess()

const asks = calls(call('look', { city: 'Oslo' }, 'c1'), call('book', { city: 'Oslo' }, 'c2'))

/** Both ways to stop a run. */
const stops = {
  'run.cancel()': (run: Run<unknown>) => run.cancel('enough'),
  'the signal': (_run: Run<unknown>, controller: AbortController) => controller.abort(new Error('enough')),
  'the end of its scope': (run: Run<unknown>) => void run[Symbol.asyncDispose](),
}
type Stop = (typeof stops)[keyof typeof stops]
const ways = Object.entries(stops)

/** Waits until the server has seen how every request ended; the client must have closed what it left. */
const requestsOver = async (upstream: FakeUpstream): Promise<string[]> => {
  const over = async (): Promise<void> => {
    while (upstream.requests.some(({ outcome }) => outcome === 'open'))
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await bounded(over(), 'a request')
  return upstream.requests.map(({ outcome }) => outcome)
}

interface Phase {
  answers: FakeUpstreamOptions['answers']
  options?: Omit<AgentOptions, 'model'>
  run?: RunOptions
  retries?: number
  /** Stops the run when its moment has come. */
  at(run: Run<unknown>, stop: () => void, upstream: FakeUpstream): void
}

const runPhase = async (stop: Stop, phase: Phase): Promise<Outcome & { upstream: FakeUpstream }> => {
  const upstream = await serve({ answers: phase.answers })
  const model = modelOf(upstream, { retries: phase.retries ?? 0 })
  const controller = new AbortController()
  const run = agent({ model, ...phase.options }).run('Go', { ...phase.run, signal: controller.signal })
  const outcome = outcomeOf(run)
  phase.at(run, () => stop(run, controller), upstream)
  const { result, error, events } = await outcome
  expect(error).toBeUndefined()
  expect(result.stop.reason).toBe('cancelled')
  // What is left can be gone on from, by the same agent.
  const fine = await serve({ answers: 'Fresh.' })
  const again = agent({ model: modelOf(fine), ...phase.options, prepareTurn: undefined }).run([
    ...result.history,
    { type: 'message', role: 'user', content: 'And now?' },
  ])
  expect((await outcomeOf(again)).result.text).toBe('Fresh.')
  return { result, error, events, upstream }
}

const stalled = (faults: UpstreamFaults) => [{ text: 'one two three', ...faults }]

describe.each(ways)('an abort by %s', (_name, stop) => {
  it('before the run begins sends nothing', async () => {
    const { upstream, result } = await runPhase(stop, { answers: 'ok', at: (_run, now) => now() })
    expect(upstream.requests).toHaveLength(0)
    expect(result.turns).toBe(0)
    expect(result.items).toEqual([])
  })

  it('just before the request is made sends nothing', async () => {
    const { upstream } = await runPhase(stop, {
      answers: 'ok',
      at: (run, now) => void run.on('turn.started', now),
    })
    await requestsOver(upstream)
    expect(upstream.requests.filter(({ outcome }) => outcome === 'answered')).toEqual([])
  })

  it('while it connects ends the run', async () => {
    const { result } = await runPhase(stop, {
      answers: stalled({ never: true }),
      at: (run, now) => void run.on('turn.started', () => process.nextTick(now)),
    })
    expect(result.items).toEqual([])
  })

  it.each([
    ['headers', { never: true }],
    ['the first event', { firstEventDelayMs: 60_000 }],
  ] as [string, UpstreamFaults][])('while it waits for %s closes the connection', async (_what, fault) => {
    const { upstream, result } = await runPhase(stop, {
      answers: stalled(fault),
      at: (_run, now, server) => void server.waitForRequests(1).then(now),
    })
    expect(await requestsOver(upstream)).toEqual(['aborted'])
    expect(result.items).toEqual([])
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'after %i events closes the connection and keeps what came as partial',
    async (count) => {
      const { upstream, result } = await runPhase(stop, {
        answers: stalled({ stallAfterEvents: count }),
        at(run, now) {
          let seen = 0
          run.on('event', (event) => {
            if (event.type.startsWith('response.') && ++seen === count) now()
          })
        },
      })
      expect(await requestsOver(upstream)).toEqual(['aborted'])
      expect(result.items).toEqual([])
      expect(result.response).toBeUndefined()
      expect(result.partial?.status).toBe('in_progress')
    },
  )

  it('while a tool runs beside the stream discards the call', async () => {
    const reasons: unknown[] = []
    const slow = tool({
      name: 'look',
      effect: 'read',
      execute: (_input, { signal }) =>
        untilAborted(signal).catch((reason: unknown) => void reasons.push(reason)),
    })
    const { upstream, result, events } = await runPhase(stop, {
      answers: [{ ...calls(call('look', {}, 'c1')), text: 'Wait', stallAfterEvents: 12 }],
      options: { tools: [slow] },
      at: (run, now) => void run.on('tool.started', () => setImmediate(now)),
    })
    expect(await requestsOver(upstream)).toEqual(['aborted'])
    expect(reasons).toHaveLength(1)
    expect(result.items).toEqual([])
    expect(
      events.filter((event) => event.type === 'tool.discarded' || event.type === 'tool.ended').length,
    ).toBeGreaterThan(0)
  })

  it('while it waits to try again ends the wait', async () => {
    const { upstream } = await runPhase(stop, {
      answers: { status: 429, headers: { 'retry-after-ms': '50000' }, body: 'later' },
      retries: 2,
      at: (_run, now, server) => void server.waitForRequests(1).then(() => setTimeout(now, 50)),
    })
    expect(upstream.requests).toHaveLength(1)
  })

  it('between two turns answers every call and makes no second request', async () => {
    const { tools, ran } = traces()
    const { upstream, result } = await runPhase(stop, {
      answers: [asks, 'Done.'],
      options: { tools },
      at: (run, now) => void run.on('turn.ended', now),
    })
    expect(upstream.requests).toHaveLength(1)
    expect(ran).toEqual(['look Oslo', 'book Oslo'])
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
  })

  it('while calls are queued starts none of them', async () => {
    const ran: string[] = []
    const wait = gate()
    const slow = tool({
      name: 'book',
      execute: async (_input, { callId }) => {
        ran.push(callId)
        await wait.opened
      },
    })
    const { result } = await runPhase(stop, {
      answers: [calls(...['c1', 'c2', 'c3', 'c4'].map((id) => call('book', {}, id))), 'Done.'],
      options: { tools: [slow], concurrency: 2 },
      at(run, now) {
        let started = 0
        run.on('tool.started', () => {
          if (++started === 2) setImmediate(now)
        })
      },
    })
    wait.open()
    await new Promise((resolve) => setImmediate(resolve))
    expect(ran).toEqual(['c1', 'c2'])
    expect(outputsOf(result.history)).toHaveLength(4)
    expect(outputsOf(result.history).every((output) => output.startsWith('Aborted: '))).toBe(true)
  })

  const running: [string, (tool: Tool['execute']) => Partial<Tool>, Tool['execute']][] = [
    ['heeds its signal', (execute) => ({ execute }), (_input, { signal }) => untilAborted(signal)],
    [
      'ends well on its signal',
      (execute) => ({ execute }),
      (_input, { signal }) => untilAborted(signal).catch(() => 'tidied up'),
    ],
    ['knows nothing of it', (execute) => ({ execute }), () => new Promise(() => undefined)],
    ['is tried again', (execute) => ({ execute, retries: 3 }), (_input, { signal }) => untilAborted(signal)],
    [
      'yields',
      (execute) => ({ execute }),
      async function* (_input: unknown, { signal }: { signal: AbortSignal }) {
        yield 1
        await untilAborted(signal)
      },
    ],
  ]
  it.each(running)(
    'while a tool runs that %s leaves one output, "aborted"',
    async (_what, options, execute) => {
      const slow = tool({ name: 'book', ...(options(execute) as object) })
      const { result, events } = await runPhase(stop, {
        answers: [calls(call('book', {}, 'c1')), 'Done.'],
        options: { tools: [slow] },
        at: (run, now) => void run.on('tool.started', () => setImmediate(now)),
      })
      expect(outputsOf(result.history)).toHaveLength(1)
      expect(outputsOf(result.history)[0]).toMatch(/^Aborted: /)
      expect(events.filter((event) => event.type === 'tool.ended')).toHaveLength(1)
      expect(events.filter((event) => event.type === 'tool.started')).toHaveLength(1)
    },
  )

  it('while somebody decides about an approval leaves no call waiting', async () => {
    const asked = gate()
    const gated = tool({
      name: 'book',
      needsApproval: () => {
        asked.open()
        return new Promise<boolean>(() => undefined)
      },
      execute: () => 'never',
    })
    const { result } = await runPhase(stop, {
      answers: [calls(call('book', {}, 'c1')), 'Done.'],
      options: { tools: [gated] },
      at: (_run, now) => void asked.opened.then(() => setTimeout(now, 30)),
    })
    expect(result.state).toBeUndefined()
    expect(outputsOf(result.history)[0]).toMatch(/^Aborted: /)
  })

  it('while a hook thinks ends the run', async () => {
    const { tools } = traces()
    let turns = 0
    const { result } = await runPhase(stop, {
      answers: [asks, 'Done.'],
      options: { tools, prepareTurn: () => (++turns === 2 ? new Promise(() => undefined) : undefined) },
      at: (run, now) => void run.on('turn.ended', () => setTimeout(now, 30)),
    })
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
  })

  it('inside a sub-agent stops it, too', async () => {
    const inner = await serve({ answers: { never: true } })
    const helper = agent({ name: 'helper', model: modelOf(inner) })
    const { result } = await runPhase(stop, {
      answers: [calls(call('helper', { input: 'x' }, 'c1')), 'Done.'],
      options: { tools: [helper.asTool() as Tool] },
      at: (_run, now) => void inner.waitForRequests(1).then(now),
    })
    expect(await requestsOver(inner)).toEqual(['aborted'])
    expect(outputsOf(result.history)[0]).toMatch(/^Aborted: /)
  })

  it('in the final turn keeps the turns before it', async () => {
    const { tools } = traces()
    const { result, upstream } = await runPhase(stop, {
      answers: [asks, { text: 'one two three', stallAfterEvents: 6 }],
      options: { tools },
      at: (run, now) => void run.on('response.output_text.delta', now),
    })
    expect(await requestsOver(upstream)).toEqual(['answered', 'aborted'])
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
    expect(result.turns).toBe(1)
    expect(result.items).toHaveLength(4)
  })

  it('in the last turn at a limit ends it', async () => {
    const { tools } = traces()
    const { result } = await runPhase(stop, {
      answers: [asks, { never: true }],
      options: { tools, limits: { turns: 1 } },
      at: (_run, now, server) => void server.waitForRequests(2).then(now),
    })
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
  })

  it('after the end changes nothing', async () => {
    const upstream = await serve({ answers: 'All done.' })
    const controller = new AbortController()
    const run = agent({ model: modelOf(upstream) }).run('Go', { signal: controller.signal })
    const { result } = await outcomeOf(run)
    stop(run, controller)
    expect(result.stop).toEqual({ reason: 'done' })
    expect((await run.result()).text).toBe('All done.')
    expect(run.steer('more')).toBe(false)
    expect(run.followUp('more')).toBe(false)
    expect(run.cancelCall('c1')).toBe(false)
  })
})

describe('an abort with an odd reason', () => {
  const unprintable = {
    toString() {
      throw unprintable
    },
  }
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol('s')],
    ['an object that has no text', unprintable],
    ['a number', 5],
  ])('(%s) ends the run as any other', async (_name, reason) => {
    const upstream = await serve({ answers: { never: true } })
    const controller = new AbortController()
    const run = agent({ model: modelOf(upstream) }).run('Go', { signal: controller.signal })
    const outcome = outcomeOf(run)
    await upstream.waitForRequests(1)
    controller.abort(reason)
    const { result } = await outcome
    expect(result.stop.reason).toBe('cancelled')
    expect(typeof (result.stop as { message?: unknown }).message).toBe('string')
    run.cancel(unprintable as never)
  })

  it('given to cancel() ends the run as any other', async () => {
    const upstream = await serve({ answers: [calls(call('hang')), 'ok'] })
    const hang = tool({ name: 'hang', execute: () => new Promise(() => undefined) })
    const run = agent({ model: modelOf(upstream), tools: [hang] }).run('Go')
    run.on('tool.started', () => run.cancel(Symbol('s') as never))
    const { result } = await outcomeOf(run)
    expect(result.stop.reason).toBe('cancelled')
  })
})

describe('one call that is cancelled', () => {
  it('is answered, and the run goes on with the others', async () => {
    const slow = tool({ name: 'book', execute: (_input, { signal }) => untilAborted(signal) })
    const { look } = traces()
    const upstream = await serve({ answers: [asks, 'Done.'] })
    const run = agent({ model: modelOf(upstream), tools: [look, slow] }).run('Go')
    run.on('tool.started', ({ callId }) => {
      if (callId === 'c2') run.cancelCall('c2', 'not needed')
    })
    const { result } = await outcomeOf(run)
    expect(result.text).toBe('Done.')
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'Aborted: not needed'])
  })
})
