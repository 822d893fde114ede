import { createClient, type OutputItem, outputText, type ResponseEvent, refusalText } from '@antiphon/client'
import {
  call,
  callItem,
  fakeUpstream,
  messageItem,
  reasoningItem,
  type UpstreamReply,
  type WireEvent,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { askClient } from './ask-client.ts'

const PARTS = { reasoning: 'Hm hm.', text: 'One two three', calls: [call('f', { city: 'Paris' }, 'call_f')] }

const WHOLE = await askClient([PARTS])

/** The output of an answer; the request has to succeed. */
const outputOf = async (reply: UpstreamReply): Promise<OutputItem[]> => {
  const { response, error } = await askClient([reply])
  if (!response) throw error
  return response.output
}

type Fields = Record<string, unknown>

const itemOf = (event: WireEvent): Fields => event.item as Fields

/** Types whose events carry a text or an item as a whole. */
const DONE = [
  'response.output_text.done',
  'response.content_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_summary_part.done',
  'response.function_call_arguments.done',
]
const DELTAS = [
  'response.output_text.delta',
  'response.reasoning_summary_text.delta',
  'response.function_call_arguments.delta',
]

/** Ids of items aside, the answer is the one that was meant. */
const expectWhole = (output: OutputItem[]): void => {
  expect(output).toMatchObject([
    { type: 'reasoning', summary: [{ text: 'Hm hm.' }] },
    { type: 'message', content: [{ type: 'output_text', text: 'One two three' }] },
    { type: 'function_call', call_id: 'call_f', name: 'f', arguments: '{"city":"Paris"}' },
  ])
  expect(output).toHaveLength(3)
}

it('the answer without any fault is whole', () => {
  expectWhole(WHOLE.response?.output ?? [])
})

describe('pitfall 5: encrypted_content of output_item.added is partial', () => {
  it('takes the one of output_item.done, also when the terminal event has no output', async () => {
    const reply = {
      items: [reasoningItem({ encryptedContent: 'whole' })],
      mapEvent: (event: WireEvent) =>
        event.type === 'response.output_item.added'
          ? { ...event, item: { ...itemOf(event), encrypted_content: 'par' } }
          : event,
    }
    expect(await outputOf(reply)).toMatchObject([{ encrypted_content: 'whole' }])
    expect(await outputOf({ ...reply, emptyTerminalOutput: true })).toMatchObject([
      { encrypted_content: 'whole' },
    ])
  })
})

describe('pitfall 13: empty arguments', () => {
  it.each(['', '  ', 'null', '{"broken'])('hands the arguments %j on as they came', async (text) => {
    const reply = { calls: [call('f', text, 'c1')] }
    expect(await outputOf(reply)).toMatchObject([{ arguments: text }])
    expect(await outputOf({ ...reply, emptyTerminalOutput: true })).toMatchObject([{ arguments: text }])
  })
})

describe('pitfall 14: texts only in deltas, only in done, or only in the item', () => {
  it.each<[string, UpstreamReply]>([
    ['only deltas', { omit: [...DONE, 'response.output_item.done'], emptyTerminalOutput: true }],
    ['only done', { omit: [...DELTAS, 'response.output_item.done'], emptyTerminalOutput: true }],
    ['only output_item.done', { omit: [...DELTAS, ...DONE], emptyTerminalOutput: true }],
    [
      'only output_item.done, not even announced',
      {
        omit: [
          ...DELTAS,
          ...DONE,
          'response.output_item.added',
          'response.content_part.added',
          'response.reasoning_summary_part.added',
        ],
        emptyTerminalOutput: true,
      },
    ],
    [
      'only the terminal event',
      {
        mapEvent: (event) => (event.type === 'response.completed' ? event : undefined),
      },
    ],
    ['everything, several times over', {}],
  ])('gives the whole answer from %s', async (_name, faults) => {
    expectWhole(await outputOf({ ...PARTS, ...(faults as object) }))
  })

  it('lets done beat the deltas, the terminal event beat both, and an item that was done stay as it was', async () => {
    const levels = ['delta', 'done', 'terminal', 'item']
    const textOf = async (upTo: number): Promise<unknown> => {
      const output = await outputOf({
        text: 'x',
        emptyTerminalOutput: upTo < 2,
        omit: upTo < 3 ? ['response.output_item.done', 'response.content_part.done'] : [],
        mapEvent: (event) => {
          if (event.type === 'response.output_text.delta') return { ...event, delta: 'delta' }
          if (event.type === 'response.output_text.done')
            return upTo < 1 ? undefined : { ...event, text: 'done' }
          if (event.type === 'response.output_item.done') return { ...event, item: messageItem('item') }
          if (event.type !== 'response.completed' || upTo < 2) return event
          return { ...event, response: { ...(event.response as Fields), output: [messageItem('terminal')] } }
        },
      })
      return outputText({ output })
    }
    for (const [index, level] of levels.entries()) expect(await textOf(index)).toBe(level)
  })
})

describe('pitfall 15: the terminal event has an empty output', () => {
  it('keeps the items that were streamed', async () => {
    expect(await outputOf({ ...PARTS, emptyTerminalOutput: true })).toEqual(WHOLE.response?.output)
  })

  it('fills only what is missing when it has some of them', async () => {
    const output = await outputOf({
      ...PARTS,
      mapEvent: (event) => {
        if (event.type !== 'response.completed') return event
        const response = event.response as { output: unknown[] }
        return { ...event, response: { ...response, output: response.output.slice(0, 2) } }
      },
    })
    expectWhole(output)
  })
})

describe('pitfall 16: the id of an item differs from event to event', () => {
  it('goes by output_index', async () => {
    expectWhole(await outputOf({ ...PARTS, changeIds: true }))
    expectWhole(await outputOf({ ...PARTS, changeIds: true, emptyTerminalOutput: true }))
    expectWhole(
      await outputOf({
        ...PARTS,
        changeIds: true,
        omit: [...DONE, 'response.output_item.done'],
        emptyTerminalOutput: true,
      }),
    )
  })
})

describe('pitfall 17: ids in the terminal event differ from those in the stream', () => {
  it('has every item once, and every call once', async () => {
    const output = await outputOf({
      ...PARTS,
      mapEvent: (event) => {
        if (event.type !== 'response.completed') return event
        const response = event.response as { output: Fields[] }
        const renamed = response.output.map((item) => ({ ...item, id: `other_${item.id}` }))
        return { ...event, response: { ...response, output: renamed } }
      },
    })
    expectWhole(output)
  })
})

describe('pitfall 18: wrong numbers', () => {
  const callsOf = (output: OutputItem[]) =>
    output.flatMap((item) => (item.type === 'function_call' ? [`${item.name} ${item.arguments}`] : []))

  const TWO = { calls: [call('f', { a: 1 }, 'c1'), call('g', { b: 2 }, 'c2')] }

  it('takes a new id at a known output_index as a new item', async () => {
    const sameIndex = (event: WireEvent) =>
      event.output_index === undefined ? event : { ...event, output_index: 0 }
    const output = await outputOf({ ...TWO, mapEvent: sameIndex, emptyTerminalOutput: true })
    expect(callsOf(output)).toEqual(['f {"a":1}', 'g {"b":2}'])
  })

  it('does not need an item to be announced', async () => {
    const output = await outputOf({ ...TWO, omit: ['response.output_item.added'], emptyTerminalOutput: true })
    expect(callsOf(output)).toEqual(['f {"a":1}', 'g {"b":2}'])
  })

  it('takes sequence numbers as a hint: constant, absent, descending', async () => {
    for (const number of [() => 1, () => undefined, (k: number) => 1000 - k]) {
      const output = await outputOf({
        ...PARTS,
        mapEvent: (event, k) => ({ ...event, sequence_number: number(k) }),
      })
      expectWhole(output)
    }
  })

  it('does with empty item ids', async () => {
    const output = await outputOf({
      ...PARTS,
      emptyTerminalOutput: true,
      mapEvent: (event) => ({
        ...event,
        ...(event.item_id === undefined ? undefined : { item_id: '' }),
        ...(event.item === undefined ? undefined : { item: { ...itemOf(event), id: '' } }),
      }),
    })
    expectWhole(output)
  })

  it('does without any output_index', async () => {
    const output = await outputOf({
      ...TWO,
      emptyTerminalOutput: true,
      mapEvent: ({ output_index: _, ...event }) => event,
    })
    expect(callsOf(output)).toEqual(['f {"a":1}', 'g {"b":2}'])
  })
})

describe('pitfall 22: the event says completed, the status says incomplete', () => {
  it('believes the response', async () => {
    const { response } = await askClient([
      {
        text: 'a b',
        incomplete: 'max_output_tokens',
        mapEvent: (event) =>
          event.type === 'response.incomplete' ? { ...event, type: 'response.completed' } : event,
      },
    ])
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
  })
})

describe('pitfall 26: unknown events, items and parts', () => {
  const unknown: WireEvent[] = [
    { type: 'keepalive', sequence_number: 3 },
    { type: 'response.keep_alive' },
    { type: 'codex.rate_limits', limits: { primary: 1 } },
    { type: 'acme:thing', payload: [1, null] },
    { type: 'response.future_call.delta', output_index: 9, item_id: 'x', delta: { deep: true } },
  ]

  it('hands unknown events on as they are', async () => {
    const { events, response, error } = await askClient([
      { ...PARTS, mapEvent: (event, k) => (k === 3 ? [...unknown, event] : event) },
    ])
    expect(error).toBeUndefined()
    expectWhole(response?.output ?? [])
    expect(events.slice(3, 8)).toEqual(unknown)
  })

  it('keeps unknown items, parts and fields, with the terminal output and without', async () => {
    const items = [
      { type: 'acme:thing', id: 'x_1', payload: { deep: [1] } },
      { ...messageItem('seen'), content: [{ type: 'acme:part', data: 1 }], future: { field: true } },
      { ...callItem('f', {}, 'c1'), future: 1 },
    ] as unknown as OutputItem[]
    expect(await outputOf({ items })).toEqual(items)
    expect(await outputOf({ items, emptyTerminalOutput: true })).toEqual(items)
  })
})

describe('pitfall 28: usage missing', () => {
  it.each(['null', 'absent', 'null-counters'] as const)('answers with usage %s', async (noUsage) => {
    expectWhole(await outputOf({ ...PARTS, noUsage }))
    await using upstream = await fakeUpstream({ answers: { text: 'x', noUsage } })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    expect(await client.responses.create({ model: 'm', input: 'Hi' })).toMatchObject({ status: 'completed' })
  })
})

describe('pitfall 30: refusals, and messages without content', () => {
  it('streams and keeps a refusal', async () => {
    for (const emptyTerminalOutput of [false, true]) {
      const { events, response } = await askClient([{ refusal: 'I can not do that.', emptyTerminalOutput }])
      const deltas = events.flatMap((event: ResponseEvent) =>
        event.type === 'response.refusal.delta' ? [event.delta] : [],
      )
      expect(deltas.join('')).toBe('I can not do that.')
      expect(refusalText(response!)).toBe('I can not do that.')
      expect(outputText(response!)).toBe('')
    }
  })

  it('folds a refusal from its deltas alone', async () => {
    const omit = ['response.refusal.done', 'response.content_part.done', 'response.output_item.done']
    const output = await outputOf({ refusal: 'No, sorry.', omit, emptyTerminalOutput: true })
    expect(output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'No, sorry.' }] }])
  })

  it('keeps a message whose content is empty', async () => {
    const empty = { ...messageItem(''), content: [] }
    expect(await outputOf({ items: [empty] })).toEqual([empty])
    expect(await outputOf({ items: [empty], emptyTerminalOutput: true })).toEqual([empty])
  })
})

