// Runs that share a session.
import type { InputItem } from '@antiphon/client'
import {
  type Agent,
  agent,
  approve,
  memorySession,
  memorySessions,
  type OpenSession,
  type RunError,
  type RunState,
  type Session,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const texts = (items: readonly unknown[]): string[] =>
  (items as { type?: string; content?: unknown; output?: unknown }[]).map(({ type, content, output }) => {
    if (typeof content === 'string') return content
    if (Array.isArray(content)) return content.map((part) => (part as { text?: string }).text).join('')
    return output === undefined ? String(type) : `${type} ${String(output)}`
  })

const look = tool({
  name: 'look',
  inputSchema: z.object({}),
  effect: 'read',
  execute: () => 'seen',
})

const fails = async (run: { result(): Promise<unknown> }): Promise<RunError> => {
  try {
    await run.result()
  } catch (error) {
    return error as RunError
  }
  throw new Error('Expected the run to fail.')
}

describe('runs on one session', () => {
  it('go on from each other: the next one sends all that was said', async () => {
    const model = scripted([calls(call('look', {})), text('A lion.'), text('In Africa.')])
    const assistant = agent({ model, tools: [look] })
    const session = memorySession()
    await assistant.run('What is there?', { session }).result()
    const second = await assistant.run('Where do they live?', { session }).result()
    expect(texts(model.requests[2]?.input as InputItem[])).toEqual([
      'What is there?',
      'function_call',
      'function_call_output seen',
      'A lion.',
      'Where do they live?',
    ])
    expect(texts(second.items)).toEqual(['In Africa.'])
    expect(texts(second.history)).toHaveLength(6)
    expect(validateItems(second.history)).toEqual([])
  })

  it('take items as input, and keep what was steered in', async () => {
    const sessions = memorySessions()
    const session = sessions.session('s')
    const assistant = agent({ model: scripted([text('One.'), text('Two.'), text('Three.')]) })
    const run = assistant.run([{ type: 'message', role: 'user', content: 'a' }], { session })
    run.followUp('b')
    await run.result()
    await assistant.run('c', { session }).result()
    const items = await sessions.read('s')
    expect(texts(items)).toEqual(['a', 'One.', 'b', 'Two.', 'c', 'Three.'])
    expect(validateItems(items)).toEqual([])
  })

  it('do not clash when a server numbers the items of each run anew', async () => {
    const sessions = memorySessions()
    for (const said of ['a', 'b', 'c']) {
      const model = scripted([calls(call('look', {}, 'call_1')), { ...text(`${said}!`) }])
      const result = await agent({ model, tools: [look] })
        .run(said, { session: sessions.session('s') })
        .result()
      expect(validateItems(result.history)).toEqual([])
      for (const { input } of model.requests) expect(validateItems(input as InputItem[]).length).toBe(0)
    }
    expect(await sessions.read('s')).toHaveLength(12)
  })

  it('come one after the other: a second one is refused, or waits', async () => {
    const sessions = memorySessions()
    const model = scripted([text('One.'), text('Two.')])
    const assistant = agent({ model })
    const first = assistant.run('a', { session: sessions.session('s'), runId: 'first' })
    const refused = fails(assistant.run('b', { session: sessions.session('s') }))
    const waits = assistant.run('c', { session: sessions.session('s', { onBusy: 'wait' }) })
    const error = await refused
    expect(error).toMatchObject({ code: 'session_busy', retryable: true, name: 'RunError' })
    expect(error.message).toContain('"first"')
    expect(texts(error.result.history)).toEqual(['b'])
    await first.result()
    expect(texts((await waits.result()).history)).toEqual(['a', 'One.', 'c', 'Two.'])
    expect(model.requests).toHaveLength(2)
  })

  it('can be cancelled while they wait, and leave nothing behind', async () => {
    const sessions = memorySessions()
    const held = await sessions.session('s').open('other')
    const assistant = agent({ model: scripted([]) })
    const run = assistant.run('a', { session: sessions.session('s', { onBusy: 'wait' }) })
    await Promise.resolve()
    run.cancel('never mind')
    const { stop, history } = await run.result()
    expect(stop).toEqual({ reason: 'cancelled', message: 'never mind' })
    expect(texts(history)).toEqual(['a'])
    await held.release()
    expect(await sessions.get('s')).toMatchObject({ turns: 0 })
    expect(await sessions.get('s')).not.toHaveProperty('runId')
  })

  it.each(['before it begins', 'in a tool'])('leave a valid history when one is aborted %s', async (when) => {
    const sessions = memorySessions()
    const session = sessions.session('s')
    const controller = new AbortController()
    const hang = tool({
      name: 'look',
      inputSchema: z.object({}),
      execute: (_, { signal }) => {
        controller.abort(new Error('enough'))
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    })
    if (when !== 'in a tool') controller.abort(new Error('enough'))
    const model = scripted([calls(call('look', {}), call('look', {})), text('Never.')])
    const first = agent({ model, tools: [hang] }).run('a', { session, signal: controller.signal })
    expect((await first.result()).stop.reason).toBe('cancelled')
    const next = scripted([text('Yes.')])
    await agent({ model: next }).run('b', { session }).result()
    const sent = next.requests[0]?.input as InputItem[]
    expect(validateItems(sent)).toEqual([])
    expect(sent).toHaveLength(when === 'in a tool' ? 6 : 2)
  })

  it('leave a valid history when one fails, and the next one has the session', async () => {
    const sessions = memorySessions()
    const session = sessions.session('s')
    const model = scripted([calls(call('look', {})), { error: new Error('no more') }])
    const error = await fails(agent({ model, tools: [look] }).run('a', { session }))
    expect(error.code).toBe('run_failed')
    const items = await sessions.read('s')
    expect(items).toEqual(error.result.history)
    expect(validateItems(items)).toEqual([])
    const result = await agent({ model: scripted([text('Yes.')]) })
      .run('b', { session })
      .result()
    expect(texts(result.history)).toEqual(['a', 'function_call', 'function_call_output seen', 'b', 'Yes.'])
  })
})

describe('a run on a session that waits for approval', () => {
  const pay = tool({ name: 'pay', inputSchema: z.object({}), needsApproval: true, execute: () => 'paid' })
  const overTheWire = (state: RunState | undefined): RunState => JSON.parse(JSON.stringify(state))

  const waiting = async (session: Session): Promise<{ assistant: Agent; state: RunState }> => {
    const model = scripted([calls(call('pay', {})), text('Done.'), text('Again.')])
    const assistant = agent({ model, tools: [pay] })
    const { state } = await assistant.run('Pay', { session }).result()
    return { assistant, state: overTheWire(state) }
  }

  const decide = (state: RunState) =>
    state.calls.flatMap((saved) => (saved.status === 'pending' ? [approve(saved.pending)] : []))

  it('lets go of the session, and adds its items when it has been resumed', async () => {
    const sessions = memorySessions()
    const session = sessions.session('s')
    await agent({ model: scripted([text('Hello.')]) })
      .run('Hi', { session })
      .result()
    const { assistant, state } = await waiting(session)
    expect(await sessions.get('s')).toMatchObject({ turns: 1 })
    await agent({ model: scripted([text('Twelve.')]) })
      .run('The time?', { session })
      .result()
    const result = await assistant.resume(state, decide(state), { session }).result()
    expect(texts(result.history).slice(0, 3)).toEqual(['Hi', 'Hello.', 'Pay'])
    const items = await sessions.read('s')
    expect(texts(items)).toEqual([
      'Hi',
      'Hello.',
      'The time?',
      'Twelve.',
      'Pay',
      'function_call',
      'function_call_output paid',
      'Done.',
    ])
    expect(validateItems(items)).toEqual([])
  })

  it('adds them once, however often the state is resumed', async () => {
    const sessions = memorySessions()
    const { assistant, state } = await waiting(sessions.session('s'))
    await assistant.resume(state, decide(state), { session: sessions.session('s') }).result()
    await assistant.resume(state, decide(state), { session: sessions.session('s') }).result()
    expect(await sessions.get('s')).toMatchObject({ turns: 1, items: 4 })
  })
})

describe('a session that fails', () => {
  const opened = (own: Partial<OpenSession>, trace: string[] = []): Session => ({
    id: 's',
    open: async () => ({
      items: [],
      append: async () => undefined,
      release: async () => {
        trace.push('released')
      },
      ...own,
    }),
  })

  it('fails the run before any call, when it cannot be opened', async () => {
    const model = scripted([text('Hi.')])
    const session: Session = { id: 's', open: () => Promise.reject(new Error('no disk')) }
    const error = await fails(agent({ model }).run('a', { session }))
    expect(error.message).toContain('no disk')
    expect(model.requests).toEqual([])
  })

  it('fails the run with all that it reached, when the items cannot be added; and is let go', async () => {
    const trace: string[] = []
    const session = opened({ append: () => Promise.reject(new Error('disk full')) }, trace)
    const error = await fails(agent({ model: scripted([text('Hi.')]) }).run('a', { session }))
    expect(error.message).toContain('disk full')
    expect(texts(error.result.history)).toEqual(['a', 'Hi.'])
    expect(trace).toEqual(['released'])
  })

  it('is a warning, when only letting go fails', async () => {
    const session = opened({ release: () => Promise.reject(new Error('gone')) })
    const result = await agent({ model: scripted([text('Hi.')]) })
      .run('a', { session })
      .result()
    expect(result.text).toBe('Hi.')
    expect(result.warnings).toMatchObject([
      { code: 'session_failed', message: expect.stringContaining('gone') },
    ])
  })

  it('keeps the first error, when the run failed before', async () => {
    const session = opened({ append: () => Promise.reject(new Error('disk full')) })
    const error = await fails(
      agent({ model: scripted([{ error: new Error('no more') }]) }).run('a', { session }),
    )
    expect(error.message).toContain('no more')
    expect(error.result.warnings.map(({ message }) => message).join()).toContain('disk full')
  })
})

describe('a session and the memory of a server', () => {
  it('are refused together where the server would have everything twice', () => {
    const assistant = agent({ model: scripted([text('Hi.')]) })
    const session = memorySession()
    for (const options of [{ previousResponseId: 'resp_1' }, { state: { conversation: 'conv_1' } }])
      expect(() => assistant.run('a', { session, ...options })).toThrow(
        expect.objectContaining({ code: 'invalid_config' }),
      )
  })

  it('go together in a run: all at first, then new items only', async () => {
    const model = scripted([text('Hi.'), calls(call('look', {})), text('Yes.')])
    const assistant = agent({ model, tools: [look], state: 'server' })
    const session = memorySession()
    await assistant.run('a', { session }).result()
    await assistant.run('b', { session }).result()
    expect(model.requests[1]?.previous_response_id).toBeUndefined()
    expect(texts(model.requests[1]?.input as InputItem[])).toEqual(['a', 'Hi.', 'b'])
    expect(texts(model.requests[2]?.input as InputItem[])).toEqual(['function_call_output seen'])
  })
})

it('a sub-agent is a run of its own: the session is not its history', async () => {
  const inner = scripted([text('Inside.')])
  const helper = agent({ name: 'helper', model: inner })
  const model = scripted([text('Hi.'), calls(call('helper', { input: 'Help' })), text('Done.')])
  const assistant = agent({ model, tools: [helper.asTool()] })
  const session = memorySession()
  await assistant.run('a', { session }).result()
  await assistant.run('b', { session }).result()
  expect(texts(inner.requests[0]?.input as InputItem[])).toEqual(['Help'])
})
