import {
  agent,
  createToolQueue,
  type RunEvent,
  type RunResult,
  responses,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, collect } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bounded, modelOf, outcomeOf, outputsOf, runOn, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const numbered = (count: number) => Array.from({ length: count }, (_, n) => call('square', { n }, `c${n}`))

const squares = (options: object = {}) => {
  let now = 0
  const seen = { most: 0, order: [] as number[] }
  const square = tool({
    name: 'square',
    inputSchema: z.object({ n: z.number() }),
    ...options,
    execute: async ({ n }) => {
      seen.most = Math.max(seen.most, ++now)
      await new Promise((resolve) => setTimeout(resolve, n % 3))
      now--
      seen.order.push(n)
      if (n % 50 === 7) throw new Error(`no ${n}`)
      return n * n
    },
  })
  return { square, seen }
}

describe('200 parallel calls in one response', () => {
  it.each([
    ['with the default queue', {}, 16],
    ['one at a time', { parallelToolCalls: false }, 1],
    ['all at once', { concurrency: 500 }, 200],
    ['in a queue of their own', { queue: createToolQueue({ concurrency: 7 }) }, 7],
  ])('(%s) are all answered, once each, in the order of the calls', async (_name, options, atMost) => {
    const { square, seen } = squares()
    const { result, upstream } = await runOn([calls(...numbered(200)), 'Done.'], {
      tools: [square],
      ...options,
    })
    expect(result.text).toBe('Done.')
    expect(seen.order).toHaveLength(200)
    expect(seen.most).toBeLessThanOrEqual(atMost)
    const expected = Array.from({ length: 200 }, (_, n) => (n % 50 === 7 ? `Error: no ${n}` : String(n * n)))
    expect(outputsOf(result.history)).toEqual(expected)
    const sent = upstream.requests[1]!.body.input as { type: string; call_id?: string }[]
    expect(sent.slice(1, 201).map((item) => item.call_id)).toEqual(numbered(200).map(({ callId }) => callId))
    expect(sent.slice(201).map((item) => item.call_id)).toEqual(numbered(200).map(({ callId }) => callId))
  })

  it('that are eager, limited by key, by rate and by the tool are all answered, too', async () => {
    for (const options of [
      { effect: 'read' },
      { key: ({ n }: { n: number }) => `k${n % 5}` },
      { concurrency: 3 },
      { rate: { limit: 100, intervalMs: 20 } },
    ]) {
      const { square } = squares(options)
      const { result } = await runOn([calls(...numbered(200)), 'Done.'], { tools: [square] })
      expect(outputsOf(result.history)).toHaveLength(200)
      expect(result.text).toBe('Done.')
    }
  })

  it('beyond a limit are answered, but not executed', async () => {
    const { square, seen } = squares()
    const { result } = await runOn([calls(...numbered(200)), 'Done.'], {
      tools: [square],
      limits: { toolCalls: 150 },
    })
    expect(seen.order).toHaveLength(150)
    expect(outputsOf(result.history)).toHaveLength(200)
    expect(result.stop).toEqual({ reason: 'limit', limit: 'toolCalls', used: 150, max: 150 })
  })

  it('that are cancelled midway are all answered', async () => {
    const { square, seen } = squares()
    const upstream = await serve({ answers: [calls(...numbered(200)), 'Done.'] })
    const run = agent({ model: modelOf(upstream), tools: [square] }).run('Go')
    let ended = 0
    run.on('tool.ended', () => {
      if (++ended === 60) run.cancel()
    })
    const { result } = await outcomeOf(run)
    expect(outputsOf(result.history)).toHaveLength(200)
    expect(seen.order.length).toBeLessThan(200)
    expect(result.stop.reason).toBe('cancelled')
  })
})

