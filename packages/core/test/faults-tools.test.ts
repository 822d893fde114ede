import { agent, type Tool, tool, toolOutput } from 'antiphon'
import { call, calls } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { modelOf, outcomeOf, outputsOf, runOn, serve, watchProcess } from './faults-world.ts'

watchProcess()

const never = new Promise<never>(() => undefined)

/** Runs one call of a tool that does this, beside one that is well; the second must not notice. */
const runOdd = async (execute: () => unknown, options: Partial<Tool> = {}) => {
  const odd = tool({ name: 'odd', ...(options as object), execute })
  const fine = tool({ name: 'fine', execute: () => 'fine' })
  const { result, error, events } = await runOn([calls(call('odd'), call('fine')), 'ok'], {
    tools: [odd, fine],
  })
  expect(error).toBeUndefined()
  expect(result.text).toBe('ok')
  const [output, other] = outputsOf(result.history)
  expect(other).toBe('fine')
  const ended = events.find((event) => event.type === 'tool.ended' && event.name === 'odd')
  return { output, outcome: (ended as { outcome?: string }).outcome }
}

/** An object that fails whatever is asked of it. */
const hostile = (): object =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('get trap')
      },
      has: () => {
        throw new Error('has trap')
      },
      ownKeys: () => {
        throw new Error('keys trap')
      },
      getPrototypeOf: () => {
        throw new Error('prototype trap')
      },
    },
  )

const unprintable = {
  toString() {
    throw unprintable
  },
}

describe('a tool that throws', () => {
  const thrown: [string, unknown, RegExp][] = [
    ['an Error', new Error('no luck'), /^Error: no luck$/],
    ['an Error without message', new TypeError(''), /^Error: TypeError$/],
    ['a text', 'no luck', /^Error: no luck$/],
    ['null', null, /^Error: null$/],
    ['undefined', undefined, /^Error: undefined$/],
    ['a symbol', Symbol('s'), /^Error: Symbol\(s\)$/],
    ['an object', { code: 7 }, /^Error: /],
    ['an object without prototype', Object.create(null), /^Error: /],
    ['an object whose toString throws', unprintable, /^Error: /],
    ['a Proxy that throws at everything', hostile(), /^Error: /],
    [
      'an Error whose message throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('no message')
        },
      }),
      /^Error: /,
    ],
    [
      'an Error whose message is no text',
      Object.assign(new Error('x'), { message: Symbol('m') }),
      /^Error: /,
    ],
  ]
  it.each(thrown)('(%s) at once is told to the model', async (_name, reason, text) => {
    const { output, outcome } = await runOdd(() => {
      throw reason
    })
    expect(output).toMatch(text)
    expect(outcome).toBe('error')
  })

  it.each(thrown)('(%s) later is told to the model', async (_name, reason, text) => {
    const { output, outcome } = await runOdd(async () => {
      await Promise.resolve()
      throw reason
    })
    expect(output).toMatch(text)
    expect(outcome).toBe('error')
  })

  it('50 MB is cut, too', async () => {
    const { output } = await runOdd(() => {
      throw new Error('x'.repeat(50 * 2 ** 20))
    })
    expect(output?.length).toBeLessThanOrEqual(400_000)
  })

  it('midway through its progress is told to the model', async () => {
    const { output } = await runOdd(async function* () {
      yield 1
      throw new Error('midway')
    })
    expect(output).toBe('Error: midway')
    const sync = await runOdd(function* () {
      yield 1
      throw new Error('midway, at once')
    })
    expect(sync.output).toBe('Error: midway, at once')
  })

  it('what cannot be said, and is retried, is told after the last attempt', async () => {
    let tries = 0
    const { output } = await runOdd(
      () => {
        tries++
        throw unprintable
      },
      { retries: 1 },
    )
    expect(tries).toBe(2)
    expect(output).toMatch(/^Error: /)
  })
})

