// Kept runs that share a session: what they see when they are resumed, and what they add.
import type { InputItem } from '@antiphon/client'
import {
  type Agent,
  agent,
  approve,
  type LogRecord,
  memoryRuns,
  memorySessions,
  type RunError,
  type RunStore,
  requestsOf,
  type Session,
  tool,
} from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const texts = (items: readonly unknown[]): string[] =>
  (items as { type?: string; content?: unknown }[]).map(({ type, content }) => {
    if (typeof content === 'string') return content
    if (Array.isArray(content)) return content.map((part) => (part as { text?: string }).text).join('')
    return String(type)
  })

const look = tool({ name: 'look', inputSchema: z.object({}), effect: 'read', execute: () => 'seen' })
const pay = tool({ name: 'pay', inputSchema: z.object({}), needsApproval: true, execute: () => 'paid' })

const fails = async (run: { result(): Promise<unknown> }): Promise<RunError> => {
  try {
    await run.result()
  } catch (error) {
    return error as RunError
  }
  throw new Error('Expected the run to fail.')
}

const down = { error: new Error('the server is down') }

/** A session with one turn, and a store. */
const setUp = async () => {
  const sessions = memorySessions()
  const session = sessions.session('s')
  const say = async (input: string, answer: string): Promise<void> => {
    await agent({ model: scripted([text(answer)]) })
      .run(input, { session })
      .result()
  }
  await say('Hi', 'Hello.')
  return { sessions, session, say, store: memoryRuns() }
}

const talker = (...steps: Parameters<typeof scripted>[0]) => {
  const model = scripted(steps)
  return { model, assistant: agent({ model, tools: [look, pay] }) as Agent }
}

const record = async (store: RunStore, key: string): Promise<LogRecord | undefined> =>
  (await store.read('r')).find((one) => one.key === key)

