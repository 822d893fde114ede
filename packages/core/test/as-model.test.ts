import {
  ApiError,
  eventsOf,
  finalText,
  type InputItem,
  type OutputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import { agent, asModel, fallback, fromIterable, type Model, responses, retry, tool } from 'antiphon'
import {
  call,
  calls,
  checkLifecycle,
  fakeUpstream,
  messageItem,
  reasoningItem,
  type ScriptStep,
  scripted,
  text,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callModel, testContext, typesOf } from './call-model.ts'
import { untilAborted } from './loop-gate.ts'

const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })
const inner = (steps: readonly ScriptStep[], more: object = {}) =>
  agent({ name: 'scout', model: scripted(steps), tools: [look], ...more })
const types = (items: readonly { type?: string }[]): string[] => items.map(({ type }) => type ?? 'message')

describe('an agent as a model', () => {
  it('answers with one valid response over all its turns, its own calls left out', async () => {
    const scout = inner([
      { reasoning: 'Let me look.', text: 'One moment.', calls: [{ name: 'look' }, { name: 'look' }] },
      { reasoning: 'I see.', calls: [{ name: 'look' }] },
      text('It is seen.'),
    ])
    const { events, response } = await callModel(scout.asModel(), { input: 'What is there?' })
    expect(checkLifecycle(events)).toEqual([])
    expect(events.map((event) => (event as { sequence_number?: number }).sequence_number)).toEqual(
      events.map((_, n) => n),
    )
    for (const once of ['response.created', 'response.in_progress', 'response.completed'])
      expect(typesOf(events).filter((type) => type === once)).toHaveLength(1)
    expect(types(response.output)).toEqual(['reasoning', 'message', 'reasoning', 'message'])
    expect(finalText(response)).toBe('It is seen.')
    expect(response.status).toBe('completed')
    expect(response.usage).toMatchObject({ input_tokens: 300, output_tokens: 60, total_tokens: 360 })
    expect(response.completed_at).toEqual(expect.any(Number))
    expect(JSON.stringify(events)).not.toContain('look"')
  })

  it('keeps the ids that the servers gave, and the text as it streamed', async () => {
    const scout = inner([{ text: 'One moment.', calls: [{ name: 'look' }] }, text('It is seen.')])
    const run = scout.run('Hi')
    const items = (await run.result()).items.filter(({ type }) => type === 'message')
    const again = inner([{ text: 'One moment.', calls: [{ name: 'look' }] }, text('It is seen.')])
    const { events, response } = await callModel(again.asModel())
    expect(response.output).toEqual(items)
    const deltas = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.delta] : [],
    )
    expect(deltas.join('')).toBe('One moment.It is seen.')
    expect(deltas.length).toBeGreaterThan(2)
  })

  it('shows calls and outputs where a person reads it, in the order of the calls', async () => {
    const scout = inner([calls(call('look', {}, 'call_a'), call('look', {}, 'call_b')), text('Done')])
    const { events, response } = await callModel(scout.asModel({ showCalls: true }))
    expect(checkLifecycle(events)).toEqual([])
    expect(types(response.output)).toEqual([
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
      'message',
    ])
    expect(response.output.slice(2, 4)).toMatchObject([
      { call_id: 'call_a', output: 'seen' },
      { call_id: 'call_b', output: 'seen' },
    ])
  })

  it('is the model of another agent, whose history goes through it again', async () => {
    const model = scripted([
      { reasoning: 'Hm.', calls: [{ name: 'look' }] },
      { reasoning: 'Ah.', text: 'First' },
      text('Second'),
    ])
    const scout = agent({ name: 'scout', model, tools: [look], instructions: 'Look.' })
    const outer = agent({ model: scout.asModel(), instructions: 'Be polite.' })
    const first = await outer.run('One').result()
    expect(first.text).toBe('First')
    expect(first.turns).toBe(1)
    expect(first.usage).toMatchObject({ inputTokens: 200, requests: 1 })
    const second = await outer.run([...first.history, user('Two')]).result()
    expect(second.text).toBe('Second')
    // Reasoning whose call was not shown cannot be replayed; the instructions of both arrive.
    expect(model.requests[2]).toMatchObject({
      instructions: 'Look.',
      input: [
        { role: 'developer', content: 'Be polite.' },
        user('One'),
        { type: 'message', role: 'assistant' },
        user('Two'),
      ],
    })
  })

  it('is priced by the model behind it', async () => {
    const scout = inner([calls(call('look')), text('Done')])
    const prices = { scripted: { input: 1_000_000, output: 0 } }
    const result = await agent({ model: scout.asModel(), prices }).run('Hi').result()
    expect(result.costUsd).toBe(200)
  })

  it('can be wrapped like any model', async () => {
    const down = new ApiError('server_error', 'Down.', { status: 503, retryable: true })
    const broken = inner([{ error: down }, calls(call('look')), text('Third time')])
    expect(finalText((await callModel(retry(broken.asModel(), { baseMs: 1 }))).response)).toBe('Third time')
    const hopeless = agent({ name: 'hopeless', model: scripted([{ error: down }]) })
    const other = agent({ name: 'other', model: scripted([text('Here')]) })
    expect(finalText((await callModel(fallback([hopeless.asModel(), other.asModel()]))).response)).toBe(
      'Here',
    )
  })

  it('has the name of the agent, and no state of its own', () => {
    const model = asModel(inner([]))
    expect(model.modelName).toBe('scout')
    expect(model.capabilities).toEqual({ serverState: false, compact: false })
  })
})