describe('a tool that returns', () => {
  const cycle: Record<string, unknown> = { name: 'a' }
  cycle.self = { again: [cycle] }
  const nested = (levels: number): unknown => {
    let value: unknown = 'core'
    for (let n = 0; n < levels; n++) value = { in: value }
    return value
  }
  const returned: [string, () => unknown, RegExp, string][] = [
    ['nothing', () => undefined, /^\(no output\)$/, 'ok'],
    ['null', () => null, /^null$/, 'ok'],
    ['an empty text', () => '', /^$/, 'ok'],
    ['a BigInt', () => 12345678901234567890n, /^12345678901234567890$/, 'ok'],
    ['a BigInt inside', () => ({ n: [2n ** 64n] }), /"18446744073709551616"/, 'ok'],
    ['a cycle', () => cycle, /^Error: .*refers back/, 'error'],
    ['a function', () => () => 1, /^\(no output\)$/, 'ok'],
    ['a symbol', () => Symbol('s'), /^\(no output\)$/, 'ok'],
    ['NaN', () => Number.NaN, /^null$/, 'ok'],
    ['an Error', () => new Error('as a value'), /^as a value$/, 'ok'],
    ['a Map and a Set', () => new Map([['a', new Set([1])]]), /^\{"a":\[1\]\}$/, 'ok'],
    [
      'an object whose toJSON throws',
      () => ({
        deep: {
          toJSON: () => {
            throw new Error('no JSON')
          },
        },
      }),
      /^Error: .*no JSON.*deep/,
      'error',
    ],
    [
      'an object whose getter throws',
      () => ({
        get secret() {
          throw unprintable
        },
      }),
      /^Error: /,
      'error',
    ],
    ['a Proxy that throws at everything', hostile, /^Error: /, 'error'],
    ['a Proxy inside', () => ({ list: [hostile()] }), /^Error: /, 'error'],
    ['a revoked Proxy', () => revoked(), /^Error: /, 'error'],
    ['parts with a Proxy among them', () => toolOutput({ content: [hostile()] }), /^Error: /, 'error'],
    ['10,000 levels', () => nested(10_000), /^Error: .*deeper/, 'error'],
    ['900 levels', () => nested(900), /core/, 'ok'],
    ['lone surrogates', () => 'a\ud800b\udc00c', /^a\ud800b\udc00c$/, 'ok'],
    ['keys of the prototype', () => JSON.parse('{"__proto__":{"x":1}}'), /^\{"__proto__":\{"x":1\}\}$/, 'ok'],
  ]
  it.each(returned)('(%s) gets one output, and the run goes on', async (_name, execute, text, expected) => {
    const { output, outcome } = await runOdd(execute)
    expect(output).toMatch(text)
    expect(outcome).toBe(expected)
    const later = await runOdd(async () => execute())
    expect(later.output).toMatch(text)
  })

  it('a thenable that throws at its then is an error', async () => {
    const { output } = await runOdd(() => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then() {
        throw new Error('no then')
      },
    }))
    expect(output).toBe('Error: no then')
  })

  it('50 MB is cut to what a model can take, and the request stays small', async () => {
    const large = tool({ name: 'large', execute: () => 'x'.repeat(50 * 2 ** 20) })
    const inside = tool({
      name: 'inside',
      execute: () => ({ rows: ['y'.repeat(50 * 2 ** 20)] }),
      maxOutputChars: 1000,
    })
    const { result, upstream } = await runOn([calls(call('large'), call('inside')), 'ok'], {
      tools: [large, inside],
    })
    const [first = '', second = ''] = outputsOf(result.history)
    expect(first.length).toBeLessThanOrEqual(400_000)
    expect(first).toContain(`of ${50 * 2 ** 20} characters`)
    expect(second.length).toBeLessThanOrEqual(1000)
    expect(upstream.requests[1]?.text.length).toBeLessThan(500_000)
    expect(result.text).toBe('ok')
  })
})

