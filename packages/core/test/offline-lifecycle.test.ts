import type { Response, ResponseEvent, ResponseRequest } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import type { ModelContext } from '../src/model.ts'
import { offline } from '../src/models/offline/offline.ts'
import { checkLifecycle } from '../src/testing/check-lifecycle.ts'
import { callsIn, converse, eventsFor, NOTE, responseFor, still, textIn, weather } from './offline-ask.ts'

const field = <T>(event: ResponseEvent | undefined, name: string): T =>
  (event as unknown as Record<string, T>)[name]!

describe('the events of the offline model', () => {
  it.each<[string, Partial<ResponseRequest>]>([
    ['a text', { input: 'Hello' }],
    ['an empty input', { input: '' }],
    ['no items', { input: [] }],
    ['several calls', { input: 'Weather in Paris and Tokyo?', tools: [weather] }],
    ['a cut text', { input: 'Tell me about the moon, please.', max_output_tokens: 16 }],
    ['a cut call', { input: 'Weather in Paris?', tools: [weather], max_output_tokens: 4 }],
  ])('are a valid lifecycle: %s', async (_, request) => {
    const events = await eventsFor(request)
    expect(checkLifecycle(events)).toEqual([])
    expect(events.map((event) => field<number>(event, 'sequence_number'))).toEqual(
      events.map((_event, index) => index),
    )
    const indexes = events
      .filter((event) => event.type === 'response.output_item.added')
      .map((event) => field<number>(event, 'output_index'))
    expect(indexes).toEqual(indexes.map((_index, place) => place))
    expect(indexes.length).toBeGreaterThan(0)
    expect(
      events.filter((event) => /^response\.(completed|incomplete|failed)$/.test(event.type)),
    ).toHaveLength(1)
    expect(events.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/)
  })

  it('stream the text in words that join to the final text', async () => {
    const events = await eventsFor({ input: 'Tell me about the moon.' })
    const deltas = events
      .filter((event) => event.type === 'response.output_text.delta')
      .map((event) => field<string>(event, 'delta'))
    expect(deltas.length).toBeGreaterThan(5)
    expect(deltas.join('')).toBe(textIn(field<Response>(events.at(-1), 'response')))
  })

  it('stream the arguments in pieces that join to the final arguments', async () => {
    const events = await eventsFor({ input: 'Weather in San Francisco, please?', tools: [weather] })
    const deltas = events
      .filter((event) => event.type === 'response.function_call_arguments.delta')
      .map((event) => field<string>(event, 'delta'))
    expect(JSON.parse(deltas.join(''))).toEqual({ city: 'San Francisco' })
    expect(deltas.length).toBeGreaterThan(1)
  })

  it('are the same for the same request, and differ in ids by seed', async () => {
    const request = { input: 'Weather in Paris and Tokyo?', tools: [weather] }
    expect(await eventsFor(request)).toEqual(await eventsFor(structuredClone(request)))
    const id = async (seed: number): Promise<string> =>
      field<Response>((await eventsFor(request, { seed })).at(-1), 'response').id
    expect(await id(1)).not.toBe(await id(2))
  })

  it('say what answered', async () => {
    const response = await responseFor({ model: 'gpt-5.4', input: 'Hello' })
    expect(response.model).toBe('offline')
    expect(response.id).toMatch(/^resp_offline_/)
    expect(textIn(response).split(NOTE)).toHaveLength(2)
    expect(offline().modelName).toBe('offline')
    expect(offline({ name: 'second' }).modelName).toBe('second')
    expect(offline().capabilities).toEqual({ serverState: false, compact: false })
  })
})

describe('ids', () => {
  it('are unique over the turns of a conversation, also when the same question comes again', async () => {
    const tools = [weather]
    const handlers = { get_weather: () => ({ celsius: 21 }) }
    let history = (await converse('Weather in Paris and Tokyo?', tools, handlers)).history
    for (let turn = 0; turn < 4; turn++) {
      history = (
        await converse(
          [...history, { role: 'user', content: 'Weather in Paris and Tokyo?' }],
          tools,
          handlers,
        )
      ).history
    }
    const callIds = history.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))
    expect(callIds).toHaveLength(10)
    expect(new Set(callIds).size).toBe(10)
    const ids = history.flatMap((item) => ('id' in item && typeof item.id === 'string' ? [item.id] : []))
    expect(new Set(ids).size).toBe(ids.length)
    expect(callIds.every((id) => id.length <= 64)).toBe(true)
  })

  it('do not come back when the history was trimmed to the length it had', async () => {
    const first = await responseFor({
      input: [{ role: 'user', content: 'Weather in Paris?' }],
      tools: [weather],
    })
    const second = await responseFor({
      input: [...(first.output as []), { role: 'user', content: 'Weather in Paris?' }].slice(-2) as [],
      tools: [weather],
    })
    const third = await responseFor({
      input: [...(second.output as []), { role: 'user', content: 'Weather in Paris?' }].slice(-2) as [],
      tools: [weather],
    })
    const ids = [first, second, third].map((response) => (response.output[0] as { call_id: string }).call_id)
    expect(ids[1]).not.toBe(ids[0])
    expect(ids[2]).not.toBe(ids[1])
  })
})