describe('how an agent as a model ends', () => {
  it('is incomplete, with the limit, when a limit was reached', async () => {
    const scout = inner([calls(call('look')), calls(call('look')), text('So far')], {
      limits: { toolCalls: 1 },
    })
    const { events, response } = await callModel(scout.asModel())
    expect(checkLifecycle(events)).toEqual([])
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'toolCalls' } })
    expect(finalText(response)).toBe('So far')
  })

  it('is incomplete when a response was cut off, half a call and all', async () => {
    const scout = inner([{ text: 'Half of', calls: [{ name: 'look' }], incomplete: 'max_output_tokens' }])
    const { events, response } = await callModel(scout.asModel())
    expect(checkLifecycle(events)).toEqual([])
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
    expect(types(response.output)).toEqual(['message'])
  })

  it('is completed when the agent stops itself', async () => {
    const scout = inner([{ text: 'Enough', calls: [{ name: 'look' }] }], { stopWhen: () => true })
    expect((await callModel(scout.asModel())).response).toMatchObject({ status: 'completed' })
  })

  it('rejects with the typed error of what failed, and counts what was spent', async () => {
    const down = new ApiError('rate_limited', 'Too much.', { status: 429, retryable: true, retryAfterMs: 5 })
    const context = testContext()
    await expect(
      callModel(inner([calls(call('look')), { error: down }]).asModel(), { input: 'Hi' }, context),
    ).rejects.toBe(down)
    expect(context.booked).toEqual([{ inputTokens: 100, modelName: 'scripted' }])
    const failed = inner([{ failed: { code: 'server_error', message: 'Broken.' } }])
    await expect(callModel(failed.asModel())).rejects.toMatchObject({
      code: 'response_failed',
      retryable: true,
    })
  })

  it('rejects when a call waits for a decision, which a model cannot', async () => {
    const gated = tool({ name: 'remove', needsApproval: true, execute: () => 'removed' })
    const scout = inner([calls(call('remove'))], { tools: [gated] })
    await expect(callModel(scout.asModel())).rejects.toMatchObject({
      code: 'approval_needed',
      message: expect.stringContaining('remove'),
    })
  })

  it('stops with the run that asks it, and its tools with it', async () => {
    let aborted = false
    const slow = tool({
      name: 'slow',
      effect: 'read',
      execute: (_input, { signal }) =>
        untilAborted(signal).catch((reason: unknown) => {
          aborted = true
          throw reason
        }),
    })
    const scout = agent({
      name: 'scout',
      model: scripted([{ text: 'Wait.', calls: [{ name: 'slow' }] }]),
      tools: [slow],
    })
    const run = agent({ model: scout.asModel() }).run('Hi')
    run.on('response.output_text.done', () => setTimeout(() => run.cancel('enough'), 1))
    expect((await run.result()).stop).toEqual({ reason: 'cancelled', message: 'enough' })
    expect(aborted).toBe(true)
  })

  it('rejects with the reason when it was stopped before it began', async () => {
    const context = testContext()
    const reason = new Error('enough')
    context.stop(reason)
    const model = scripted([text('Not reached')])
    await expect(callModel(agent({ model }).asModel(), { input: 'Hi' }, context)).rejects.toBe(reason)
    expect(model.requests).toHaveLength(0)
  })

  it('ends with what the caller throws at an event, and does not go on behind his back', async () => {
    const model = scripted([calls(call('look')), text('Not reached')])
    const refused = new Error('no more')
    const call_ = agent({ name: 'scout', model, tools: [look] }).asModel()(
      { input: 'Hi' },
      () => {
        throw refused
      },
      testContext(),
    )
    await expect(call_).rejects.toBe(refused)
    expect(model.requests).toHaveLength(1)
  })

  it('passes warnings on', async () => {
    const scout = inner([calls(call('look', {}, 'same'), call('look', {}, 'same')), text('Done')])
    const context = testContext()
    await callModel(scout.asModel(), { input: 'Hi' }, context)
    expect(context.warnings).toEqual([expect.stringMatching(/^scout: The response repeats call same/)])
  })
})

