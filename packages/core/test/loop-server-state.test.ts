import type { InputItem, ResponseRequest } from '@antiphon/client'
import { agent, approve, ConfigError, type RunState, responses, tool, validateItems } from 'antiphon'
import {
  call,
  calls,
  type FakeUpstream,
  fakeUpstream,
  type ScriptStep,
  scripted,
  text,
} from 'antiphon/testing'
import { afterEach, describe, expect, it } from 'vitest'

const ping = tool({ name: 'ping', execute: () => 'pong' })
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const output = (callId: string): InputItem => ({
  type: 'function_call_output',
  call_id: callId,
  output: 'pong',
})

const threeTurns: ScriptStep[] = [calls(call('ping')), calls(call('ping')), text('Done.')]

const sent = (requests: readonly ResponseRequest[]) =>
  requests.map(({ input, previous_response_id: previous, conversation }) => [
    (input as InputItem[]).length,
    previous ?? conversation,
  ])

let open: FakeUpstream[] = []
const upstream = async (options: Parameters<typeof fakeUpstream>[0]): Promise<FakeUpstream> => {
  const made = await fakeUpstream(options)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.map((made) => made.close()))
  open = []
})

const at = ({ url }: FakeUpstream) => responses({ baseURL: url, apiKey: 'test', model: 'm' })

describe("state: 'server'", () => {
  it('sends only what is new, with the response it follows', async () => {
    const model = scripted(threeTurns)
    const result = await agent({ model, tools: [ping], state: 'server' })
      .run('Go')
      .result()
    expect(model.requests.map((request) => [request.input, request.previous_response_id])).toEqual([
      [[user('Go')], undefined],
      [[output('call_1')], 'resp_1'],
      [[output('call_2')], 'resp_2'],
    ])
    expect(result.history).toHaveLength(6)
    expect(validateItems(result.history)).toEqual([])
  })

  it('may be asked for by one run', async () => {
    const model = scripted(threeTurns)
    await agent({ model, tools: [ping] })
      .run('Go', { state: 'server' })
      .result()
    expect(sent(model.requests)).toEqual([
      [1, undefined],
      [1, 'resp_1'],
      [1, 'resp_2'],
    ])
  })

  it('may be refused by one run', async () => {
    const model = scripted(threeTurns)
    await agent({ model, tools: [ping], state: 'server' })
      .run('Go', { state: 'local' })
      .result()
    expect(sent(model.requests)).toEqual([
      [1, undefined],
      [3, undefined],
      [5, undefined],
    ])
  })

  it('sends what was steered in, too', async () => {
    const model = scripted(threeTurns)
    const run = agent({ model, tools: [ping], state: 'server' }).run('Go')
    run.once('tool.ended', () => run.steer('Hurry.'))
    await run.result()
    expect(model.requests[1]?.input).toEqual([output('call_1'), user('Hurry.')])
  })

  it('goes on from a given response', async () => {
    const model = scripted([text('ok')])
    const assistant = agent({ model, state: 'server' })
    await assistant.run([output('call_7')], { previousResponseId: 'resp_old' }).result()
    expect(model.requests[0]).toMatchObject({ previous_response_id: 'resp_old', input: [output('call_7')] })
  })

  it('is kept over an approval', async () => {
    const gated = tool({ name: 'ping', needsApproval: true, execute: () => 'pong' })
    const model = scripted([calls(call('ping')), text('Done.')])
    const assistant = agent({ model, tools: [gated], state: 'server' })
    const first = await assistant.run('Go').result()
    if (first.stop.reason !== 'approval') throw new Error('Expected an approval.')
    const state: RunState = JSON.parse(JSON.stringify(first.state))
    await assistant
      .resume(
        state,
        first.stop.pending.map((one) => approve(one)),
      )
      .result()
    expect(model.requests[1]).toMatchObject({ previous_response_id: 'resp_1', input: [output('call_1')] })
  })

  it('goes on by hand when a server names no response', async () => {
    const model = scripted([{ ...calls(call('ping')), response: { id: '' } }, text('Done.')])
    await agent({ model, tools: [ping], state: 'server' })
      .run('Go')
      .result()
    expect(sent(model.requests)).toEqual([
      [1, undefined],
      [3, undefined],
    ])
  })
})

