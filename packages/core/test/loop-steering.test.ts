import { getEventListeners } from 'node:events'
import type { InputItem } from '@antiphon/client'
import { agent, fromIterable, type Model, type RunEvent, tool, validateItems } from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { gate, settled, untilAborted } from './loop-gate.ts'

const said = (items: readonly InputItem[]): unknown[] =>
  items.flatMap((item) => (item.type === 'message' ? [`${item.role}: ${JSON.stringify(item.content)}`] : []))

const users = (items: readonly InputItem[]): unknown[] =>
  items.flatMap((item) => (item.type === 'message' && item.role === 'user' ? [item.content] : []))

const ping = tool({ name: 'ping', execute: () => 'pong' })

const hang = tool({ name: 'hang', execute: (_input, context) => untilAborted(context.signal) })

describe('steer', () => {
  it('adds input before the next model call, after the outputs', async () => {
    const model = scripted([calls(call('ping')), text('Done.')])
    const run = agent({ model, tools: [ping] }).run('Go')
    run.once('tool.ended', () => expect(run.steer('Hurry.')).toBe(true))
    const result = await run.result()
    expect(model.requests[1]?.input?.slice(-2)).toEqual([
      { type: 'function_call_output', call_id: 'call_1', output: 'pong' },
      { type: 'message', role: 'user', content: 'Hurry.' },
    ])
    expect(result.items.map((item) => item.type)).toEqual([
      'function_call',
      'function_call_output',
      'message',
      'message',
    ])
    expect(validateItems(result.history)).toEqual([])
  })

  it('during the answer makes the model answer again, and the first answer stays in the history', async () => {
    const model = scripted([text('one two three'), text('drei')])
    const run = agent({ model }).run('Count')
    run.once('response.output_text.delta', () => run.steer('In German.'))
    const result = await run.result()
    expect(result.text).toBe('drei')
    expect(users(result.history)).toEqual(['Count', 'In German.'])
    expect(said(result.history)).toHaveLength(4)
  })

  it('before the run has begun goes into the first request', async () => {
    const model = scripted([text('ok')])
    const run = agent({ model }).run('Go')
    run.steer([{ type: 'message', role: 'user', content: 'a' }])
    run.steer({ type: 'message', role: 'developer', content: 'b' })
    await run.result()
    expect(model.requests[0]?.input).toMatchObject([{ content: 'Go' }, { content: 'a' }, { content: 'b' }])
  })

  it('while the answer is being checked is not lost', async () => {
    const checking = gate()
    const more = gate()
    const output = z.object({ n: z.number() }).refine(async () => {
      checking.open()
      await more.opened
      return true
    })
    const model = scripted([text('{"n":1}'), text('{"n":2}')])
    const run = agent({ model, output }).run('Go')
    await checking.opened
    expect(run.steer('And two?')).toBe(true)
    more.open()
    expect((await run.result()).output).toEqual({ n: 2 })
  })

  it('is either taken or refused, at whatever event it comes', async () => {
    const count = (
      await collect(agent({ model: scripted([calls(call('ping')), text('a b')]), tools: [ping] }).run('Go'))
    ).length
    for (let at = 0; at < count; at++) {
      const model = scripted([calls(call('ping')), text('a b'), text('again')])
      const run = agent({ model, tools: [ping] }).run('Go')
      let seen = 0
      let taken: boolean | undefined
      run.on('event', () => {
        if (seen++ === at) taken = run.steer(`steered at ${at}`)
      })
      const result = await run.result()
      expect([at, users(result.history).includes(`steered at ${at}`)]).toEqual([at, taken])
    }
  })

  it('is refused once the run is over', async () => {
    const run = agent({ model: scripted([text('ok')]) }).run('Go')
    await run.result()
    expect(run.steer('more')).toBe(false)
    expect(run.followUp('more')).toBe(false)
  })
})

describe('followUp', () => {
  it('waits until the model would be done', async () => {
    const model = scripted([calls(call('ping')), text('First.'), text('Second.')])
    const run = agent({ model, tools: [ping] }).run('Go')
    expect(run.followUp('And then?')).toBe(true)
    const result = await run.result()
    expect(result.text).toBe('Second.')
    expect(said(result.history)).toEqual([
      'user: "Go"',
      expect.stringContaining('First.'),
      'user: "And then?"',
      expect.stringContaining('Second.'),
    ])
    expect(model.requests[1]?.input).toHaveLength(3)
  })
})