describe('budgets', () => {
  it('estimate usage from the length of input and output', async () => {
    const short = await responseFor({ input: 'Hello' })
    const long = await responseFor({ input: `Hello ${'x'.repeat(400)}` })
    const made = Math.ceil(textIn(short).length / 4)
    expect(short.usage).toMatchObject({ input_tokens: 2, output_tokens: made, total_tokens: 2 + made })
    expect(long.usage?.input_tokens).toBe(102)
  })

  it('counts each item of a history, whether it was seen before or not', async () => {
    const model = offline()
    const usage = async (input: ResponseRequest['input']): Promise<number> => {
      let tokens = 0
      await model(
        { model: 'offline', input },
        (event) => {
          if (event.type === 'response.completed')
            tokens = (event as { response: Response }).response.usage?.input_tokens ?? 0
        },
        still,
      )
      return tokens
    }
    const first = { role: 'user' as const, content: 'Hello there' }
    const one = await usage([first])
    expect(await usage([first, { role: 'user', content: 'Hello there' }])).toBeGreaterThan(one)
    expect(await usage([first])).toBe(one)
  })

  it('cuts a text at max_output_tokens and says why', async () => {
    const response = await responseFor({ input: 'Tell me about the moon, please.', max_output_tokens: 16 })
    expect(response.status).toBe('incomplete')
    expect(response.incomplete_details).toEqual({ reason: 'max_output_tokens' })
    expect(textIn(response)).toHaveLength(64)
    expect(response.output[0]).toMatchObject({ status: 'incomplete' })
  })

  it('cuts a call in its arguments and marks it incomplete', async () => {
    const response = await responseFor({ input: 'Weather in Paris?', tools: [weather], max_output_tokens: 4 })
    expect(response.status).toBe('incomplete')
    expect(response.output[0]).toMatchObject({
      type: 'function_call',
      status: 'incomplete',
      arguments: '{"cit',
    })
  })

  it('completes an answer that fits', async () => {
    const response = await responseFor({
      input: 'Weather in Paris?',
      tools: [weather],
      max_output_tokens: 16,
    })
    expect(response.status).toBe('completed')
    expect(callsIn(response)).toEqual([{ name: 'get_weather', args: { city: 'Paris' } }])
  })
})

describe('cancellation', () => {
  const cancellable = (): { context: ModelContext; cancel: (reason: Error) => void } => {
    let stop: ((reason: Error) => void) | undefined
    return {
      context: {
        ...still,
        onAbort: (cancel) => {
          stop = cancel
        },
      },
      cancel: (reason) => stop?.(reason),
    }
  }

  it('ends a slow answer at once, with no event after it', async () => {
    const { context, cancel } = cancellable()
    const events: ResponseEvent[] = []
    const reason = new Error('enough')
    const run = offline({ delayMs: 60_000 })(
      { model: 'offline', input: 'Hello' },
      (event) => events.push(event),
      context,
    )
    await new Promise(setImmediate)
    cancel(reason)
    await expect(run).rejects.toMatchObject({ code: 'aborted', cause: reason })
    expect(events.map((event) => event.type)).not.toContain('response.completed')
  })

  it('ends a fast answer from inside the sink', async () => {
    const { context, cancel } = cancellable()
    let count = 0
    const run = offline()(
      { model: 'offline', input: 'Tell me about the moon.' },
      () => {
        count++
        if (count === 6) cancel(new Error('enough'))
      },
      context,
    )
    await expect(run).rejects.toMatchObject({ code: 'aborted', retryable: false })
    expect(count).toBe(6)
  })

  it('starts nothing when the call was cancelled before', async () => {
    const events: ResponseEvent[] = []
    const context: ModelContext = { ...still, onAbort: (cancel) => cancel(new Error('too late')) }
    await expect(
      offline()({ model: 'offline', input: 'Hello' }, (event) => events.push(event), context),
    ).rejects.toMatchObject({ code: 'aborted' })
    expect(events).toEqual([])
  })

  it('leaves other work its turn while it streams', async () => {
    let turns = 0
    let running = true
    const other = (async () => {
      while (running) {
        await new Promise(setImmediate)
        turns++
      }
    })()
    const input = `Summarise: ${'The sea is wide and the boat is small. '.repeat(200)}`
    await offline()(
      {
        model: 'offline',
        input,
        text: {
          format: {
            type: 'json_schema',
            name: 'echo',
            schema: {
              type: 'object',
              properties: { text: { type: 'string', default: 'word '.repeat(2000) } },
              required: ['text'],
            },
          },
        },
      },
      () => {},
      still,
    )
    running = false
    await other
    expect(turns).toBeGreaterThan(0)
  })

  it('passes on what the sink throws', async () => {
    const run = offline()(
      { model: 'offline', input: 'Hello' },
      () => {
        throw new RangeError('sink')
      },
      still,
    )
    await expect(run).rejects.toThrow('sink')
  })
})
