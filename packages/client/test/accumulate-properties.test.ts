import {
  accumulate,
  createAccumulator,
  createSseDecoder,
  encodeSse,
  eventsOf,
  isAntiphonError,
  type OutputItem,
  type Response,
  type ResponseEvent,
} from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { essentialEventsOf } from '../src/accumulate/events-of.ts'
import { call, message, responseOf } from './accumulate-events.ts'

type Fields = Record<string, unknown>

const text = fc.string({ unit: 'binary', maxLength: 12 })
const status = fc.constant('completed')
const annotation = fc.record({ type: fc.constant('url_citation'), url: fc.webUrl(), title: text })
const logprob = fc.record({
  token: text,
  logprob: fc.double({ noNaN: true, noDefaultInfinity: true, max: 0 }),
})

const plainPart = fc.oneof(
  fc.record({ type: fc.constant('output_text'), text, annotations: fc.constant([]) }),
  fc.record({ type: fc.constant('refusal'), refusal: text }),
)
const richPart = fc.oneof(
  plainPart,
  fc.record(
    {
      type: fc.constant('output_text'),
      text,
      annotations: fc.array(annotation),
      logprobs: fc.array(logprob),
    },
    { requiredKeys: ['type', 'text', 'annotations'] },
  ),
  fc.record({ type: fc.constant('acme:part'), data: fc.jsonValue() }),
)
const summaryPart = fc.record({ type: fc.constant('summary_text'), text })
const reasoningPart = fc.record({ type: fc.constant('reasoning_text'), text })

const messageOf = (part: fc.Arbitrary<Fields>) =>
  fc.record(
    {
      type: fc.constant('message'),
      role: fc.constant('assistant'),
      status,
      content: fc.array(part, { maxLength: 3 }),
      phase: fc.constantFrom('commentary', 'final_answer', null),
    },
    { requiredKeys: ['type', 'role', 'status', 'content'] },
  )

const plainItem: fc.Arbitrary<Fields> = fc.oneof(
  messageOf(plainPart),
  fc.record({ type: fc.constant('function_call'), name: text, arguments: text, status }),
  fc.record({ type: fc.constant('custom_tool_call'), name: text, input: text }),
  fc.record({ type: fc.constant('reasoning'), summary: fc.array(summaryPart, { maxLength: 3 }) }),
)

const anyItem: fc.Arbitrary<Fields> = fc.oneof(
  plainItem,
  messageOf(richPart),
  fc.record(
    {
      type: fc.constant('reasoning'),
      summary: fc.array(summaryPart, { maxLength: 2 }),
      content: fc.array(reasoningPart, { maxLength: 2 }),
      encrypted_content: text,
    },
    { requiredKeys: ['type', 'summary'] },
  ),
  fc.record({ type: fc.constant('mcp_call'), server_label: text, name: text, arguments: text, output: text }),
  fc.record({
    type: fc.constant('code_interpreter_call'),
    code: text,
    container_id: text,
    outputs: fc.constant([]),
    status,
  }),
  fc.record({
    type: fc.constant('web_search_call'),
    status,
    action: fc.record({ type: fc.constant('search'), query: text }),
  }),
  fc.record({ type: fc.constant('acme:thing'), data: fc.jsonValue() }),
)

const outputOf = (item: fc.Arbitrary<Fields>): fc.Arbitrary<OutputItem[]> =>
  fc.array(item, { maxLength: 5 }).map((items) =>
    items.map((fields, i) => {
      const named: Fields = { ...fields, id: `item_${i}` }
      if (String(fields.type).endsWith('tool_call') || fields.type === 'function_call')
        named.call_id = `call_${i}`
      return named as unknown as OutputItem
    }),
  )

const ending = fc.constantFrom(
  { status: 'completed', usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } },
  { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
  { status: 'failed', error: { code: 'server_error', message: 'no' } },
  { status: 'cancelled' },
)

