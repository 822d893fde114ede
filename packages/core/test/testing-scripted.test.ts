import type { OutputItem, ResponseEvent, ResponseRequest } from '@antiphon/client'
import {
  call,
  callItem,
  calls,
  checkLifecycle,
  messageItem,
  reasoningItem,
  type ScriptStep,
  scripted,
  text,
} from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelContext } from '../src/model.ts'

const context = (onAbort: ModelContext['onAbort'] = () => undefined): ModelContext => ({
  onAbort,
  signal: new AbortController().signal,
})

const ask = async (
  model: ReturnType<typeof scripted>,
  request: ResponseRequest = { input: 'Hi' },
): Promise<ResponseEvent[]> => {
  const events: ResponseEvent[] = []
  await model(request, (event) => events.push(event), context())
  return events
}

const answerOf = async (step: ScriptStep, request?: ResponseRequest) => {
  const events = await ask(scripted([step]), request)
  const last = events.at(-1) as unknown as { type: string; response: { output: OutputItem[] } }
  return { events, last, output: last.response.output }
}

describe('scripted: steps', () => {
  it('answers with text, in deltas of words', async () => {
    const { events, output } = await answerOf('One two  three')
    const deltas = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.delta] : [],
    )
    expect(deltas).toEqual(['One', ' two', '  three'])
    expect(output).toEqual([messageItem('One two  three')])
    expect(checkLifecycle(events)).toEqual([])
  })

  it('answers with calls, text before them, arguments as JSON text', async () => {
    const { events, output } = await answerOf({
      text: 'Let me look.',
      calls: [
        { name: 'get_weather', arguments: { city: 'Paris' } },
        { name: 'broken', arguments: '{"a":' },
      ],
    })
    expect(output).toMatchObject([
      { type: 'message' },
      { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      { type: 'function_call', call_id: 'call_2', name: 'broken', arguments: '{"a":' },
    ])
    expect(checkLifecycle(events)).toEqual([])
  })

  it('has builders that make the same steps', async () => {
    const built = await answerOf({ ...calls(call('a', { x: 1 }), call('b', {}, 'mine')), text: 'T' })
    const plain = await answerOf({
      text: 'T',
      calls: [
        { name: 'a', arguments: { x: 1 } },
        { name: 'b', callId: 'mine' },
      ],
    })
    expect(built.events).toEqual(plain.events)
    expect(text('T', { reasoning: 'R' })).toEqual({ text: 'T', reasoning: 'R' })
  })

  it('passes items on as they are, unknown types included', async () => {
    const items = [
      reasoningItem({ summary: 'Because of this.' }),
      callItem('f', { a: 1 }, 'c1'),
      messageItem('done', { id: 'msg_9' }),
      { type: 'acme:thing', id: 'x_1', payload: { deep: [1] } } as unknown as OutputItem,
    ]
    const { events, output } = await answerOf({ items })
    expect(output).toEqual(items)
    expect(checkLifecycle(events)).toEqual([])
  })

  it('pushes events verbatim, and throws the error after them', async () => {
    const event = { type: 'acme:odd', whatever: 1 } as unknown as ResponseEvent
    const seen: ResponseEvent[] = []
    const model = scripted([{ events: [event], error: new Error('cut') }])
    await expect(model({ input: '' }, (each) => seen.push(each), context())).rejects.toThrow('cut')
    expect(seen).toEqual([event])
    expect(seen[0]).toBe(event)
  })

  it('throws an error that stands alone before any event', async () => {
    const seen: ResponseEvent[] = []
    const failing = scripted([{ error: new Error('refused') }])
    await expect(failing({ input: '' }, (each) => seen.push(each), context())).rejects.toThrow('refused')
    expect(seen).toEqual([])
  })

  it('throws an error in place of the terminal event when there are items', async () => {
    const seen: ResponseEvent[] = []
    const model = scripted([{ ...calls(call('f')), error: new Error('cut') }])
    await expect(model({ input: '' }, (each) => seen.push(each), context())).rejects.toThrow('cut')
    expect(seen.at(-1)?.type).toBe('response.output_item.done')
    expect(checkLifecycle(seen)).toEqual(['no terminal event'])
  })

  it('ends incomplete with half of the last call', async () => {
    const { events, last, output } = await answerOf({
      ...calls(call('first', { a: 1 }), call('second', { city: 'Paris' })),
      incomplete: 'max_output_tokens',
    })
    expect(last.type).toBe('response.incomplete')
    expect(last.response).toMatchObject({ incomplete_details: { reason: 'max_output_tokens' } })
    expect(output).toMatchObject([
      { status: 'completed', arguments: '{"a":1}' },
      { status: 'incomplete', arguments: '{"city":' },
    ])
    expect(checkLifecycle(events)).toEqual([])
  })

  it('ends failed with the error it was given', async () => {
    const { events, last } = await answerOf({
      text: 'So far',
      failed: { code: 'server_error', message: 'Boom' },
    })
    expect(last).toMatchObject({ type: 'response.failed', response: { error: { message: 'Boom' } } })
    expect(checkLifecycle(events)).toEqual([])
  })

  it('makes a step from the request and the number of the call', async () => {
    const model = scripted([
      (request, n) => `${n} ${request.model}`,
      async (_request, n) => text(`later ${n}`),
    ])
    expect((await ask(model, { model: 'm', input: '' })).at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: '0 m' }] }] },
    })
    expect((await ask(model)).at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: 'later 1' }] }] },
    })
  })

  it('has usage that is constant, overridden or absent', async () => {
    const usage = async (step: ScriptStep) => (await answerOf(step)).last.response as { usage?: unknown }
    expect(await usage('a')).toMatchObject({
      usage: { input_tokens: 100, output_tokens: 20, total_tokens: 120 },
    })
    expect(await usage(text('a', { usage: { input_tokens: 7 } }))).toMatchObject({
      usage: { total_tokens: 27 },
    })
    expect(await usage(text('a', { usage: null }))).toMatchObject({ usage: null })
  })

  it('says how many calls were made when the script is used up', async () => {
    const model = scripted(['only'])
    await ask(model)
    await expect(ask(model)).rejects.toMatchObject({
      code: 'script_exhausted',
      message: expect.stringContaining('1 step, but this is call 2'),
    })
    expect(model.requests).toHaveLength(2)
  })
})