describe('a tool that hangs', () => {
  it.each([
    ['a promise that never settles', () => never],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    ['a thenable that never settles', () => ({ then: () => undefined })],
    [
      'a generator that waits for ever',
      async function* () {
        yield 1
        await never
      },
    ],
    [
      'a generator that never ends',
      async function* () {
        for (let n = 0; ; n++) yield n
      },
    ],
    [
      'a synchronous generator that never ends',
      function* () {
        for (let n = 0; ; n++) yield n
      },
    ],
  ] as [string, () => unknown][])('(%s) is stopped when its time is up', async (_name, execute) => {
    const { output, outcome } = await runOdd(execute, { timeoutMs: 30 })
    expect(output).toBe('Error: the tool took longer than 30 ms and was stopped.')
    expect(outcome).toBe('timeout')
  })

  it('and has no time limit is stopped with the run', async () => {
    const upstream = await serve({ answers: [calls(call('hang')), 'ok'] })
    const hang = tool({ name: 'hang', timeoutMs: Number.POSITIVE_INFINITY, execute: () => never })
    const run = agent({ model: modelOf(upstream), tools: [hang] }).run('Go')
    run.on('tool.started', () => run.cancel('enough'))
    const { result } = await outcomeOf(run)
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(outputsOf(result.history)).toEqual(['Aborted: enough'])
  })

  it('and has no time limit is stopped at the limit of the run', async () => {
    const hang = tool({ name: 'hang', timeoutMs: Number.POSITIVE_INFINITY, execute: () => never })
    const { result } = await runOn([calls(call('hang')), 'Out of time.'], {
      tools: [hang],
      limits: { durationMs: 1_000 },
    })
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'durationMs' })
    expect(result.text).toBe('Out of time.')
    expect(outputsOf(result.history)[0]).toMatch(/^Stopped: limit durationMs/)
  })

  describe('holds its slot until it has really ended, so a call behind it waits', () => {
    const stubborn = (ends: Promise<unknown>, ran: string[]) =>
      tool({
        name: 'stubborn',
        timeoutMs: 30,
        execute: async (_input, { callId }) => {
          ran.push(callId)
          await ends
          return 'late'
        },
      })
    const two = calls(call('stubborn', {}, 'c1'), call('stubborn', {}, 'c2'))

    it('and runs once it has ended', async () => {
      const ran: string[] = []
      let before: string[] = []
      let release = (): void => undefined
      const ends = new Promise<void>((resolve) => {
        release = () => {
          before = [...ran]
          resolve()
        }
      })
      const upstream = await serve({ answers: [two, 'ok'] })
      const run = agent({ model: modelOf(upstream), tools: [stubborn(ends, ran)], concurrency: 1 }).run('Go')
      run.on('tool.ended', ({ callId }) => {
        if (callId === 'c1') setTimeout(release, 20)
      })
      const { result } = await outcomeOf(run)
      expect(before).toEqual(['c1'])
      expect(ran).toEqual(['c1', 'c2'])
      expect(outputsOf(result.history)).toEqual([
        'Error: the tool took longer than 30 ms and was stopped.',
        'late',
      ])
    })

    it('and is answered by a limit of the run where it never ends', async () => {
      const ran: string[] = []
      const options = { tools: [stubborn(never, ran)], concurrency: 1, limits: { durationMs: 1_000 } }
      const { result } = await runOn([two, 'Out of time.'], options)
      expect(ran).toEqual(['c1'])
      expect(result.text).toBe('Out of time.')
      expect(outputsOf(result.history)[1]).toMatch(/^Stopped: limit durationMs/)
    })

    it('and is answered by a cancel where it never ends', async () => {
      const ran: string[] = []
      const upstream = await serve({ answers: [two, 'ok'] })
      const tools = [stubborn(never, ran)]
      const run = agent({ model: modelOf(upstream), tools, concurrency: 1 }).run('Go')
      run.on('tool.ended', ({ callId }) => {
        if (callId === 'c1') setTimeout(() => run.cancel('enough'), 50)
      })
      const { result } = await outcomeOf(run)
      expect(ran).toEqual(['c1'])
      expect(outputsOf(result.history)[1]).toBe('Aborted: enough')
    })
  })

  it('and ends late changes nothing any more, whether well or badly', async () => {
    const late: (() => void)[] = []
    const slow = tool({
      name: 'slow',
      timeoutMs: 20,
      execute: (_input, context) =>
        new Promise((resolve, reject) => {
          late.push(() => (context.callId.endsWith('1') ? resolve('late') : reject(new Error('late'))))
        }),
    })
    const { result, events } = await runOn([calls(call('slow'), call('slow')), 'ok'], { tools: [slow] })
    for (const end of late) end()
    expect(late).toHaveLength(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(outputsOf(result.history).filter((output) => output.includes('late'))).toEqual([])
    expect(events.filter((event) => event.type === 'tool.ended')).toHaveLength(2)
  })

  it('leaves no timer behind when its run was cancelled', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const upstream = await serve({
      answers: [calls(...Array.from({ length: 10 }, () => call('hang'))), 'ok'],
    })
    const hang = tool({ name: 'hang', execute: () => never })
    const before = timers()
    const run = agent({ model: modelOf(upstream), tools: [hang] }).run('Go')
    let started = 0
    run.on('tool.started', () => {
      if (++started === 10) run.cancel()
    })
    const { result } = await outcomeOf(run)
    await upstream.close()
    expect(result.stop.reason).toBe('cancelled')
    expect(timers() - before).toBeLessThan(5)
  })

  it('leaves no timer behind when it waited for its next attempt', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const upstream = await serve({
      answers: [calls(...Array.from({ length: 10 }, () => call('fails'))), 'ok'],
    })
    let tries = 0
    const fails = tool({
      name: 'fails',
      retries: 8,
      execute: () => {
        tries++
        throw new Error('no')
      },
    })
    const before = timers()
    const run = agent({ model: modelOf(upstream), tools: [fails] }).run('Go')
    run.on('tool.started', () => {
      if (tries === 10) setImmediate(() => run.cancel())
    })
    const { result } = await outcomeOf(run)
    await upstream.close()
    expect(result.stop.reason).toBe('cancelled')
    expect(timers() - before).toBeLessThan(5)
  })
})

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
