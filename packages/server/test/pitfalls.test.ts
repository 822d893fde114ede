import type { OutputItem } from '@antiphon/client'
import { agent, tool } from 'antiphon'
import { call, callItem, calls, messageItem, reasoningItem, refusalItem, scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  answerTo,
  asking,
  dataOf,
  type Fields,
  lastOf,
  modelOf,
  refused,
  textOf,
  told,
  typesOf,
  user,
  weather,
} from './asking.ts'
import { gate } from './http-server.ts'
import { eventsIn } from './recorded.ts'
import { problemsOfEvents } from './valid-response.ts'

describe('hazards of items and ids: the server', () => {
  it('5: half of a sealed thought that is taken for the whole', async () => {
    const thought = { ...reasoningItem({ summary: 'Hm.' }), encrypted_content: 'whole' }
    const events = told([thought, messageItem('Hi')]).map((event) =>
      event.type === 'response.output_item.added' && event.item?.type === 'reasoning'
        ? { ...event, item: { ...event.item, encrypted_content: 'ha' } }
        : event,
    )
    const { events: ask, openai } = await asking(modelOf(events))
    const seen = await ask()
    const done = seen.find(({ type }) => type === 'response.output_item.done')
    expect(done?.item).toMatchObject({ encrypted_content: 'whole' })
    expect(lastOf(seen).output[0]).toMatchObject({ encrypted_content: 'whole' })
    expect((await openai.responses.retrieve(lastOf(seen).id)).output[0]).toMatchObject({
      encrypted_content: 'whole',
    })
  })

  it('6: items that are sent again although the server has them', async () => {
    const { whole, send, openai } = await asking(scripted(['One.', 'Two.', 'Three.']))
    const first = await whole()
    const again = [...first.output, user('And?')]
    const error = await refused(send, { previous_response_id: first.id, input: again })
    expect(error).toMatchObject({
      code: 'duplicate_item',
      message: expect.stringContaining(String(first.output[0]?.id)),
    })
    const conversation = (await openai.conversations.create()).id
    const { output } = await whole({ conversation })
    expect(await refused(send, { conversation, input: output })).toMatchObject({ code: 'duplicate_item' })
  })

  it('7: ids that collide, and ids of another kind', async () => {
    const { whole, send } = await asking(modelOf(told([{ ...messageItem('Hi'), id: 'msg_1' }])))
    const first = await whole()
    const second = await whole({ previous_response_id: first.id })
    expect(first.output[0]?.id).toMatch(/^msg_/)
    expect(second.output[0]?.id).toMatch(/^msg_/)
    expect(second.output[0]?.id).not.toBe(first.output[0]?.id)
    const third = await whole({ previous_response_id: second.id })
    expect(third.status).toBe('completed')
    const wrong = { ...callItem('weather', {}, 'call_1'), id: 'call_1' }
    expect(await refused(send, { input: [wrong, answerTo('call_1')] })).toMatchObject({
      param: 'input[0].id',
      message: expect.stringContaining("'fc'"),
    })
  })

  it('8: a call id that is longer than the server itself takes', async () => {
    const long = `call_${'x'.repeat(95)}`
    const model = scripted([
      calls(call('weather', {}, long)),
      'Sunny.',
      calls(call('weather', {}, long)),
      'Sunny.',
    ])
    const { whole, events } = await asking(model)
    for (const first of [await whole({ tools: [weather] }), undefined]) {
      const response = first ?? lastOf(await events({ tools: [weather] }))
      const made = String(response.output[0]?.call_id)
      expect(made.length).toBeLessThanOrEqual(64)
      const next = await whole({ previous_response_id: response.id, input: [answerTo(made)] })
      expect(next.status).toBe('completed')
    }
  })

  it('9: a call id that the server makes up in the place of the one that the model gave', async () => {
    const model = scripted([calls(call('weather', {}, 'call_Of-the_model')), 'Sunny.'])
    const { whole } = await asking(model)
    const first = await whole({ tools: [weather] })
    expect(first.output[0]?.call_id).toBe('call_Of-the_model')
    await whole({ previous_response_id: first.id, input: [answerTo('call_Of-the_model')] })
    const [asked, answered] = ((model.requests[1]?.input ?? []) as unknown as Fields[]).slice(-2)
    expect([asked?.call_id, answered?.call_id]).toEqual(['call_Of-the_model', 'call_Of-the_model'])
  })

  it('10: parallel calls of which one has no output', async () => {
    const model = scripted([calls(call('weather', {}, 'call_a'), call('weather', {}, 'call_b')), 'Both.'])
    const { whole, send } = await asking(model)
    const { id: previous_response_id } = await whole({ tools: [weather] })
    expect(await refused(send, { previous_response_id, input: [answerTo('call_a')] })).toMatchObject({
      message: expect.stringContaining('call_b'),
    })
    expect(model.requests).toHaveLength(1)
    const both = await whole({ previous_response_id, input: [answerTo('call_b'), answerTo('call_a')] })
    expect(textOf(both.output[0])).toBe('Both.')
  })

  it('11: a reference to a call, which the model gets in full', async () => {
    const model = scripted([calls(call('weather', { city: 'Rome' }, 'call_a')), 'Sunny.'])
    const { whole } = await asking(model)
    const { output } = await whole({ tools: [weather] })
    await whole({ input: [{ type: 'item_reference', id: output[0]?.id }, answerTo('call_a')] })
    expect(model.requests[1]?.input).toMatchObject([
      { type: 'function_call', name: 'weather', arguments: '{"city":"Rome"}', call_id: 'call_a' },
      { type: 'function_call_output' },
    ])
  })

  it('13: a call without arguments, which stay a text', async () => {
    const { events } = await asking(modelOf(told([callItem('weather', '', 'call_a')])))
    const seen = await events({ tools: [weather] })
    expect(problemsOfEvents(seen)).toEqual([])
    expect(lastOf(seen).output[0]).toMatchObject({ arguments: '' })
    const done = seen.find(({ type }) => type === 'response.function_call_arguments.done')
    expect(done).toMatchObject({ arguments: '' })
  })

  it('39: two kinds of calls under one call id', async () => {
    const { whole, send } = await asking(scripted(['Both.']))
    const both = [
      callItem('weather', {}, 'call_a'),
      { type: 'custom_tool_call', call_id: 'call_a', name: 'write', input: 'x' },
    ]
    const output = { type: 'custom_tool_call_output', call_id: 'call_a', output: 'y' }
    expect(await refused(send, { input: [...both, output] })).toMatchObject({
      message: expect.stringContaining('No tool output found for function call'),
    })
    expect(await refused(send, { input: [both[1], answerTo('call_a')] })).toMatchObject({
      message: expect.stringContaining('No tool call found'),
    })
    expect((await whole({ input: [...both, output, answerTo('call_a')] })).status).toBe('completed')
  })

  it('41: the phase of a message, lost on its way', async () => {
    const said = { ...messageItem('Thinking aloud.'), phase: 'commentary' }
    const model = scripted([{ items: [said, messageItem('Done.')] as OutputItem[] }, 'Yes.'])
    const { events, openai, whole } = await asking(model)
    const { id, output } = lastOf(await events())
    expect(output).toMatchObject([{ phase: 'commentary' }, {}])
    expect(output[1]).not.toHaveProperty('phase')
    expect((await openai.responses.retrieve(id)).output[0]).toMatchObject({ phase: 'commentary' })
    await whole({ previous_response_id: id })
    expect(model.requests[1]?.input).toMatchObject([{}, { phase: 'commentary' }, {}, {}])
  })
})