describe('scripted: requests and ids', () => {
  it('keeps each request as it was when the call was made', async () => {
    const model = scripted(['a', 'b'])
    const input = [{ role: 'user' as const, content: 'one' }]
    const request: ResponseRequest = { model: 'm', input }
    await ask(model, request)
    input[0]!.content = 'changed'
    input.push({ role: 'user', content: 'two' })
    await ask(model, request)
    expect(model.requests.map((each) => each.input)).toEqual([
      [{ role: 'user', content: 'one' }],
      [
        { role: 'user', content: 'changed' },
        { role: 'user', content: 'two' },
      ],
    ])
  })

  it('keeps shared items, or nothing, where told so', async () => {
    const item = { role: 'user' as const, content: 'one' }
    const shared = scripted(['a'], { record: 'items' })
    const input = [item]
    await ask(shared, { input })
    input.push(item)
    expect(shared.requests[0]?.input).toEqual([item])
    expect(shared.requests[0]?.input?.[0]).toBe(item)
    const silent = scripted(['a'], { record: 'none' })
    await ask(silent)
    expect(silent.requests).toEqual([])
  })

  it('gives out ids that neither an earlier answer nor the input has', async () => {
    const model = scripted([calls(call('f')), calls(call('f'))])
    const taken = [callItem('g', {}, 'call_1', { id: 'fc_1' })]
    const ids: unknown[] = []
    for (let n = 0; n < 2; n++) {
      const done = (await ask(model, { input: taken })).at(-1) as unknown as {
        response: { output: object[] }
      }
      ids.push(done.response.output[0])
    }
    expect(ids).toMatchObject([
      { id: 'fc_2', call_id: 'call_2' },
      { id: 'fc_3', call_id: 'call_3' },
    ])
  })

  it('names the model of requests that name none', async () => {
    const model = scripted(['a'], { modelName: 'mine' })
    expect(model.modelName).toBe('mine')
    expect((await ask(model)).at(-1)).toMatchObject({ response: { model: 'mine' } })
  })
})

describe('scripted: cancellation', () => {
  it('stops between two events and rejects with the reason', async () => {
    let cancel: (reason: Error) => void = () => undefined
    const seen: ResponseEvent[] = []
    const running = scripted(['one two three four'])(
      { input: '' },
      (event) => {
        seen.push(event)
        if (seen.length === 3) cancel(new Error('enough'))
      },
      context((given) => {
        cancel = given
      }),
    )
    await expect(running).rejects.toThrow('enough')
    expect(seen).toHaveLength(3)
  })

  it('stops while a step function or an event source hangs', async () => {
    const never = new Promise<never>(() => undefined)
    const hanging: ScriptStep[] = [
      () => never,
      {
        events: (async function* () {
          yield await never
        })(),
      },
    ]
    for (const step of hanging) {
      let cancel: (reason: Error) => void = () => undefined
      const running = scripted([step])(
        { input: '' },
        () => undefined,
        context((given) => {
          cancel = given
        }),
      )
      cancel(new Error('enough'))
      await expect(running).rejects.toThrow('enough')
    }
  })

  it('fails the call with what the sink throws', async () => {
    const throwing = (): void => {
      throw new Error('sink')
    }
    await expect(scripted(['a'])({ input: '' }, throwing, context())).rejects.toThrow('sink')
  })
})

describe('scripted: any parts make a valid event sequence', () => {
  it('holds for generated steps', async () => {
    const parts = fc.record(
      {
        reasoning: fc.string(),
        text: fc.string({ unit: 'grapheme' }),
        refusal: fc.string(),
        calls: fc.array(fc.record({ name: fc.string(), arguments: fc.oneof(fc.json(), fc.jsonValue()) })),
        incomplete: fc.constantFrom('max_output_tokens', 'content_filter'),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(parts, async (step) => {
        const { events, output } = await answerOf(step)
        expect(checkLifecycle(events)).toEqual([])
        expect(output.filter((item) => item.type === 'function_call')).toHaveLength(step.calls?.length ?? 0)
      }),
    )
  })
})