describe('what a request means to an agent', () => {
  const sentFor = async (request: Parameters<Model>[0], more: object = {}) => {
    const model = scripted([text('ok')])
    await callModel(agent({ name: 'scout', model, tools: [look], ...more }).asModel(), request)
    return model.requests[0]
  }

  it('takes parameters of the answer for its own calls, and leaves transport and names aside', async () => {
    const sent = await sentFor(
      {
        model: 'scout',
        input: 'Hi',
        stream: true,
        temperature: 0.5,
        reasoning: { effort: 'low' },
        metadata: { a: 'b' },
        parallel_tool_calls: false,
        tool_choice: 'required',
      },
      { settings: { top_p: 0.9, temperature: 1 } },
    )
    expect(sent).toEqual({
      input: [user('Hi')],
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: 'low' },
      metadata: { a: 'b' },
      parallel_tool_calls: false,
      tool_choice: 'required',
      tools: [look.wire],
    })
  })

  it('sends no word of tools when the agent has none', async () => {
    const sent = await sentFor({ input: 'Hi', tool_choice: 'auto', parallel_tool_calls: true }, { tools: [] })
    expect(sent).toEqual({ input: [user('Hi')] })
  })

  it('bounds the calls of the whole run by max_tool_calls', async () => {
    const scout = inner([calls(call('look'), call('look')), text('So far')])
    const { response } = await callModel(scout.asModel(), { input: 'Hi', max_tool_calls: 1 })
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'toolCalls' },
      max_tool_calls: 1,
    })
  })

  it('answers in the shape that the caller asks for', async () => {
    const scout = inner([text('{"n":1}')])
    const result = await agent({ model: scout.asModel(), output: z.object({ n: z.number() }) })
      .run('Hi')
      .result()
    expect(result.output).toEqual({ n: 1 })
  })

  it.each([
    ['tools', { tools: [look.wire] }],
    ['conversation', { conversation: 'conv_1' }],
    ['background', { background: true }],
    ['prompt', { prompt: { id: 'p' } }],
  ])('refuses %s, and says so', async (name, more) => {
    const refusal = callModel(inner([]).asModel(), { input: 'Hi', ...more })
    await expect(refusal).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining(`\`${name}\``),
    })
  })

  it('refuses another shape than its own', async () => {
    const scout = inner([], { output: z.object({ n: z.number() }) })
    const format = { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: false } as const
    await expect(callModel(scout.asModel(), { input: 'Hi', text: { format } })).rejects.toMatchObject({
      message: expect.stringContaining('`text.format`'),
    })
  })

  it('refuses a history that no server would take', async () => {
    const output = { type: 'function_call_output', call_id: 'x', output: 'y' } as InputItem
    await expect(callModel(inner([]).asModel(), { input: [user('Hi'), output] })).rejects.toMatchObject({
      code: 'invalid_history',
    })
  })

  it('is sent the whole history by an agent that counts on the server', async () => {
    const model = scripted([text('One'), text('Two')])
    const outer = agent({ model: agent({ name: 'scout', model }).asModel(), state: 'server' })
    const run = outer.run('Hi')
    run.followUp('And?')
    const result = await run.result()
    expect(result.text).toBe('Two')
    expect(model.requests[1]?.input).toMatchObject([user('Hi'), { role: 'assistant' }, user('And?')])
  })

  it('accepts no server state directly', async () => {
    await expect(
      callModel(inner([]).asModel(), { input: 'Hi', previous_response_id: 'resp_1' }),
    ).rejects.toMatchObject({ status: 404, param: 'previous_response_id' })
  })
})