describe('pitfall 37: additions of a gateway', () => {
  it('hands on fields it does not know and chunks that are no events', async () => {
    const filters = [{ blocked: false, source_type: 'prompt' }]
    const prompt = { choices: [], prompt_filter_results: filters }
    const { events, response, error } = await askClient([
      {
        ...PARTS,
        mapEvent: (event, k) =>
          k === 1 ? [prompt, { ...event, content_filters: filters }] : { ...event, content_filters: filters },
      },
    ])
    expect(error).toBeUndefined()
    expectWhole(response?.output ?? [])
    expect(events[0]).toMatchObject({ type: 'response.created', content_filters: filters })
    expect(events.filter((event) => (event as WireEvent).type !== undefined)).toHaveLength(
      WHOLE.events.length,
    )
  })

  it('keeps the inner error of a content filter', async () => {
    const body = {
      error: {
        message: 'The response was filtered.',
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: {
          code: 'ResponsibleAIPolicyViolation',
          content_filter_result: { hate: { filtered: true } },
        },
      },
    }
    const { error } = await askClient([{ status: 400, body }])
    expect(error).toMatchObject({
      status: 400,
      apiCode: 'content_filter',
      param: 'prompt',
      retryable: false,
      body,
    })
  })
})

describe('pitfall 40: text from deltas and from done', () => {
  it('is there once', async () => {
    const { response } = await askClient([{ text: 'Only once.' }])
    expect(outputText(response!)).toBe('Only once.')
    const streamed = await askClient([{ text: 'Only once.', emptyTerminalOutput: true }])
    expect(outputText(streamed.response!)).toBe('Only once.')
  })
})