describe('hazards of streams: the server', () => {
  it('14: text of which a model tells only the end, in every place that readers look', async () => {
    const whole = told([messageItem('All of it.'), callItem('weather', { city: 'Rome' }, 'call_a')])
    for (const kept of [/created|completed/, /created|output_item|completed/]) {
      const { events } = await asking(modelOf(whole.filter(({ type }) => kept.test(type))))
      const seen = await events({ tools: [weather] })
      expect(textOf(lastOf(seen).output[0])).toBe('All of it.')
      const done = seen.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
      expect(done).toEqual(lastOf(seen).output)
      expect(problemsOfEvents(seen)).toEqual([])
    }
  })

  it('15: an end whose output is empty after items were streamed', async () => {
    const events = told([messageItem('Here.')]).map((event) =>
      event.type === 'response.completed' ? { ...event, response: { ...event.response, output: [] } } : event,
    )
    const { events: ask, openai } = await asking(modelOf(events))
    const { id, output } = lastOf(await ask())
    expect(textOf(output[0])).toBe('Here.')
    expect((await openai.responses.retrieve(id)).output_text).toBe('Here.')
  })

  it('17: an end whose ids are others than those that were streamed', async () => {
    const events = told([callItem('weather', {}, 'call_a', { id: `fc_${'a'.repeat(32)}` } as never)])
    const parsedTwice = events.map((event) =>
      event.type === 'response.completed'
        ? {
            ...event,
            response: {
              ...event.response,
              output: event.response?.output.map((item) => ({ ...item, id: `fc_${'b'.repeat(32)}` })),
            },
          }
        : event,
    )
    const seen = await (await asking(modelOf(parsedTwice))).events({ tools: [weather] })
    expect(problemsOfEvents(seen)).toEqual([])
    expect(lastOf(seen).output).toHaveLength(1)
  })

  it('18: numbers that stand still, and places that are taken twice', async () => {
    const events = told([messageItem('One.'), messageItem('Two.')]).map((event) => ({
      ...event,
      sequence_number: 1,
      ...('output_index' in event ? { output_index: 0 } : {}),
    }))
    const seen = await (await asking(modelOf(events))).events()
    expect(problemsOfEvents(seen)).toEqual([])
    expect(lastOf(seen).output.map(textOf)).toEqual(['One.', 'Two.'])
  })

  it('20: a model that stops in the middle, told as if it had succeeded', async () => {
    const cut = modelOf(told([messageItem('Half of')]).slice(0, 5))
    const { send, events, openai } = await asking(cut)
    const seen = await events()
    expect(typesOf(seen).slice(-2)).toEqual(['error', 'response.failed'])
    expect(lastOf(seen)).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    expect((await openai.responses.retrieve(lastOf(seen).id)).status).toBe('failed')
    expect((await send({})).status).toBeGreaterThanOrEqual(500)
  })

  it('21: a call that was cut off, run with what is there of it', async () => {
    const cut = { calls: [call('pay', { to: 'Ann', amount: 100 })], incomplete: 'max_output_tokens' }
    const served = await asking(scripted([cut]))
    const last = lastOf(await served.events({ tools: [{ ...weather, name: 'pay' }] }))
    expect(last).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      completed_at: null,
      output: [{ type: 'function_call', status: 'incomplete' }],
    })
    const paid: unknown[] = []
    const pay = tool({ name: 'pay', inputSchema: z.object({}), execute: (args) => paid.push(args) })
    const bank = await asking(agent({ name: 'bank', model: scripted([cut, 'Never.']), tools: [pay] }))
    expect(lastOf(await bank.events()).status).toBe('incomplete')
    expect(paid).toEqual([])
  })

  it('22: an end that is called completed, with a status that says otherwise', async () => {
    const events = told([messageItem('Too lo')]).map((event) =>
      event.type === 'response.completed'
        ? {
            ...event,
            response: {
              ...event.response,
              status: 'incomplete',
              incomplete_details: { reason: 'max_output_tokens' },
            },
          }
        : event,
    )
    const seen = await (await asking(modelOf(events))).events()
    expect(seen.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete' } })
    expect(problemsOfEvents(seen)).toEqual([])
  })

  it('23: an error in a stream that only some readers understand', async () => {
    const step = { text: 'Well', failed: { code: 'rate_limit_exceeded', message: 'Slow down.' } }
    const { events, send } = await asking(scripted([step]))
    const seen = await events()
    const facts = { code: 'rate_limit_exceeded', message: 'Slow down.', param: null }
    expect(seen.find(({ type }) => type === 'error')).toMatchObject({
      ...facts,
      error: { ...facts, type: expect.any(String) },
    })
    expect(lastOf(seen).error).toEqual({ code: facts.code, message: facts.message })
    // What is known before the stream has a status of HTTP.
    expect(await refused(send, { stream: true, temperature: 9 })).toMatchObject({ param: 'temperature' })
  })

  it('24: an error behind which nothing ends', async () => {
    const { send } = await asking(scripted([{ text: 'Well', error: new Error('gone') }]))
    const { text: answer } = await send({ stream: true })
    expect(typesOf(eventsIn(answer)).slice(-2)).toEqual(['error', 'response.failed'])
    expect(answer.endsWith('\n\ndata: [DONE]\n\n')).toBe(true)
  })

  it('25: comments that look like data', async () => {
    const { promise: open, resolve } = gate()
    const slow = scripted([
      async () => {
        await open
        return 'Two\nlines\r\nand \u2028 more.'
      },
    ])
    const { url } = await asking(slow, { keepAliveMs: 5 })
    const answer = await fetch(`${url}/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'Hello', stream: true }),
    })
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
    let all = ''
    const decoder = new TextDecoder()
    for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
      all += decoder.decode(bytes, { stream: true })
      if (/^:/m.test(all)) resolve()
    }
    for (const line of all.split('\n')) expect(line).toMatch(/^$|^:|^event: \S+$|^data: (\{.*\}|\[DONE\])$/s)
    expect(all.match(/^:/gm)?.length).toBeGreaterThan(0)
    for (const frame of all.split('\n\n').slice(0, -2)) {
      const lines = frame.split('\n').filter((line) => !line.startsWith(':'))
      if (lines.length === 0) continue
      expect(lines).toHaveLength(2)
      expect(`event: ${JSON.parse(lines[1]?.slice(6) ?? '').type}`).toBe(lines[0])
    }
  })

  it('26: items and events that nobody knows', async () => {
    const strange = { type: 'acme:chart', id: 'acme_1', points: [1, 2] }
    const model = scripted([{ text: 'See.', items: [strange as never] }, 'Yes.'])
    const { events, whole } = await asking(model)
    const seen = await events({ input: [user('Hi'), { type: 'acme:note', text: 'mine' }] })
    expect(model.requests[0]?.input).toMatchObject([{}, { type: 'acme:note', text: 'mine' }])
    expect(lastOf(seen).output[1]).toMatchObject({ type: 'acme:chart', points: [1, 2] })
    await whole({ previous_response_id: lastOf(seen).id })
    expect(typesOf(model.requests[1]?.input as never)).toContain('acme:chart')
  })

  it('27: an end without its mark, or with more behind it', async () => {
    const whole = told([messageItem('Hi')])
    const { send } = await asking(modelOf([...whole, ...whole.slice(-3), { type: 'keepalive' }]))
    const data = dataOf((await send({ stream: true })).text)
    expect(data.filter((line) => line.includes('[DONE]'))).toEqual(['data: [DONE]'])
    expect(data.at(-1)).toBe('data: [DONE]')
    expect(JSON.parse(data.at(-2)?.slice(6) ?? '')).toMatchObject({ type: 'response.completed' })
    expect(data.filter((line) => line.includes('"type":"response.completed"'))).toHaveLength(1)
  })

  it('40: text that comes twice, from its pieces and from its end', async () => {
    const { events } = await asking(modelOf(told([messageItem('Once and only once.')])))
    const seen = await events()
    const pieces = seen.filter(({ type }) => type === 'response.output_text.delta')
    expect(pieces.map(({ delta }) => delta).join('')).toBe('Once and only once.')
    expect(seen.filter(({ type }) => type === 'response.output_text.done')).toMatchObject([
      { text: 'Once and only once.' },
    ])
  })
})

describe('hazards of requests and answers: the server', () => {
  it.each([null, {}, { input_tokens: null, output_tokens: null, total_tokens: null }])(
    '28: usage that is null, or has null in it (%j)',
    async (usage) => {
      const { events, whole } = await asking(modelOf(told([messageItem('Hi')], { usage })))
      for (const response of [await whole(), lastOf(await events())]) {
        expect(response.usage).toMatchObject({
          input_tokens: 0,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 0,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 0,
        })
      }
    },
  )

  it('29: what an assistant said, in each way that clients write it', async () => {
    const model = scripted(['Yes.'])
    const { whole, send } = await asking(model)
    const said = (content: unknown) => ({ type: 'message', role: 'assistant', content })
    const good = [
      said('As text.'),
      said([{ type: 'output_text', text: 'Bare.' }]),
      said([{ type: 'output_text', text: 'Full.', annotations: [], logprobs: [] }]),
      { role: 'assistant', content: 'Without a type.' },
    ]
    expect((await whole({ input: [...good, user('And?')] })).status).toBe('completed')
    expect(model.requests[0]?.input).toHaveLength(5)
    const error = await refused(send, { input: [said([{ type: 'input_text', text: 'No.' }])] })
    expect(error.param).toBe('input[0].content[0].type')
    expect(error.message).toMatch(/output_text.*refusal/)
  })

  it('30: refusals and messages without content, which have no text', async () => {
    const empty = { ...messageItem(''), content: [] }
    const model = scripted([{ items: [refusalItem('Not that.'), empty] as OutputItem[] }, 'Yes.', 'Yes.'])
    const { events, whole, openai } = await asking(model)
    const seen = await events()
    expect(problemsOfEvents(seen)).toEqual([])
    const { id, output } = lastOf(seen)
    expect(output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'Not that.' }] }, { content: [] }])
    expect((await openai.responses.retrieve(id)).output_text).toBe('')
    expect((await whole({ input: [user('Hi'), ...output, user('And?')] })).status).toBe('completed')
    expect((await whole({ previous_response_id: id })).status).toBe('completed')
    for (const asked of model.requests.slice(1)) {
      expect(asked.input).toMatchObject([
        {},
        { content: [{ type: 'refusal', refusal: 'Not that.' }] },
        { content: [] },
        {},
      ])
    }
  })

  it('31: a previous response that is accepted and then forgotten', async () => {
    const model = scripted([calls(call('weather', {}, 'call_a')), 'Sunny.', 'Unstored.'])
    const { whole, send } = await asking(model)
    const first = await whole({ tools: [weather], instructions: 'Be brief.' })
    const second = await whole({ previous_response_id: first.id, input: [answerTo('call_a')] })
    expect(second.previous_response_id).toBe(first.id)
    expect(typesOf(model.requests[1]?.input as never)).toEqual([
      'message',
      'function_call',
      'function_call_output',
    ])
    expect(model.requests[1]?.instructions).toBeUndefined()
    const unstored = await whole({ store: false })
    for (const previous_response_id of [unstored.id, 'resp_nobody'])
      expect(await refused(send, { previous_response_id })).toMatchObject({
        code: 'previous_response_not_found',
        param: 'previous_response_id',
      })
  })

  it('32: a strictness that nobody asked for', async () => {
    const { strict: _, ...open } = weather
    const model = scripted(['Hi'])
    const { whole } = await asking(model)
    const { tools } = await whole({ tools: [open] })
    expect(model.requests[0]?.tools?.[0]).not.toMatchObject({ strict: true })
    expect((tools as Fields[])[0]?.strict).not.toBe(true)
    expect((tools as Fields[])[0]).toHaveProperty('strict')
  })

  it('33: a forced choice that stays, so that the loop never ends', async () => {
    const model = scripted([calls(call('weather', {}, 'call_a')), 'Sunny.'])
    const { whole } = await asking(model)
    const first = await whole({ tools: [weather], tool_choice: { type: 'function', name: 'weather' } })
    const more = { previous_response_id: first.id, input: [answerTo('call_a')], tools: [weather] }
    expect((await whole(more)).tool_choice).toBe('auto')
    expect(model.requests[0]?.tool_choice).toMatchObject({ name: 'weather' })
    expect(model.requests[1]?.tool_choice).toBeUndefined()
    const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
    const inner = scripted([calls(call('look')), 'Seen.'])
    const scout = await asking(agent({ name: 'm', model: inner, tools: [look] }))
    const answer = await scout.whole({ tool_choice: 'required' })
    expect(typesOf(answer.output)).toEqual(['mcp_call', 'message'])
    expect(inner.requests[0]?.tool_choice).toBe('required')
    expect(inner.requests[1]?.tool_choice ?? 'auto').toBe('auto')
  })

  it('34: defaults that are shown, sent on to a model that refuses them', async () => {
    const model = scripted(['Hi'])
    const { whole } = await asking(model)
    expect(await whole()).toMatchObject({ temperature: 1, top_p: 1 })
    expect(Object.keys(model.requests[0] ?? {}).toSorted()).toEqual(['input', 'model'])
  })

  it('35: items other than messages in the input, without ids and statuses', async () => {
    const model = scripted(['Yes.'])
    const { whole } = await asking(model)
    const input = [
      user('Hi'),
      { type: 'reasoning', summary: [] },
      { type: 'function_call', call_id: 'call_a', name: 'weather', arguments: '{}' },
      answerTo('call_a'),
      { type: 'custom_tool_call', call_id: 'call_b', name: 'write', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'call_b', output: 'y' },
      { role: 'developer', content: [{ type: 'input_text', text: 'Go on.' }] },
    ]
    expect((await whole({ input })).status).toBe('completed')
    expect(model.requests[0]?.input).toHaveLength(input.length)
  })

  it.each(['previous_response_id', 'whole history'])(
    '38: an approval that is not found, or counts twice (%s)',
    async (way) => {
      const paid: string[] = []
      const pay = tool({
        name: 'pay',
        needsApproval: true,
        inputSchema: z.object({ to: z.string() }),
        execute: ({ to }) => {
          paid.push(to)
          return 'paid'
        },
      })
      const model = scripted([calls(call('pay', { to: 'Ann' })), 'Paid.', 'Never.'])
      const { whole, send } = await asking(agent({ name: 'bank', model, tools: [pay] }))
      const first = await whole()
      const asked = first.output.at(-1)
      const yes = { type: 'mcp_approval_response', approval_request_id: asked?.id, approve: true }
      const on = (...more: object[]) =>
        way === 'previous_response_id'
          ? { previous_response_id: first.id, input: more }
          : { input: [user('Hello'), ...first.output, ...more] }
      const strange = { ...yes, approval_request_id: `mcpr_${'0'.repeat(32)}` }
      expect((await send(on(strange))).status).toBe(400)
      const { output } = await whole(on(yes))
      expect(output[0]).toMatchObject({ type: 'mcp_call', approval_request_id: asked?.id, output: 'paid' })
      expect((await send(on(yes))).status).toBe(400)
      expect(paid).toEqual(['Ann'])
    },
  )

  it('42: names of tools that are long, or that no model may be given', async () => {
    const name = 'n'.repeat(100)
    const model = scripted([calls(call(name, {}, 'call_a')), 'Done.'])
    const { whole, send } = await asking(model)
    const first = await whole({ tools: [{ ...weather, name }] })
    expect(first.output[0]?.name).toBe(name)
    expect((await whole({ input: [user('Hi'), ...first.output, answerTo('call_a')] })).status).toBe(
      'completed',
    )
    for (const wrong of ['with.dot', 'with/slash', 'n'.repeat(129), ''])
      expect(await refused(send, { tools: [{ ...weather, name: wrong }] })).toMatchObject({
        param: 'tools[0].name',
      })
  })

  it('44: fields that are absent or null, where a default is known', async () => {
    const nulls = {
      temperature: null,
      top_p: null,
      tool_choice: null,
      tools: null,
      text: null,
      metadata: null,
    }
    const { whole, events } = await asking(modelOf(told([messageItem('Hi')], nulls)))
    const seen = await events(nulls)
    for (const response of [
      await whole(),
      await whole(nulls),
      ...seen.flatMap((event) => event.response ?? []),
    ])
      expect(response).toMatchObject({
        background: false,
        frequency_penalty: 0,
        metadata: {},
        parallel_tool_calls: true,
        presence_penalty: 0,
        service_tier: expect.any(String),
        store: true,
        temperature: 1,
        text: { format: { type: 'text' } },
        tool_choice: 'auto',
        tools: [],
        top_logprobs: 0,
        top_p: 1,
        truncation: 'disabled',
      })
  })
})