describe('consumers', () => {
  it('that stop reading hold up nothing, and find everything later', async () => {
    const words = Array.from({ length: 20_000 }, (_, n) => `w${n}`).join(' ')
    const { tools } = traces()
    const upstream = await serve({ answers: [calls(call('look', { city: 'Oslo' })), words] })
    const run = agent({ model: modelOf(upstream), tools }).run('Go')
    const stopped = run[Symbol.asyncIterator]()
    const never = run[Symbol.asyncIterator]()
    const left = run[Symbol.asyncIterator]()
    await stopped.next()
    await left.return?.()
    const { result } = await outcomeOf(run)
    expect(result.text).toBe(words)
    const rest = await collect(stopped)
    const all = await collect(never)
    const textOf = (events: readonly RunEvent[]): string =>
      events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
    expect(textOf(rest)).toBe(words)
    expect(textOf(all)).toBe(words)
    expect(rest.at(-1)?.type).toBe('run.ended')
    expect((await left.next()).done).toBe(true)
  })

  it('that are slow hold up nothing', async () => {
    const upstream = await serve({ answers: 'one two three four five' })
    const run = agent({ model: modelOf(upstream) }).run('Go')
    const seen: string[] = []
    let wake = (): void => undefined
    const over = new Promise<void>((resolve) => {
      wake = resolve
    })
    const reader = (async () => {
      for await (const event of run) {
        seen.push(event.type)
        await over
      }
    })()
    await outcomeOf(run)
    expect(seen).toHaveLength(1)
    wake()
    await bounded(reader)
    expect(seen.length).toBeGreaterThan(10)
    expect(seen.at(-1)).toBe('run.ended')
  })

  it('may be many, on one run and on one signal, without a warning of the process', async () => {
    const { tools } = traces()
    const upstream = await serve({
      answers: ({ body }) => (body.input?.length === 1 ? calls(call('look', { city: 'Oslo' })) : 'Done.'),
    })
    const { signal } = new AbortController()
    const assistant = agent({ model: modelOf(upstream), tools })
    const runs = Array.from({ length: 60 }, () => assistant.run('Go', { signal }))
    const heard: string[] = []
    for (let n = 0; n < 60; n++) runs[0]!.on('run.ended', () => void heard.push('ended'))
    const iterations = Array.from({ length: 60 }, () => collect(runs[0]!))
    const results = await bounded(Promise.all(runs.map((run) => run.result())))
    expect(results.map(({ text }) => text)).toEqual(Array(60).fill('Done.'))
    expect(heard).toHaveLength(60)
    expect(new Set((await Promise.all(iterations)).map((events) => events.length)).size).toBe(1)
  })
})

describe('what a run leaves behind', () => {
  const counts = (): Record<string, number> => {
    const names: Record<string, number> = {}
    for (const name of process.getActiveResourcesInfo()) names[name] = (names[name] ?? 0) + 1
    return names
  }

  it('is no socket and no timer, whatever way it ended', async () => {
    const before = counts()
    const upstream = await serve({
      answers: ({ body }) => {
        const asked = JSON.stringify(body.input)
        if (asked.includes('"hang"')) return { never: true }
        if (asked.includes('"fail"')) return { status: 500, body: 'no' }
        if (asked.includes('"cut"')) return { text: 'one two', cutAfterEvents: 3 }
        return body.input?.length === 1 ? calls(call('look', { city: 'Oslo' })) : 'Done.'
      },
    })
    const { look } = traces()
    const assistant = agent({ model: modelOf(upstream), tools: [look], limits: { durationMs: 60_000 } })
    const runs = Array.from({ length: 80 }, (_, n) => assistant.run(['go', 'hang', 'fail', 'cut'][n % 4]!))
    await upstream.waitForRequests(80)
    for (const run of runs.filter((_, n) => n % 4 === 1)) run.cancel()
    const ended = await bounded(Promise.allSettled(runs.map((run) => run.result())))
    const statuses = ended.map(({ status }) => status)
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(40)
    const results = ended.map((one) =>
      one.status === 'fulfilled' ? one.value : (one.reason as { result: RunResult }).result,
    )
    for (const { history } of results) expect(validateItems(history)).toEqual([])
    // What was cut or cancelled is closed; what was answered is kept, to be used again.
    const open = async (): Promise<number> => {
      let count = await upstream.connections()
      for (let n = 0; n < 200 && count > 60; n++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        count = await upstream.connections()
      }
      return count
    }
    expect(await open()).toBeLessThanOrEqual(60)
    await upstream.close()
    const left = async (): Promise<Record<string, number>> => {
      let now = counts()
      for (let n = 0; n < 200 && (now.TCPSocketWrap ?? 0) > (before.TCPSocketWrap ?? 0); n++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        now = counts()
      }
      return now
    }
    const after = await left()
    expect(after.TCPSocketWrap ?? 0).toBeLessThanOrEqual(before.TCPSocketWrap ?? 0)
    expect((after.Timeout ?? 0) - (before.Timeout ?? 0)).toBeLessThan(10)
  })

  it('is no connection of a request when its stream was left in the middle', async () => {
    const upstream = await serve({ answers: { text: 'one two three', stallAfterEvents: 4 } })
    const model = responses({ baseURL: upstream.url, apiKey: 'key', model: 'm' })
    for (let n = 0; n < 20; n++) {
      const run = agent({ model }).run('Go')
      run.on('response.output_item.added', () => run.cancel())
      await outcomeOf(run)
    }
    // One that was opened for a request that had gone by then may wait to be used.
    const isOpen = (): boolean => upstream.requests.some(({ outcome }) => outcome === 'open')
    for (let n = 0; n < 500 && (isOpen() || (await upstream.connections()) > 2); n++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await upstream.connections()).toBeLessThanOrEqual(2)
    expect(new Set(upstream.requests.map(({ outcome }) => outcome))).toEqual(new Set(['aborted']))
  })
})
