import { ApiError, finalText, type InputItem, type ResponseEvent } from '@antiphon/client'
import { agent, ConfigError, fallback, GuardError, guard, type Model, responses, tool } from 'antiphon'
import {
  call,
  calls,
  fakeUpstream,
  lifecycleEvents,
  messageItem,
  reasoningItem,
  scripted,
  text,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { callModel, testContext } from './call-model.ts'

const down = new ApiError('server_error', 'Down.', { status: 503, retryable: true })
const refused = (apiCode?: string): ApiError =>
  new ApiError('bad_request', 'Refused.', { status: 400, apiCode })
const named = (modelName: string, ...steps: Parameters<typeof scripted>[0]) => scripted(steps, { modelName })

const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const itemsOf = (input: unknown): { type: string; id?: string }[] => input as { type: string; id?: string }[]

describe('fallback', () => {
  it('asks the next model when one is down, and tells of it', async () => {
    const model = fallback([
      named('a', { error: down }),
      named('b', { error: down }),
      named('c', text('From c')),
    ])
    const result = await agent({ model }).run('Hi').result()
    expect(result.text).toBe('From c')
    expect(result.warnings.map(({ message }) => message)).toEqual([
      'fallback: a failed, b is asked instead. Down.',
      'fallback: b failed, c is asked instead. Down.',
    ])
  })

  it('stands behind the model of an agent when it is used there', async () => {
    const result = await agent({
      model: named('a', { error: down }),
      use: [fallback(named('b', text('From b')))],
    })
      .run('Hi')
      .result()
    expect(result.text).toBe('From b')
  })

  it('fails with the error of the last when all fail', async () => {
    const last = new ApiError('rate_limited', 'Too much.', { status: 429, retryable: true })
    await expect(
      callModel(fallback([named('a', { error: down }), named('b', { error: last })])),
    ).rejects.toBe(last)
  })

  it('goes on with the model that works, for the whole run and no longer', async () => {
    const first = named('a', { error: down }, text('a again'))
    const second = named('b', calls(call('look')), calls(call('look')), text('Done'))
    const assistant = agent({ model: fallback([first, second]), tools: [look] })
    expect((await assistant.run('Hi').result()).text).toBe('Done')
    expect(first.requests).toHaveLength(1)
    expect(second.requests).toHaveLength(3)
    expect((await assistant.run('Hi').result()).text).toBe('a again')
  })

  it('comes back to the first when the second goes down later', async () => {
    const first = named('a', { error: down }, text('a is back'))
    const second = named('b', calls(call('look')), { error: down })
    const result = await agent({ model: fallback([first, second]), tools: [look] })
      .run('Hi')
      .result()
    expect(result.text).toBe('a is back')
  })

  it('never appends the answer of one to the beginning of another', async () => {
    const second = named('b', text('Another'))
    const run = agent({ model: fallback([named('a', { text: 'One two', error: down }), second]) }).run('Hi')
    await expect(run.result()).rejects.toMatchObject({ code: 'server_error' })
    expect(second.requests).toHaveLength(0)
  })

  it('shows the reasoning of one model to no other, and keeps its own with its calls', async () => {
    const reasoning = (id: string) => reasoningItem({ id, encryptedContent: `secret of ${id}` })
    const first = named(
      'a',
      { items: [reasoning('rs_a'), { ...callFor('call_a'), id: 'fc_a' }] },
      { error: down },
      text('a at the end'),
    )
    const second = named(
      'b',
      { items: [reasoning('rs_b'), { ...callFor('call_b'), id: 'fc_b' }] },
      { error: down },
    )
    const result = await agent({ model: fallback([first, second]), tools: [look] })
      .run('Hi')
      .result()
    expect(result.text).toBe('a at the end')

    // b at first: nothing of a's that only a can read, but the call and its output.
    const toB = itemsOf(second.requests[0]?.input)
    expect(toB.map(({ type }) => type)).toEqual(['message', 'function_call', 'function_call_output'])
    expect(toB[1]).not.toHaveProperty('id')
    // b again: its own reasoning with its own call.
    const again = itemsOf(second.requests[1]?.input)
    expect(again.map(({ id }) => id)).toEqual([undefined, undefined, undefined, 'rs_b', 'fc_b', undefined])
    // a again: its own, and nothing of b's.
    const toA = itemsOf(first.requests[2]?.input)
    expect(toA.map(({ id }) => id)).toEqual([undefined, 'rs_a', 'fc_a', undefined, undefined, undefined])
    // The history has all of it, verbatim.
    expect(itemsOf(result.history).flatMap(({ id }) => id ?? [])).toEqual([
      'rs_a',
      'fc_a',
      'rs_b',
      'fc_b',
      expect.any(String),
    ])
  })

  it.each([
    ['a refused request', refused(), false],
    ['a parameter that the model does not take', refused('unsupported_parameter'), true],
    ['a context that is too long for the model', refused('context_length_exceeded'), true],
    ['a key that is not valid', new ApiError('authentication', 'Bad key.', { status: 401 }), true],
    ['an error of the model itself', new TypeError('x is undefined'), true],
    ['an abort', new DOMException('Stopped.', 'AbortError'), false],
    ['a broken set-up', new ConfigError('invalid_config', 'Bad.'), false],
    ['a refusal of a guard', new GuardError('input', 'No.'), false],
  ])('takes %s to another model, or not, by what it means', async (_name, error, passes) => {
    const second = named('b', text('From b'))
    const outcome = await callModel(fallback([named('a', { error }), second])).catch(
      (thrown: unknown) => thrown,
    )
    expect(second.requests).toHaveLength(passes ? 1 : 0)
    if (!passes) expect(outcome).toBe(error)
  })

  it('asks `when` where it is given', async () => {
    const model = fallback([named('a', { error: refused() }), named('b', text('From b'))], {
      when: () => true,
    })
    expect(finalText((await callModel(model)).response)).toBe('From b')
  })

  it('lets a guard inside it block for good', async () => {
    const strict = guard({ input: () => ({ block: 'not today' }) }).model?.(
      named('a', text('Not reached')),
    ) as Model
    const second = named('b', text('Not reached'))
    await expect(callModel(fallback([strict, second]))).rejects.toMatchObject({ code: 'guard_blocked' })
    expect(second.requests).toHaveLength(0)
  })

  it('sends the whole history when the next server cannot know the stored one', async () => {
    const first = named('a', calls(call('look')), { error: down })
    const second = named('b', text('From b'))
    const result = await agent({ model: fallback([first, second]), tools: [look], state: 'server' })
      .run('Hi')
      .result()
    expect(result.text).toBe('From b')
    expect(first.requests[1]).toMatchObject({ previous_response_id: 'resp_1' })
    expect(second.requests).toHaveLength(1)
    expect(second.requests[0]).not.toHaveProperty('previous_response_id')
    expect(second.requests[0]?.input).toMatchObject([
      { role: 'user' },
      { type: 'function_call' },
      { type: 'function_call_output' },
    ])
  })

  it('stays with a conversation, whose items no other server has', async () => {
    const second = named('b', text('Not reached'))
    const model = fallback([named('a', { error: down }), second])
    await expect(callModel(model, { input: 'Hi', conversation: 'conv_1' })).rejects.toBe(down)
    expect(second.requests).toHaveLength(0)
  })

  it('prices a turn by the model that answered it', async () => {
    const prices = { a: { input: 1_000_000, output: 0 }, b: { input: 1, output: 0 } }
    const result = await agent({
      model: fallback([named('a', { error: down }), named('b', text('Cheap'))]),
      prices,
    })
      .run('Hi')
      .result()
    expect(result.costUsd).toBeCloseTo(0.0001, 10)
  })

  it('counts what the failed response has cost, at its own price', async () => {
    const failed = {
      failed: { code: 'server_error', message: 'Broken.' },
      usage: { input_tokens: 1, output_tokens: 0 },
    }
    const prices = { a: { input: 1_000_000, output: 0 }, b: { input: 0, output: 0 } }
    const result = await agent({ model: fallback([named('a', failed), named('b', text('Fine'))]), prices })
      .run('Hi')
      .result()
    expect(result.costUsd).toBe(1)
    expect(result.usage.requests).toBe(2)
  })

  it('compacts with the model that is in use', async () => {
    const able = (name: string, ...steps: Parameters<typeof scripted>[0]) =>
      Object.assign(named(name, ...steps), { compact: async () => [{ type: 'compaction', id: name }] })
    const model = fallback([able('a', { error: down }), able('b', text('From b')), named('c')])
    const context = testContext()
    expect(await model.compact?.({ input: [] }, context)).toEqual([{ type: 'compaction', id: 'a' }])
    await callModel(model, { input: [user('Hi')] }, context)
    expect(await model.compact?.({ input: [] }, context)).toEqual([{ type: 'compaction', id: 'b' }])
    const unable = fallback([able('a', { error: down }), named('c', text('From c'))])
    await callModel(unable, { input: 'Hi' }, context)
    await expect(unable.compact?.({ input: [] }, context)).rejects.toMatchObject({ code: 'not_implemented' })
  })

  it.each([[[]], [['gpt-5.4']]])('refuses %j, which is no list of models', (models) => {
    expect(() => fallback(models as unknown as Model[])).toThrow(/at least one model/)
  })

  it('takes over from an endpoint that cannot be reached', async () => {
    await using gone = await fakeUpstream()
    await gone.close()
    await using upstream = await fakeUpstream({ answers: 'Here' })
    const at = (baseURL: string): Model => responses('m', { baseURL, apiKey: 'k', retries: 0 })
    const result = await agent({ model: fallback([at(gone.url), at(upstream.url)]) })
      .run('Hi')
      .result()
    expect(result.text).toBe('Here')
  })

  it('passes events of the model that answers on unchanged', async () => {
    const response = {
      id: 'resp_x',
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'b',
      output: [messageItem('Same')],
    }
    const events = lifecycleEvents(response as never)
    const seen: ResponseEvent[] = []
    await fallback([named('a', { error: down }), named('b', { events })])(
      { input: 'Hi' },
      (event) => seen.push(event),
      testContext(),
    )
    expect(seen).toEqual(events)
  })
})

function callFor(call_id: string) {
  return {
    type: 'function_call',
    id: '',
    call_id,
    name: 'look',
    arguments: '{}',
    status: 'completed',
  } as const
}