const fold = (events: readonly ResponseEvent[]): { response: Response; sealed: OutputItem[] } => {
  const sealed: OutputItem[] = []
  const accumulator = createAccumulator({ onSealed: (item) => sealed.push(item) })
  for (const event of events) accumulator.push(event)
  return { response: accumulator.finish(), sealed }
}

const has = (event: ResponseEvent, suffix: string): boolean => event.type.endsWith(suffix)
const isTerminal = (event: ResponseEvent): boolean =>
  /^response\.(completed|incomplete|failed|cancelled)$/.test(event.type)

/** The same events with every delta cut in pieces of one character. */
const crumble = (events: readonly ResponseEvent[]): ResponseEvent[] =>
  events.flatMap((event) => {
    const { delta } = event as { delta?: string }
    if (delta === undefined) return [event]
    return Array.from(delta, (piece) => ({ ...event, delta: piece, logprobs: [] }) as ResponseEvent)
  })

const withoutOutput = (events: readonly ResponseEvent[]): ResponseEvent[] =>
  events.map((event) =>
    isTerminal(event)
      ? ({
          ...event,
          response: { ...(event as { response: Response }).response, output: [] },
        } as ResponseEvent)
      : event,
  )

/** The events of all items mixed, the order inside each item kept. */
const interleave = (events: readonly ResponseEvent[], order: readonly number[]): ResponseEvent[] => {
  const queues = new Map<number, ResponseEvent[]>()
  const rest: ResponseEvent[] = []
  for (const event of events) {
    const { output_index: index } = event as { output_index?: number }
    if (index === undefined) rest.push(event)
    else queues.set(index, [...(queues.get(index) ?? []), event])
  }
  const mixed: ResponseEvent[] = []
  const open = [...queues.values()]
  for (let i = 0; open.length > 0; i++) {
    const place = (order[i % order.length] ?? 0) % open.length
    mixed.push(open[place]!.shift()!)
    if (open[place]!.length === 0) open.splice(place, 1)
  }
  return [...rest.slice(0, -1), ...mixed, ...rest.slice(-1)]
}