describe('cancel', () => {
  const model = () => scripted([calls(call('ping'), call('ping')), text('one two three')])
  const plain = () => agent({ model: model(), tools: [ping] })

  it('at any event ends the run at once, with a valid history and one last event', async () => {
    const count = (await collect(plain().run('Go'))).length
    expect(count).toBeGreaterThan(20)
    for (let at = 0; at < count - 1; at++) {
      const run = plain().run('Go')
      const events: RunEvent[] = []
      run.on('event', (event) => {
        events.push(event)
        if (events.length === at + 1) run.cancel('stop it')
      })
      const result = await run.result()
      expect(result.stop).toEqual({ reason: 'cancelled', message: 'stop it' })
      expect(validateItems(result.history)).toEqual([])
      expect(events.filter((event) => event.type === 'run.ended')).toHaveLength(1)
      expect(events.at(-1)?.type).toBe('run.ended')
    }
  })

  it('before the start makes no model call', async () => {
    const asked = model()
    const run = agent({ model: asked, tools: [ping] }).run('Go')
    run.cancel()
    const result = await run.result()
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'the run was cancelled' })
    expect(asked.requests).toHaveLength(0)
    expect(result.items).toEqual([])
  })

  it('during the answer keeps what had come as partial', async () => {
    const run = agent({ model: scripted([text('one two three four')]) }).run('Go')
    run.once('response.output_text.delta', () => run.cancel())
    const result = await run.result()
    expect(result.items).toEqual([])
    expect(JSON.stringify(result.partial)).toContain('one')
  })

  it('ends a run whose model does not obey', async () => {
    const deaf: Model = () => new Promise(() => undefined)
    const run = agent({ model: deaf }).run('Go')
    await settled()
    run.cancel('enough')
    expect((await run.result()).stop).toEqual({ reason: 'cancelled', message: 'enough' })
  })

  it('ends a generator that is a model', async () => {
    let ended = false
    const more = gate()
    const generator = fromIterable(async function* () {
      try {
        yield { type: 'response.created', sequence_number: 0, response: { id: 'r' } } as never
        await more.opened
        yield { type: 'response.in_progress', sequence_number: 1, response: { id: 'r' } } as never
      } finally {
        ended = true
      }
    })
    const run = agent({ model: generator }).run('Go')
    await settled()
    run.cancel()
    expect((await run.result()).stop.reason).toBe('cancelled')
    more.open()
    await settled()
    expect(ended).toBe(true)
  })

  it.each<[string, object]>([
    ['prepareTurn', { prepareTurn: () => new Promise(() => undefined) }],
    ['instructions', { instructions: () => new Promise(() => undefined) }],
    ['stopWhen', { stopWhen: () => new Promise(() => undefined) }],
  ])('ends a run whose %s hangs', async (_name, hook) => {
    const run = agent({ model: scripted([text('Hi')]), ...hook }).run('Go')
    await settled()
    run.cancel('enough')
    const result = await run.result()
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(validateItems(result.history)).toEqual([])
  })

  it('ends a run whose approval rule or schema hangs', async () => {
    const rule = tool({
      name: 'rule',
      needsApproval: () => new Promise<boolean>(() => undefined),
      execute: () => 1,
    })
    const slow = tool({
      name: 'slow',
      inputSchema: z.object({}).refine(() => new Promise<boolean>(() => undefined)),
      execute: () => 1,
    })
    const run = agent({ model: scripted([calls(call('rule'), call('slow'))]), tools: [rule, slow] }).run('Go')
    await settled()
    run.cancel('enough')
    const result = await run.result()
    expect(result.stop.reason).toBe('cancelled')
    expect(validateItems(result.history)).toEqual([])
  })

  it('aborts the tools, answers those that wait, and does not wait for who does not listen', async () => {
    const deaf = tool({ name: 'deaf', execute: () => new Promise(() => undefined) })
    const many = scripted([calls(call('hang'), call('deaf'), call('ping'), call('ping'))])
    const run = agent({ model: many, tools: [hang, deaf, ping], concurrency: 2 }).run('Go')
    const ended: [string, string][] = []
    run.on('tool.ended', (event) => ended.push([event.name, event.outcome]))
    await settled()
    run.cancel('enough')
    const result = await run.result()
    expect(ended.sort()).toEqual([
      ['deaf', 'aborted'],
      ['hang', 'aborted'],
      ['ping', 'aborted'],
      ['ping', 'aborted'],
    ])
    expect(result.items.map((item) => item.type)).toEqual([
      ...Array.from({ length: 4 }, () => 'function_call'),
      ...Array.from({ length: 4 }, () => 'function_call_output'),
    ])
    expect(validateItems(result.history)).toEqual([])
  })

  it('after the end changes nothing', async () => {
    const run = agent({ model: scripted([text('ok')]) }).run('Go')
    const result = await run.result()
    run.cancel()
    expect((await run.result()).stop).toEqual({ reason: 'done' })
    expect(result.text).toBe('ok')
  })
})

