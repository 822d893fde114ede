import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ResponseEvent } from '@antiphon/client'
import { agent, type RunEvent, tool } from 'antiphon'
import { call, calls, collect, lifecycleEvents, messageItem, scripted, text } from 'antiphon/testing'
import { describe, expect, it, vi } from 'vitest'
import { EventQueue, MAX_LAG } from '../src/events/event-queue.ts'

const DELTAS = 50_000

const longAnswer = (): ResponseEvent[] => {
  const whole = Array.from({ length: DELTAS }, (_, n) => ` w${n}`).join('')
  return lifecycleEvents({
    id: 'resp_1',
    object: 'response',
    created_at: 0,
    status: 'completed',
    model: 'm',
    output: [messageItem(whole)],
  } as never)
}

const delta = (value: string, more: object = {}): RunEvent =>
  ({
    type: 'response.output_text.delta',
    output_index: 0,
    content_index: 0,
    item_id: 'm',
    delta: value,
    ...more,
  }) as never

const textOf = (events: readonly RunEvent[]): string =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')

describe('a consumer that stops reading', () => {
  it('does not hold up the run, loses no text, and is kept in bounded space', async () => {
    const model = scripted([{ events: longAnswer() }])
    const run = agent({ model }).run('Go')
    const iterator = run[Symbol.asyncIterator]()
    const first = await iterator.next()
    expect(first.value).toMatchObject({ type: 'run.started' })
    const result = await run.result()
    const rest: RunEvent[] = []
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) rest.push(step.value)
    expect(textOf(rest)).toBe(result.text)
    expect(rest.length).toBeLessThan(MAX_LAG + 20)
    expect(rest.at(-1)?.type).toBe('run.ended')
    const order = rest.map((event) => event.type)
    expect(order.indexOf('response.output_text.done')).toBeGreaterThan(
      order.lastIndexOf('response.output_text.delta'),
    )
  })
})

describe('the queue of one consumer', () => {
  const fill = (n: number) => {
    const queue = new EventQueue(() => undefined)
    for (let k = 0; k < n; k++) queue.push({ type: 'turn.started', turn: k, agent: 'a' })
    return queue
  }
  const drain = async (queue: ReturnType<typeof fill>): Promise<RunEvent[]> => {
    queue.end()
    return collect(queue)
  }

  it('joins neighbouring deltas of one place only', async () => {
    const queue = fill(MAX_LAG)
    for (const value of ['a', 'b']) queue.push(delta(value))
    queue.push(delta('c', { output_index: 1 }))
    queue.push(delta('d', { output_index: 1, item_id: 'other' }))
    queue.push({ type: 'turn.started', turn: -1, agent: 'a' })
    for (const value of ['e', 'f']) queue.push(delta(value))
    const events = (await drain(queue)).slice(MAX_LAG)
    expect(events.map((event) => ('delta' in event ? event.delta : event.type))).toEqual([
      'ab',
      'c',
      'd',
      'turn.started',
      'ef',
    ])
  })

  it('joins what belongs to the text, too, and never changes an event that others hold', async () => {
    const queue = fill(MAX_LAG)
    const logprob = (token: string) => ({ token, logprob: -1, bytes: [], top_logprobs: [] })
    const mine = delta('a', { logprobs: [logprob('a')] })
    queue.push(mine)
    queue.push(delta('b', { logprobs: [logprob('b')] }))
    queue.push(delta('c', { logprobs: [logprob('c')] }))
    const events = (await drain(queue)).slice(MAX_LAG)
    expect(events).toEqual([delta('abc', { logprobs: ['a', 'b', 'c'].map(logprob) })])
    expect(mine).toEqual(delta('a', { logprobs: [logprob('a')] }))
  })

  it('keeps no event that was read, also when the reader never catches up', async () => {
    const queue = new EventQueue(() => undefined)
    const refs: WeakRef<object>[] = []
    const push = (turn: number): void => {
      const event = { type: 'turn.started', turn, agent: 'a' } as const
      if (turn < 100) refs.push(new WeakRef(event))
      queue.push(event)
    }
    for (let k = 0; k < 10; k++) push(k)
    for (let k = 10; k < 20_000; k++) {
      push(k)
      await queue.next()
    }
    await new Promise((resolve) => setImmediate(resolve))
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])
    const next = await queue.next()
    expect(next.value).toMatchObject({ turn: 19_990 })
  })

  it('answers several reads that wait, in their order, and ends them all', async () => {
    const queue = new EventQueue(() => undefined)
    const reads = [queue.next(), queue.next(), queue.next()]
    queue.push({ type: 'turn.started', turn: 0, agent: 'a' })
    queue.push({ type: 'turn.started', turn: 1, agent: 'a' })
    queue.end()
    const results = await Promise.all(reads)
    expect(results.map((result) => (result.done ? 'done' : (result.value as { turn: number }).turn))).toEqual(
      [0, 1, 'done'],
    )
  })

  it('throws the error of the run once, after what is queued', async () => {
    const queue = fill(1)
    queue.end(new Error('dead'))
    expect((await queue.next()).done).toBe(false)
    await expect(queue.next()).rejects.toThrow('dead')
    expect(await queue.next()).toEqual({ value: undefined, done: true })
  })
})

describe('a listener that throws', () => {
  const ping = tool({ name: 'ping', execute: () => 'pong' })
  const model = () => scripted([calls(call('ping')), text('one two three')])

  it('is told about in a warning, and changes nothing', async () => {
    const run = agent({ model: model(), tools: [ping] }).run('Go')
    const heard: string[] = []
    run.on('tool.ended', () => {
      throw new Error('my fault')
    })
    run.on('tool.ended', (event) => heard.push(event.output.output as string))
    const result = await run.result()
    expect(result.text).toBe('one two three')
    expect(heard).toEqual(['pong'])
    expect(result.warnings).toEqual([
      { type: 'warning', code: 'listener_failed', message: expect.stringContaining('my fault') },
    ])
  })

  it('cannot start an avalanche, not even as a listener of everything', async () => {
    const run = agent({ model: model(), tools: [ping] }).run('Go')
    const listener = vi.fn(() => {
      throw new Error('always')
    })
    run.on('event', listener)
    const events = await collect(run)
    const result = await run.result()
    expect(result.text).toBe('one two three')
    expect(listener).toHaveBeenCalledTimes(events.length)
    expect(result.warnings).toHaveLength(1)
  })

  it('cannot put anything after the last event', async () => {
    const run = agent({ model: model(), tools: [ping] }).run('Go')
    run.on('run.ended', () => {
      throw new Error('too late')
    })
    const events = await collect(run)
    expect(events.at(-1)?.type).toBe('run.ended')
    expect((await run.result()).warnings.map((warning) => warning.message)).toEqual([
      expect.stringContaining('too late'),
    ])
  })

  it('may be asynchronous without ending the process', async () => {
    const run = agent({ model: model(), tools: [ping] }).run('Go')
    run.on('tool.started', async () => {
      throw new Error('later')
    })
    const result = await run.result()
    expect(result.text).toBe('one two three')
    expect(result.warnings.map((warning) => warning.message)).toEqual([expect.stringContaining('later')])
  })
})