describe('any response', () => {
  it('is what its events fold to, and each item is sealed once, in order', () => {
    fc.assert(
      fc.property(outputOf(anyItem), ending, fc.boolean(), (output, more, pieces) => {
        const response = responseOf(output, more)
        const events = pieces ? crumble(eventsOf(response)) : eventsOf(response)
        const before = JSON.stringify(events)
        const folded = fold(events)
        expect(folded.response).toEqual(response)
        expect(folded.sealed).toEqual(output)
        expect(JSON.stringify(events)).toBe(before)
      }),
      { numRuns: 300 },
    )
  })

  it('folds to the same by the events that a fold needs', () => {
    fc.assert(
      fc.property(outputOf(anyItem), ending, (output, more) => {
        const response = responseOf(output, more)
        expect(fold(essentialEventsOf(response))).toEqual(fold(eventsOf(response)))
      }),
      { numRuns: 300 },
    )
  })

  it('is told as the contract orders it', () => {
    fc.assert(
      fc.property(outputOf(anyItem), ending, (output, more) => {
        const events = eventsOf(responseOf(output, more))
        expect(events.map((event) => (event as { sequence_number?: number }).sequence_number)).toEqual(
          events.map((_, i) => i),
        )
        expect(events.slice(0, 2).map((event) => event.type)).toEqual([
          'response.created',
          'response.in_progress',
        ])
        expect(events.filter(isTerminal)).toEqual(events.slice(-1))
        const places = events.flatMap((event) => (event as { output_index?: number }).output_index ?? [])
        expect(places).toEqual([...places].sort((a, b) => a - b))
        for (const [index] of output.entries()) {
          const own = events.filter((event) => (event as { output_index?: number }).output_index === index)
          expect([own.at(0)?.type, own.at(-1)?.type]).toEqual([
            'response.output_item.added',
            'response.output_item.done',
          ])
        }
      }),
    )
  })

  it('survives the loss of any events, as long as the terminal output is there', () => {
    fc.assert(
      fc.property(outputOf(anyItem), fc.infiniteStream(fc.boolean()), (output, keep) => {
        const events = crumble(eventsOf(responseOf(output))).filter(
          (event) => isTerminal(event) || keep.next().value,
        )
        const folded = fold(events)
        expect(folded.response).toEqual(responseOf(output))
        expect(new Set(folded.sealed).size).toBe(output.length)
        expect(folded.sealed).toEqual(expect.arrayContaining(output))
      }),
      { numRuns: 300 },
    )
  })

  it('survives the loss of any events but the finished items, in any order of items, without a terminal output', () => {
    fc.assert(
      fc.property(
        outputOf(anyItem),
        fc.infiniteStream(fc.boolean()),
        fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
        (output, keep, order) => {
          const events = crumble(eventsOf(responseOf(output))).filter(
            (event) => isTerminal(event) || has(event, 'output_item.done') || keep.next().value,
          )
          expect(fold(withoutOutput(interleave(events, order))).response).toEqual(responseOf(output))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is made of deltas only, or of done events only, when nothing else is there', () => {
    fc.assert(
      fc.property(outputOf(plainItem), fc.boolean(), (output, deltas) => {
        const events = crumble(eventsOf(responseOf(output))).filter(
          (event) =>
            !has(event, 'item.done') &&
            (has(event, '.added') || isTerminal(event) || has(event, deltas ? '.delta' : '.done')),
        )
        expect(fold(withoutOutput(events)).response).toEqual(responseOf(output))
        expect(fold(withoutOutput(events)).sealed).toEqual(output)
      }),
      { numRuns: 300 },
    )
  })

  it('is never taken for whole when its stream is cut, and its snapshots stand still', () => {
    fc.assert(
      fc.property(outputOf(anyItem), ending, (output, more) => {
        const response = responseOf(output, more)
        const events = crumble(eventsOf(response))
        const accumulator = createAccumulator()
        const snapshots: [Response | undefined, string][] = []
        for (const event of events) {
          expect(() => accumulator.finish()).toThrow(expect.objectContaining({ code: 'stream_truncated' }))
          accumulator.push(event)
          const snapshot = accumulator.snapshot()
          snapshots.push([snapshot, JSON.stringify(snapshot)])
        }
        expect(accumulator.finish()).toEqual(response)
        expect(accumulator.snapshot()).toEqual(response)
        for (const [snapshot, then] of snapshots) expect(JSON.stringify(snapshot)).toBe(then)
      }),
      { numRuns: 60 },
    )
  })
})

it('a stream cut at any byte is truncated or whole, never a wrong success', () => {
  const response = responseOf([
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'é',
    },
    message('Grüße 😀\n"quoted"'),
    call(1, '{"city":"Zürich"}'),
  ])
  const bytes = new TextEncoder().encode(
    crumble(eventsOf(response))
      .map((event) => encodeSse(event))
      .join(''),
  )
  let whole = 0
  for (let cut = 0; cut <= bytes.length; cut++) {
    const accumulator = createAccumulator()
    const decoder = createSseDecoder({
      onEvent: (event) => accumulator.push(event as unknown as ResponseEvent),
    })
    decoder.push(bytes.subarray(0, cut))
    decoder.end()
    try {
      expect(accumulator.finish()).toEqual(response)
      whole += 1
    } catch (error) {
      if (!isAntiphonError(error)) throw error
      expect(error.code).toBe('stream_truncated')
    }
  }
  // The blank line, and its first half, may be missing.
  expect(whole).toBe(3)
})

it.each(['queued', 'in_progress'])('a response that is %s has no terminal event yet', (state) => {
  const events = eventsOf(responseOf([], { status: state }))
  expect(events.map((event) => event.type)).toEqual(['response.created', `response.${state}`])
  expect(() => accumulate(events)).toThrow(expect.objectContaining({ code: 'stream_truncated' }))
})