describe('a server that forgot', () => {
  const steps = [calls(call('ping')), calls(call('ping')), text('Done.')] as const
  const refusals: [string, number, unknown][] = [
    [
      'a 400 with its code',
      400,
      { error: { message: 'gone', type: 'invalid_request_error', code: 'previous_response_not_found' } },
    ],
    ['a 400 about the parameter', 400, { error: { message: 'bad', param: 'previous_response_id' } }],
    ['a 400 in words', 400, { error: { message: 'Previous response not found' } }],
    ['a 404', 404, { error: { message: 'Not found' } }],
    ['a 501', 501, { detail: 'not implemented' }],
  ]
  it.each(refusals)('by %s gets the whole history from then on', async (_name, status, body) => {
    const server = await upstream({
      answers: [...steps],
      faults: (request) => (request.body.previous_response_id ? { status, body } : undefined),
    })
    const result = await agent({ model: at(server), tools: [ping], state: 'server' })
      .run('Go')
      .result()
    expect(result.text).toBe('Done.')
    expect(sent(server.requests.map((request) => request.body))).toEqual([
      [1, undefined],
      [1, 'resp_1'],
      [3, undefined],
      [5, undefined],
    ])
    expect(result.warnings.map((warning) => warning.code)).toEqual(['server_state_lost'])
    expect(result.turns).toBe(3)
    expect(validateItems(result.history)).toEqual([])
  })

  it('really: ids it did not give out are refused by a server that checks them', async () => {
    const server = await upstream({ answers: [text('First.'), text('Second.')], checkState: true })
    const assistant = agent({ model: at(server), state: 'server' })
    await expect(assistant.run('Go', { previousResponseId: 'resp_gone' }).result()).rejects.toMatchObject({
      code: 'bad_request',
    })
    expect(server.requests).toHaveLength(1)
  })

  it('what the caller went on from cannot be told the rest: the run fails instead of guessing', async () => {
    const server = await upstream({
      answers: [calls(call('ping')), text('no')],
      faults: (_request, n) =>
        n === 1 ? { status: 404, body: { error: { message: 'Not found' } } } : undefined,
    })
    const assistant = agent({ model: at(server), tools: [ping], state: 'server' })
    const run = assistant.run('Go', { previousResponseId: 'resp_old' })
    await expect(run.result()).rejects.toMatchObject({ name: 'RunError' })
    expect(server.requests).toHaveLength(2)
  })

  it('is not what any other refusal means', async () => {
    const body = { error: { message: 'Bad temperature', param: 'temperature' } }
    const server = await upstream({
      answers: [calls(call('ping')), text('no')],
      faults: (request) => (request.body.previous_response_id ? { status: 400, body } : undefined),
    })
    const run = agent({ model: at(server), tools: [ping], state: 'server' }).run('Go')
    await expect(run.result()).rejects.toMatchObject({ message: expect.stringContaining('Bad temperature') })
    expect(server.requests).toHaveLength(2)
  })
})

describe('a conversation', () => {
  const conversation = 'conv_1'
  it('of the agent gets only what is new, and no previous response', async () => {
    const model = scripted(threeTurns)
    const result = await agent({ model, tools: [ping], state: { conversation } })
      .run('Go')
      .result()
    expect(sent(model.requests)).toEqual([
      [1, 'conv_1'],
      [1, 'conv_1'],
      [1, 'conv_1'],
    ])
    expect(model.requests.every((request) => !('previous_response_id' in request))).toBe(true)
    expect(result.history).toHaveLength(6)
  })

  it('may be given to one run', async () => {
    const model = scripted(threeTurns)
    await agent({ model, tools: [ping] })
      .run('Go', { state: { conversation: { id: 'conv_2' } } })
      .result()
    expect(model.requests.map((request) => request.conversation)).toEqual([
      { id: 'conv_2' },
      { id: 'conv_2' },
      { id: 'conv_2' },
    ])
    expect(model.requests.every((request) => !('previous_response_id' in request))).toBe(true)
    expect(model.requests.map((request) => request.input?.length)).toEqual([1, 1, 1])
  })

  it('goes on after a hand-off, and after a resume', async () => {
    const gated = tool({ name: 'gated', needsApproval: true, execute: () => 'ok' })
    const model = scripted([calls(call('gated')), text('Done.')])
    const other = agent({ name: 'other', model, tools: [gated] })
    const first = agent({
      model: scripted([calls(call('transfer_to_other'))]),
      handoffs: [other],
      state: { conversation },
    })
    const waiting = await first.run('Go').result()
    if (waiting.stop.reason !== 'approval') throw new Error('Expected an approval.')
    const state: RunState = JSON.parse(JSON.stringify(waiting.state))
    await first
      .resume(
        state,
        waiting.stop.pending.map((one) => approve(one)),
      )
      .result()
    expect(sent(model.requests)).toEqual([
      [1, 'conv_1'],
      [1, 'conv_1'],
    ])
  })

  it('cannot be had from a model that keeps nothing', () => {
    const inner = agent({ model: scripted([]) }).asModel()
    const assistant = agent({ model: inner, state: { conversation } })
    expect(() => assistant.run('Go')).toThrow(ConfigError)
  })
})