describe('a signal', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('user left'), 'user left'],
    ['a text', 'user left', 'user left'],
    ['something else', 7, 'the signal was aborted'],
  ])('that was aborted before with %s cancels', async (_name, reason, message) => {
    const model = scripted([text('no')])
    const run = agent({ model }).run('Go', { signal: AbortSignal.abort(reason) })
    expect((await run.result()).stop).toEqual({ reason: 'cancelled', message })
    expect(model.requests).toHaveLength(0)
  })

  it('that is aborted on the way cancels', async () => {
    const controller = new AbortController()
    const model = scripted([calls(call('hang'))])
    const run = agent({ model, tools: [hang] }).run('Go', { signal: controller.signal })
    await settled()
    controller.abort(new Error('user left'))
    const result = await run.result()
    expect(result.stop).toEqual({ reason: 'cancelled', message: 'user left' })
    expect(validateItems(result.history)).toEqual([])
  })

  it('may serve 1,000 runs and keeps no listener of any', async () => {
    const { signal } = new AbortController()
    const warned: Error[] = []
    const onWarning = (warning: Error): void => void warned.push(warning)
    process.on('warning', onWarning)
    const assistant = agent({
      model: Object.assign((async (request, sink, context) =>
        scripted([request.input?.length === 1 ? calls(call('ping')) : text('ok')])(
          request,
          sink,
          context,
        )) as Model),
      tools: [ping],
    })
    const runs = Array.from({ length: 1000 }, () => assistant.run('Go', { signal }).result())
    await settled(1)
    const results = await Promise.all(runs)
    expect(results.every((result) => result.text === 'ok')).toBe(true)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    await settled()
    process.off('warning', onWarning)
    expect(warned).toEqual([])
  })

  it('cancels all the runs that it was given to', async () => {
    const controller = new AbortController()
    const start = () =>
      agent({ model: scripted([calls(call('hang'))]), tools: [hang] }).run('Go', {
        signal: controller.signal,
      })
    const runs = Array.from({ length: 20 }, start)
    await settled()
    controller.abort('bye')
    const stops = (await Promise.all(runs.map((run) => run.result()))).map((result) => result.stop)
    expect(stops).toEqual(runs.map(() => ({ reason: 'cancelled', message: 'bye' })))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('is let go by a run that fails, too', async () => {
    const { signal } = new AbortController()
    await expect(
      agent({ model: scripted([]) })
        .run('Go', { signal })
        .result(),
    ).rejects.toThrow()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('cancelCall', () => {
  it('stops one call; the model is told and the run goes on', async () => {
    const model = scripted([calls(call('hang', {}, 'h1'), call('ping')), text('Done.')])
    const run = agent({ model, tools: [hang, ping] }).run('Go')
    await settled()
    expect(run.cancelCall('h1')).toBe(true)
    expect(run.cancelCall('h1')).toBe(false)
    expect(run.cancelCall('nobody')).toBe(false)
    const result = await run.result()
    expect(result.text).toBe('Done.')
    expect(result.history).toContainEqual({
      type: 'function_call_output',
      call_id: 'h1',
      output: 'Aborted: cancelled by the user',
    })
  })

  it('stops a call that waits for its slot: it never starts', async () => {
    const ran: string[] = []
    const first = gate()
    const step = tool({
      name: 'step',
      execute: async (_input, context) => {
        ran.push(context.callId)
        await first.opened
      },
    })
    const model = scripted([calls(call('step', {}, 'a'), call('step', {}, 'b')), text('Done.')])
    const run = agent({ model, tools: [step], concurrency: 1 }).run('Go')
    await settled()
    expect(run.cancelCall('b')).toBe(true)
    first.open()
    await run.result()
    expect(ran).toEqual(['a'])
  })
})

describe('a scope', () => {
  it('that is left cancels its run and waits for it', async () => {
    let seen: ReturnType<ReturnType<typeof agent>['run']> | undefined
    {
      await using run = agent({ model: scripted([calls(call('hang'))]), tools: [hang] }).run('Go')
      seen = run
      await settled()
    }
    expect((await seen.result()).stop).toEqual({ reason: 'cancelled', message: 'its scope was left' })
  })

  it('may be left after a failure without throwing', async () => {
    const run = agent({ model: scripted([]) }).run('Go')
    await expect(run[Symbol.asyncDispose]()).resolves.toBeUndefined()
  })
})
