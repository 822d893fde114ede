import type { ResponseEvent } from '@antiphon/client'
import { agent, type Effect, type RunError, type RunEvent, tool, validateItems } from 'antiphon'
import {
  call,
  callItem,
  calls,
  collect,
  lifecycleEvents,
  messageItem,
  scripted,
  text,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { gate, settled, untilAborted } from './loop-gate.ts'

const CALLS = [callItem('probe', { n: 1 }, 'c1'), callItem('probe', { n: 2 }, 'c2')]

const eventsFor = (output: unknown[], status = 'completed'): ResponseEvent[] =>
  lifecycleEvents({
    id: 'resp_1',
    object: 'response',
    created_at: 0,
    model: 'm',
    status,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    error: status === 'failed' ? { code: 'server_error', message: 'Broken.' } : null,
    output,
  } as never)

/** Where the stream goes on only when the test says so: after the event of that type and index. */
async function* pausing(
  events: ResponseEvent[],
  after: (event: ResponseEvent) => boolean,
  opened: Promise<void>,
) {
  for (const event of events) {
    yield event
    if (after(event)) await opened
  }
}

const sealed = (index: number) => (event: ResponseEvent) =>
  event.type === 'response.output_item.done' && event.output_index === index

const probe = (effect: Effect, ran: number[], until?: Promise<unknown>) =>
  tool({
    name: 'probe',
    effect,
    inputSchema: z.object({ n: z.number() }),
    execute: async ({ n }) => {
      ran.push(n)
      await until
      return `probed ${n}`
    },
  })

const types = (events: readonly RunEvent[]): string[] =>
  events.map((event) => event.type).filter((type) => type.startsWith('tool.'))

describe('a call that was sealed in the stream', () => {
  it.each(['none', 'read'] as const)('starts at once when its effect is %s', async (effect) => {
    const ran: number[] = []
    const more = gate()
    const model = scripted([{ events: pausing(eventsFor(CALLS), sealed(0), more.opened) }, text('Done.')])
    const run = agent({ model, tools: [probe(effect, ran)] }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    await settled()
    expect(ran).toEqual([1])
    expect(types(events)).toEqual(['tool.queued', 'tool.started', 'tool.ended'])
    expect(events.some((event) => event.type === 'response.completed')).toBe(false)
    more.open()
    const result = await run.result()
    expect(ran).toEqual([1, 2])
    expect(validateItems(result.history)).toEqual([])
    expect(result.items.map((item) => item.type)).toEqual([
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
      'message',
    ])
  })

  it.each([undefined, 'write'] as const)(
    'waits for the whole response when its effect is %s',
    async (effect) => {
      const ran: number[] = []
      const more = gate()
      const model = scripted([{ events: pausing(eventsFor(CALLS), sealed(1), more.opened) }, text('Done.')])
      const made = effect === undefined ? probe('write', ran) : probe(effect, ran)
      const own = effect === undefined ? tool({ name: 'probe', execute: () => void ran.push(0) }) : made
      const run = agent({ model, tools: [own] }).run('Go')
      const events: RunEvent[] = []
      run.on('event', (event) => events.push(event))
      await settled()
      expect(ran).toEqual([])
      expect(types(events)).toEqual(['tool.queued', 'tool.queued'])
      more.open()
      await run.result()
      expect(ran).toHaveLength(2)
    },
  )

  it('does not wait for the calls before it, and the next model call waits for all', async () => {
    const ran: number[] = []
    const slow = gate()
    const more = gate()
    const model = scripted([{ events: pausing(eventsFor(CALLS), sealed(0), more.opened) }, text('Done.')])
    const run = agent({ model, tools: [probe('read', ran, slow.opened)] }).run('Go')
    await settled()
    more.open()
    await settled()
    expect(ran).toEqual([1, 2])
    expect(model.requests).toHaveLength(1)
    slow.open()
    expect((await run.result()).text).toBe('Done.')
  })
})

describe('a response that fails after an eager start', () => {
  const broken: [string, (events: ResponseEvent[]) => object, string][] = [
    ['is cut off', (events) => ({ events: events.slice(0, -1), error: new Error('cut') }), 'run_failed'],
    ['has no end', (events) => ({ events: events.slice(0, -1) }), 'stream_truncated'],
    ['says that it failed', () => ({ events: eventsFor(CALLS, 'failed') }), 'response_failed'],
  ]
  it.each(broken)('because it %s leaves nothing of it in the history', async (_name, make, code) => {
    const ran: number[] = []
    const hang = gate()
    const model = scripted([calls(call('probe', { n: 9 })), make(eventsFor(CALLS)) as never])
    const made = tool({
      name: 'probe',
      effect: 'read',
      inputSchema: z.object({ n: z.number() }),
      execute: async ({ n }, context) => {
        ran.push(n)
        if (n === 2) await Promise.race([untilAborted(context.signal), hang.opened])
        return `probed ${n}`
      },
    })
    const run = agent({ model, tools: [made] }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    const error = (await run.result().catch((reason: unknown) => reason)) as RunError
    expect(error.code).toBe(code)
    expect(ran).toEqual([9, 1, 2])
    const discarded = events.filter((event) => event.type === 'tool.discarded')
    expect(discarded.map((event) => event.callId)).toEqual(['c1', 'c2'])
    expect(error.result.history.map((item) => item.type)).toEqual([
      'message',
      'function_call',
      'function_call_output',
    ])
    expect(validateItems(error.result.history)).toEqual([])
    expect(error.result.partial?.output.map((item) => item.type)).toEqual(['function_call', 'function_call'])
    expect(events.at(-1)?.type).toBe('run.ended')
  })

  it('stops what runs: its signal is aborted, and its late end changes nothing', async () => {
    const reasons: unknown[] = []
    const model = scripted([{ events: eventsFor(CALLS).slice(0, -1), error: new Error('cut') }])
    const made = tool({
      name: 'probe',
      effect: 'read',
      execute: (_input, context) =>
        untilAborted(context.signal).catch((reason: Error) => {
          reasons.push(reason.message)
          return 'late'
        }),
    })
    const run = agent({ model, tools: [made] }).run('Go')
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    await expect(run.result()).rejects.toThrow('cut')
    await settled()
    expect(reasons).toEqual(['cut', 'cut'])
    expect(types(events)).not.toContain('tool.ended')
    expect(events.at(-1)?.type).toBe('run.ended')
  })
})

describe('an incomplete response', () => {
  it('does not run half a call, and answers it', async () => {
    const ran: number[] = []
    const model = scripted([
      { ...calls(call('probe', { n: 1 }), call('probe', { n: 2 })), incomplete: 'max_output_tokens' },
    ])
    const run = agent({ model, tools: [probe('read', ran)] }).run('Go')
    const result = await run.result()
    expect(ran).toEqual([1])
    expect(result.stop).toEqual({ reason: 'incomplete', details: 'max_output_tokens' })
    expect(validateItems(result.history)).toEqual([])
    expect(result.history.at(-1)).toMatchObject({
      output: expect.stringMatching(/^Not executed: the response ended/),
    })
  })

  it('does not run a call that was never sealed', async () => {
    const ran: number[] = []
    const events = eventsFor(CALLS, 'incomplete').filter(
      (event) => event.type !== 'response.output_item.done' || event.output_index === 0,
    )
    const run = agent({ model: scripted([{ events }]), tools: [probe('read', ran)] }).run('Go')
    const result = await run.result()
    expect(ran).toEqual([1])
    expect(result.stop.reason).toBe('incomplete')
    expect(validateItems(result.history)).toEqual([])
  })

  it('does not start a call that changes the world', async () => {
    const ran: number[] = []
    const whole = [callItem('probe', { n: 1 }, 'c1'), messageItem('And now')]
    const model = scripted([{ events: eventsFor(whole, 'incomplete') }])
    const result = await agent({ model, tools: [probe('write', ran)] })
      .run('Go')
      .result()
    expect(ran).toEqual([])
    expect(result.text).toBe('And now')
    expect(result.history.at(-1)).toMatchObject({ output: 'Not executed: the response ended early.' })
    expect(validateItems(result.history)).toEqual([])
  })
})

describe('calls that share an id', () => {
  it('are told apart, and the same call again is executed once', async () => {
    const ran: number[] = []
    const output = [
      callItem('probe', { n: 1 }, 'c1', { id: 'f1' }),
      callItem('probe', { n: 1 }, 'c1', { id: 'f2' }),
      callItem('probe', { n: 2 }, 'c1', { id: 'f3' }),
      callItem('probe', { n: 3 }, '', { id: 'f4' }),
    ]
    const model = scripted([{ events: eventsFor(output) }, text('Done.')])
    const result = await agent({ model, tools: [probe('read', ran)] })
      .run('Go')
      .result()
    expect(ran).toEqual([1, 2, 3])
    expect(validateItems(result.history)).toEqual([])
    expect(result.warnings.map((warning) => warning.code)).toEqual([
      'duplicate_call_id',
      'duplicate_call_id',
      'duplicate_call_id',
    ])
  })

  it('are told apart also when the last event fills in what the sealed items lack', async () => {
    const ran: number[] = []
    const output = [
      callItem('probe', { n: 1 }, 'c1', { id: 'f1' }),
      callItem('probe', { n: 2 }, 'c1', { id: 'f2' }),
    ]
    const events = eventsFor(output).map((event) => {
      if (event.type !== 'response.output_item.done') return event
      const { status: _, ...item } = event.item as { status?: string }
      return { ...event, item } as unknown as ResponseEvent
    })
    const model = scripted([{ events }, text('Done.')])
    const result = await agent({ model, tools: [probe('read', ran)] })
      .run('Go')
      .result()
    expect(ran).toEqual([1, 2])
    expect(validateItems(result.history)).toEqual([])
  })

  it('are told apart also when the response ends inside one of them', async () => {
    const ran: number[] = []
    const output = [
      callItem('probe', { n: 1 }, 'c1', { id: 'f1' }),
      callItem('probe', '{"n":', 'c1', { id: 'f2' }),
    ]
    const events = eventsFor(output, 'incomplete').filter(
      (event) => event.type !== 'response.output_item.done' || event.output_index === 0,
    )
    const result = await agent({ model: scripted([{ events }]), tools: [probe('read', ran)] })
      .run('Go')
      .result()
    expect(ran).toEqual([1])
    expect(validateItems(result.history)).toEqual([])
  })

  it('may come again in a later response: some servers count from nought each time', async () => {
    const ran: number[] = []
    const step = (n: number) => ({ items: [callItem('probe', { n }, 'call_0', { id: `f${n}` })] })
    const model = scripted([step(1), step(2), text('Done.')])
    const run = agent({ model, tools: [probe('read', ran)] }).run('Go')
    const events = await collect(run)
    const result = await run.result()
    expect(ran).toEqual([1, 2])
    expect(validateItems(result.history)).toEqual([])
    expect(events.filter((event) => event.type === 'warning')).toEqual([])
  })
})