describe('a kept run on a session', () => {
  it('sees the same history when it is resumed, and adds its items then, once', async () => {
    const { sessions, session, say, store } = await setUp()
    const { model, assistant } = talker(calls(call('look', {})), down, text('Done.'))
    const error = await fails(assistant.run('Look', { session, store, runId: 'r' }))
    expect(error.message).toContain('the server is down')
    expect(texts(await sessions.read('s'))).toEqual(['Hi', 'Hello.'])
    await say('Bye', 'See you.')
    const result = await assistant.resume('r', [], { session, store }).result()
    const history = ['Hi', 'Hello.', 'Look', 'function_call', 'function_call_output', 'Done.']
    expect(texts(result.history)).toEqual(history)
    expect(texts(result.items)).toEqual(history.slice(3))
    expect(texts(model.requests[2]?.input as InputItem[])).toEqual(history.slice(0, 5))
    const kept = ['Hi', 'Hello.', 'Bye', 'See you.', ...history.slice(2)]
    expect(texts(await sessions.read('s'))).toEqual(kept)
    // A run that is over gives its result again, also while another run has the session.
    const held = await session.open('other')
    const again = await assistant.run('Look', { session, store, runId: 'r' }).result()
    expect(texts(again.history)).toEqual(history)
    const resumed = await assistant.resume('r', [], { session, store }).result()
    expect(texts(resumed.history)).toEqual(history)
    await held.release()
    expect(texts(await sessions.read('s'))).toEqual(kept)
    expect(model.requests).toHaveLength(3)
  })

  it('adds its items when it has been decided, by its id alone', async () => {
    const { sessions, session, say, store } = await setUp()
    const { assistant } = talker(calls(call('pay', {})), text('Done.'))
    const first = await assistant.run('Pay', { session, store, runId: 'r' }).result()
    await say('Bye', 'See you.')
    const pending = first.stop.reason === 'approval' ? first.stop.pending : []
    const result = await assistant
      .resume(
        'r',
        pending.map((one) => approve(one)),
        { session, store },
      )
      .result()
    expect(result.text).toBe('Done.')
    expect(texts(await sessions.read('s')).slice(2)).toEqual([
      'Bye',
      'See you.',
      'Pay',
      'function_call',
      'function_call_output',
      'Done.',
    ])
  })

  it('adds what it has when it is cancelled', async () => {
    const { sessions, session, store } = await setUp()
    const { assistant } = talker(calls(call('look', {})), text('Done.'))
    const run = assistant.run('Look', { session, store, runId: 'r' })
    run.once('turn.ended', () => run.cancel())
    expect((await run.result()).stop.reason).toBe('cancelled')
    expect(texts(await sessions.read('s')).slice(2)).toEqual([
      'Look',
      'function_call',
      'function_call_output',
    ])
  })

  it('takes the session from itself when the run is taken, and what had it adds nothing', async () => {
    const { sessions, session, store } = await setUp()
    let entered = (): void => undefined
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    const hang = tool({
      name: 'look',
      inputSchema: z.object({}),
      // It does not start before the response is in the log.
      effect: 'write',
      execute: (_, { signal }) => {
        entered()
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    })
    const zombie = agent({ model: scripted([calls(call('look', {}))]), tools: [hang] })
    const old = zombie.run('Look', { session, store, runId: 'r' })
    const lost = fails(old)
    await inside
    const { assistant } = talker(text('Done.'))
    const result = await assistant.resume('r', [], { session, store, takeOver: true }).result()
    expect(result.text).toBe('Done.')
    expect((await lost).code).toBe('run_taken')
    expect(texts(await sessions.read('s')).slice(2)).toEqual([
      'Look',
      'function_call',
      'function_call_output',
      'Done.',
    ])
    expect(await sessions.get('s')).not.toHaveProperty('runId')
  })

  it('does not write the history into its log, where the session can be read at a point', async () => {
    const { session, store } = await setUp()
    const at = { line: 'l', n: 1 }
    const pointed: Session = {
      id: 's',
      open: async (runId, options) => ({ ...(await session.open(runId, options)), at }),
    }
    const { assistant, model } = talker(calls(call('look', {})), text('Done.'))
    await assistant.run('Look', { session: pointed, store, runId: 'r' }).result()
    expect((await record(store, 'session'))?.value).toEqual({ count: 2, at })
    expect((await record(store, 't0/model'))?.about).toMatchObject({
      input: { keep: 2, add: [{ $record: 'run', $index: 0 }] },
    })
    const log = await store.read('r')
    expect(() => requestsOf(log)).toThrow(expect.objectContaining({ code: 'log_damaged' }))
    const whole = log.map((one) =>
      one.key === 'session'
        ? {
            ...one,
            value: {
              ...(one.value as object),
              items: (model.requests[0] as { input: [] }).input.slice(0, 2),
            },
          }
        : one,
    )
    expect(requestsOf(whole).map(({ request }) => request.input)).toEqual(
      model.requests.map(({ input }) => input),
    )
  })

  it('has the history in its log otherwise, and goes on by that when the session has lost it', async () => {
    const { session, store } = await setUp()
    const { assistant, model } = talker(calls(call('look', {})), down, text('Done.'))
    await fails(assistant.run('Look', { session, store, runId: 'r' }))
    const anew = memorySessions()
    const result = await assistant.resume('r', [], { session: anew.session('s'), store }).result()
    expect(texts(result.history).slice(0, 3)).toEqual(['Hi', 'Hello.', 'Look'])
    expect(texts(await anew.read('s'))[0]).toBe('Look')
    expect(requestsOf(await store.read('r')).map(({ request }) => request.input)).toEqual([
      model.requests[0]?.input,
      model.requests[2]?.input,
    ])
  })

  it('fails when the session has lost what only the session had', async () => {
    const { session, store } = await setUp()
    const pointed = (of: Session): Session => ({
      id: 's',
      open: async (runId, options) => ({ ...(await of.open(runId, options)), at: { line: 'l', n: 1 } }),
    })
    const { assistant } = talker(down, text('Done.'))
    await fails(assistant.run('Look', { session: pointed(session), store, runId: 'r' }))
    const anew = memorySessions()
    const error = await fails(assistant.resume('r', [], { session: pointed(anew.session('s')), store }))
    expect(error.code).toBe('point_unknown')
    expect(await anew.get('s')).not.toHaveProperty('runId')
  })

  it('is resumed as it began, or not at all', async () => {
    const { sessions, session, store } = await setUp()
    const { assistant } = talker(down, down, text('Done.'))
    await fails(assistant.run('Look', { session, store, runId: 'r' }))
    const without = await fails(assistant.resume('r', [], { store }))
    expect(without).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('"s"') })
    const other = await fails(assistant.resume('r', [], { store, session: sessions.session('t') }))
    expect(other).toMatchObject({ code: 'run_conflict', message: expect.stringContaining('"t"') })
    await fails(assistant.run('Look', { store, runId: 'plain' }))
    const { assistant: third } = talker(calls(call('pay', {})), text('Done.'))
    await third.run('Pay', { store, runId: 'waits' }).result()
    const added = await fails(third.resume('waits', [], { store, session }))
    expect(added.code).toBe('run_conflict')
  })

  it('finds its session by itself, where the store has sessions', async () => {
    const { sessions, session, store } = await setUp()
    const both: RunStore = { ...store, session: (id, options) => sessions.session(id, options) }
    const { assistant } = talker(down, text('Done.'))
    await fails(assistant.run('Look', { session, store: both, runId: 'r' }))
    // It waits for whoever has the session.
    const held = await session.open('other')
    const resumed = assistant.resume('r', [], { store: both }).result()
    await held.append([{ type: 'message', role: 'user', content: 'between' }])
    await held.release()
    expect(texts((await resumed).history)).toEqual(['Hi', 'Hello.', 'Look', 'Done.'])
    expect(texts(await sessions.read('s'))).toEqual(['Hi', 'Hello.', 'between', 'Look', 'Done.'])
  })

  it('can be resumed when it could not have the session', async () => {
    const { sessions, session, store } = await setUp()
    const { assistant, model } = talker(text('Done.'))
    const held = await session.open('other')
    const error = await fails(assistant.run('Look', { session, store, runId: 'r' }))
    expect(error).toMatchObject({ code: 'session_busy', retryable: true })
    expect(model.requests).toEqual([])
    await held.release()
    const result = await assistant.run('Look', { session, store, runId: 'r' }).result()
    expect(texts(result.history)).toEqual(['Hi', 'Hello.', 'Look', 'Done.'])
    expect(await sessions.get('s')).toMatchObject({ turns: 2 })
  })
})