describe('an agent as a model over servers as they are', () => {
  const whole = (output: OutputItem[]): Response => ({
    id: 'r',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    output,
  })
  const answerOf = async (...turns: (readonly object[])[]) => {
    let turn = 0
    const model = fromIterable(() => turns[turn++] as ResponseEvent[])
    const { events, response } = await callModel(agent({ name: 'scout', model, tools: [look] }).asModel())
    expect(checkLifecycle(events)).toEqual([])
    return { events, response }
  }
  const look1 = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c1',
    name: 'look',
    arguments: '{}',
    status: 'completed',
  } as const

  it('completes items that were never announced, or never finished', async () => {
    const [, , added] = eventsOf(whole([messageItem('Told by the end alone')]))
    const { response } = await answerOf(
      [{ type: 'response.completed', response: whole([reasoningItem({ id: 'rs_1' }), look1]) }],
      [
        added as object,
        { type: 'response.completed', response: whole([messageItem('Told by the end alone')]) },
      ],
    )
    expect(types(response.output)).toEqual(['reasoning', 'message'])
    expect(finalText(response)).toBe('Told by the end alone')
  })

  it('keeps one id per item, and indexes without gaps, where the server does not', async () => {
    const item = messageItem('Same text', { id: 'msg_a' })
    const events = eventsOf(whole([item])).map((event) => {
      const { item_id, output_index, ...rest } = event as { item_id?: string; output_index?: number }
      const changed = event.type === 'response.output_item.done' ? { item: { ...item, id: 'msg_z' } } : {}
      return {
        ...rest,
        ...(item_id ? { item_id: 'msg_q' } : {}),
        ...(output_index === undefined ? {} : { output_index: output_index + 3 }),
        ...changed,
      }
    })
    const { response } = await answerOf(events)
    expect(response.output).toEqual([item])
  })

  it('shows unknown events and items, and hides calls that nobody announced', async () => {
    const strange = { type: 'acme:thing', id: 'x_1', value: 1 }
    const { events, response } = await answerOf(
      [
        { type: 'codex.rate_limits', left: 3 },
        { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'fc_1', delta: '{}' },
        { type: 'response.output_item.done', output_index: 0, item: look1 },
        { type: 'response.output_item.added', output_index: 1, item: strange },
        { type: 'response.output_item.done', output_index: 1, item: strange },
        { type: 'response.completed', response: whole([look1, strange as OutputItem]) },
      ],
      eventsOf(whole([messageItem('Done')])),
    )
    expect(types(response.output)).toEqual(['acme:thing', 'message'])
    expect(typesOf(events)).toContain('codex.rate_limits')
    expect(JSON.stringify(events)).not.toContain('fc_1')
  })

  it('works over a connection, streamed or not', async () => {
    for (const stream of [true, false]) {
      await using upstream = await fakeUpstream({ answers: [{ calls: [{ name: 'look' }] }, 'Done'] })
      const model = responses('m', { baseURL: upstream.url, apiKey: 'k', stream })
      const { events, response } = await callModel(agent({ name: 'scout', model, tools: [look] }).asModel())
      expect(checkLifecycle(events)).toEqual([])
      expect(finalText(response)).toBe('Done')
    }
  })
})
