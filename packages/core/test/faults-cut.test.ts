import type { ResponseEvent } from '@antiphon/client'
import { agent, retry } from 'antiphon'
import { callItem, collect, messageItem, type UpstreamFaults, type UpstreamRequest } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import {
  bounded,
  modelOf,
  outcomeOf,
  outputsOf,
  runOn,
  sealed,
  serve,
  traces,
  watchProcess,
} from './faults-world.ts'

watchProcess()

/** Short bodies, since each is cut at every byte: two calls side by side, then a text. */
const piecewise = (
  items: readonly { id?: string; arguments?: string; [field: string]: unknown }[],
  id: string,
): ResponseEvent[] => {
  const response = { id, output: [] }
  return [
    { type: 'response.created', response: { id, output: [] } },
    ...items.flatMap((item, output_index) => {
      const { arguments: args = 'Both done.' } = item
      const isCall = item.type === 'function_call'
      const type = isCall ? 'response.function_call_arguments.delta' : 'response.output_text.delta'
      const pieces = [args.slice(0, 9), args.slice(9)]
      return [
        {
          type: 'response.output_item.added',
          output_index,
          item: { ...item, ...(isCall ? { arguments: '' } : { content: [] }) },
        },
        ...pieces.map((delta) => ({ type, output_index, content_index: 0, delta })),
        { type: 'response.output_item.done', output_index, item },
      ]
    }),
    { type: 'response.completed', response },
  ] as never
}
const bare = (name: string, callId: string) => {
  const { type, call_id, arguments: args } = callItem(name, { city: 'Oslo' }, callId)
  return { type, call_id, name, arguments: args }
}
const first = piecewise([bare('look', 'c1'), bare('book', 'c2')], 'r1')
const second = piecewise(
  [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Both done.' }] }],
  'r2',
)
const bytesOf = (events: readonly ResponseEvent[]): number =>
  events.reduce((sum, event) => sum + Buffer.byteLength(`data: ${JSON.stringify(event)}\n\n`), 0)

interface Cut {
  turn: number
  at: number
}

/** Reads from the instructions which cut a request is for, and of which turn it is. */
const cutOf = ({ body }: UpstreamRequest): Cut & { own: number } => {
  const [turn = 0, at = 0] = String(body.instructions).split(' ').map(Number)
  return { turn, at, own: (body.input?.length ?? 0) > 1 ? 1 : 0 }
}

const cutter = (cutMode: UpstreamFaults['cutMode'], everyTime: boolean) => {
  const seen = new Set<string>()
  return serve({
    answers: (request) => {
      const { turn, at, own } = cutOf(request)
      const key = `${turn} ${at}`
      const cut = own === turn && (everyTime || !seen.has(key))
      if (cut) seen.add(key)
      return {
        events: own === 0 ? first : second,
        framing: 'data-only',
        ...(cut ? { cutAfterBytes: at, cutMode } : {}),
      }
    },
  })
}

const everyCut = (): Cut[] =>
  [first, second].flatMap((events, turn) =>
    Array.from({ length: bytesOf(events) + 1 }, (_, at) => ({ turn, at })),
  )

const PARALLEL = 16

/** Does one thing for every cut, several at a time. */
const forEveryCut = async (visit: (cut: Cut) => Promise<void>): Promise<void> => {
  const cuts = everyCut()
  expect(cuts.length).toBeGreaterThan(1500)
  const worker = async (): Promise<void> => {
    for (let cut = cuts.pop(); cut !== undefined; cut = cuts.pop()) await visit(cut)
  }
  await bounded(Promise.all(Array.from({ length: PARALLEL }, worker)), 'the cuts', 60_000)
}

/** How far the body of each turn must come for the answer to be whole. */
const whole = [first, second].map((events) => bytesOf(events) - 2)

describe('a stream cut at every byte of a run of two turns', () => {
  it.each(['destroy', 'end'] as const)(
    '(%s) ends with a typed error or the whole answer, and a tool that writes runs once at most',
    async (cutMode) => {
      const upstream = await cutter(cutMode, true)
      const model = modelOf(upstream)
      let completed = 0
      await forEveryCut(async ({ turn, at }) => {
        const { tools, ran } = traces()
        const { result, error } = await outcomeOf(
          agent({ model, tools, instructions: `${turn} ${at}` }).run('Go'),
        )
        expect(ran.filter((name) => name === 'book Oslo').length).toBeLessThanOrEqual(1)
        if (error === undefined) {
          completed++
          expect(at).toBeGreaterThanOrEqual(whole[turn]!)
          expect(result.text).toBe('Both done.')
          expect(ran).toEqual(['look Oslo', 'book Oslo'])
          return
        }
        expect(at).toBeLessThan(bytesOf(turn === 0 ? first : second))
        expect(error.code).toMatch(/^(stream_cut|stream_truncated|empty_answer|connection_\w+)$/)
        expect(error.retryable).toBe(true)
        // Nothing of the response that was cut reaches the history, and nothing that was reached before is lost.
        expect(outputsOf(result.history)).toEqual(turn === 0 ? [] : ['saw Oslo', 'booked Oslo'])
        expect(result.items).toHaveLength(turn === 0 ? 0 : 4)
        if (turn === 0) expect(ran).not.toContain('book Oslo')
      })
      expect(completed).toBeGreaterThanOrEqual(2)
    },
    90_000,
  )

  it('is made good by a retry as long as nothing was shown, and never shown twice', async () => {
    const upstream = await cutter('destroy', false)
    const model = modelOf(upstream, { retries: 0 })
    let retried = 0
    await forEveryCut(async ({ turn, at }) => {
      const { tools, ran } = traces()
      const run = agent({ model, tools, use: [retry({ baseMs: 0 })], instructions: `${turn} ${at}` }).run(
        'Go',
      )
      const { result, error, events } = await outcomeOf(run)
      expect(ran.filter((name) => name === 'book Oslo').length).toBeLessThanOrEqual(1)
      const text = events
        .map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
        .join('')
      expect('Both done.'.startsWith(text)).toBe(true)
      if (error !== undefined) return
      expect(result.text).toBe('Both done.')
      expect(ran).toEqual(['look Oslo', 'book Oslo'])
      if (result.warnings.length > 0) retried++
    })
    expect(retried).toBeGreaterThan(100)
  }, 90_000)

  it('leaves a history from which the run goes on', async () => {
    const upstream = await cutter('destroy', true)
    const { tools, ran } = traces()
    const assistant = agent({ model: modelOf(upstream), tools, instructions: '1 200' })
    const { error } = await outcomeOf(assistant.run('Go'))
    const other = agent({ model: modelOf(upstream), tools, instructions: '0 0' })
    const { result } = await outcomeOf(other.run(error!.result.history))
    expect(result.text).toBe('Both done.')
    expect(ran).toEqual(['look Oslo', 'book Oslo'])
  })
})

describe('an error event', () => {
  const spots = [first, second].flatMap((events, turn) =>
    events.map((event, k) => [turn, k, event.type] as const),
  )
  const shapes = (['flat', 'nested'] as const).flatMap((errorEvent) =>
    [true, false].map((errorThenFailed) => ({ errorEvent, errorThenFailed })),
  )

  it.each(shapes)('(%j) at every place of both turns ends the run with that error', async (fault) => {
    for (const [turn, errorAt] of spots) {
      const { tools, ran } = traces()
      const answer = (own: number) => ({
        events: own === 0 ? first : second,
        ...(own === turn ? { ...fault, errorAt, errorMessage: 'Overloaded here.' } : {}),
      })
      const { result, error } = await runOn(({ body }) => answer((body.input?.length ?? 0) > 1 ? 1 : 0), {
        tools,
      })
      expect(error?.message).toContain('Overloaded here.')
      expect(error?.retryable).toBe(true)
      expect(error?.code).toMatch(/^(server_error|response_failed)$/)
      expect(outputsOf(result.history)).toEqual(turn === 0 ? [] : ['saw Oslo', 'booked Oslo'])
      expect(ran.filter((name) => name === 'book Oslo')).toHaveLength(turn)
    }
  })

  it('is told to the listeners, and discards the calls that were started early', async () => {
    const { tools, ran } = traces()
    const { events } = await runOn([{ events: first, errorEvent: 'flat', errorAt: first.length - 1 }], {
      tools,
    })
    expect(ran).toEqual(['look Oslo'])
    expect(events.filter((event) => event.type === 'tool.discarded').map((event) => event.callId)).toEqual([
      'c1',
      'c2',
    ])
    expect(events.some((event) => event.type === 'error')).toBe(true)
  })
})

describe('a stream without a terminal event', () => {
  it.each([{}, { doneMarker: true }])(
    '(%j) is truncated: no call of it counts, and none that writes was run',
    async (more) => {
      const { tools, ran } = traces()
      const { result, error } = await runOn([{ events: first, noTerminal: true, ...more }], { tools })
      expect(error).toMatchObject({ code: 'stream_truncated', retryable: true })
      expect(ran).toEqual(['look Oslo'])
      expect(result.items).toEqual([])
      expect(result.partial?.output).toHaveLength(2)
    },
  )

  it.each([[], [{ type: 'keepalive' }], [{ type: 'response.created', response: { id: 'r' } }]])(
    '(only %j) is an error, too',
    async (...events) => {
      const { error } = await runOn([{ events: events as never }])
      expect(error?.retryable).toBe(true)
      expect(error?.code).toMatch(/^(stream_truncated|empty_answer)$/)
    },
  )
})

describe('a response that ended early', () => {
  const last = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  const half = { ...bare('book', 'c2'), arguments: '{"city":"Os', status: 'incomplete' }

  it('with half a call does not execute it', async () => {
    const { tools, ran } = traces()
    const { result, upstream } = await runOn([sealed([bare('book', 'c1'), half], last)], { tools })
    expect(ran).toEqual([])
    expect(result.stop).toEqual({ reason: 'incomplete', details: 'max_output_tokens' })
    expect(outputsOf(result.history)).toHaveLength(2)
    expect(outputsOf(result.history).every((output) => output.startsWith('Not executed: '))).toBe(true)
    expect(upstream.requests).toHaveLength(1)
  })

  it('inside the arguments, which are no JSON, does not execute it either', async () => {
    const { tools, ran } = traces()
    const cut = first.slice(0, 3)
    const end = { type: 'response.incomplete', response: { id: 'r1', ...last, output: [] } } as never
    const { result } = await runOn([{ events: [...cut, end] }], { tools })
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toHaveLength(1)
    expect(result.stop.reason).toBe('incomplete')
  })

  it('with whole calls does not execute those that write, and asks nothing more', async () => {
    const { tools, ran } = traces()
    const { result, upstream } = await runOn([sealed([bare('book', 'c1'), bare('book', 'c2')], last)], {
      tools,
    })
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toEqual(Array(2).fill('Not executed: the response ended early.'))
    expect(upstream.requests).toHaveLength(1)
  })

  it('for the content filter says so, with the text there is', async () => {
    const { result } = await runOn([{ text: 'one two three four', incomplete: 'content_filter' }])
    expect(result.stop).toEqual({ reason: 'incomplete', details: 'content_filter' })
    expect(result.text).toBe('one two t')
  })

  it.each([null, 'x', { reason: { a: 1 } }, {}])(
    'without a usable reason (%j) ends all the same',
    async (details) => {
      const { result } = await runOn([
        sealed([messageItem('half')], { status: 'incomplete', incomplete_details: details }),
      ])
      expect(result.stop).toEqual({ reason: 'incomplete', details: 'unknown' })
    },
  )

  it('and then the stream breaks off after it: the end counts', async () => {
    const { tools } = traces()
    const upstream = await serve({ answers: [{ events: second, cutAfterEvents: second.length }] })
    const run = agent({ model: modelOf(upstream), tools }).run('Go')
    const [outcome, events] = await Promise.all([outcomeOf(run), collect(run)])
    expect(outcome.result.text).toBe('Both done.')
    expect(events.at(-1)?.type).toBe('run.ended')
  })
})
