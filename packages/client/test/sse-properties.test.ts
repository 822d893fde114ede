import { createSseDecoder, isAntiphonError } from '@antiphon/client'
import fc from 'fast-check'
import { expect, it } from 'vitest'

type Event = Record<string, unknown>

interface Outcome {
  /** Each event as JSON text, so that the order of keys counts. */
  texts: string[]
  events: Event[]
  error?: string
}

const encoder = new TextEncoder()

const decode = (chunks: readonly Uint8Array[]): Outcome => {
  const outcome: Outcome = { texts: [], events: [] }
  const decoder = createSseDecoder({
    onEvent: (event) => {
      outcome.texts.push(JSON.stringify(event))
      outcome.events.push(event)
    },
  })
  try {
    for (const chunk of chunks) decoder.push(chunk)
    decoder.end()
  } catch (error) {
    outcome.error = isAntiphonError(error) ? error.code : String(error)
  }
  return outcome
}

const split = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...places, bytes.length].map((place, i) => bytes.subarray(places[i - 1] ?? 0, place))
}

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\\"',
    '","delta":"',
    '{"delta":"x"}',
    '\n\n',
    '\r',
    '\u2028',
    '\ud800',
    '\udc00x',
    '\u0000',
    '😀é',
    '}',
    ': [DONE]',
  ),
  fc.string({ maxLength: 40 }),
)

const deltaEvent = fc.record(
  {
    type: fc.constantFrom('response.output_text.delta', 'response.function_call_arguments.delta', 'x.delta'),
    sequence_number: fc.oneof(fc.nat(), fc.constantFrom(-1, 0, 1e3, 1.5, 1e21, 2 ** 53, 123456789012345)),
    item_id: fc.constantFrom('msg_1', 'fc_"2"'),
    output_index: fc.constantFrom(0, 1),
    delta: hostileText,
    logprobs: fc.constantFrom([], [], [], [{ token: 'a' }]),
    obfuscation: fc.string(),
  },
  { requiredKeys: ['type', 'delta', 'item_id'] },
)

/** The same members in another order, to be the same in all events of one stream. */
const shuffled = (events: Event[], order: number): Event[] =>
  events.map((event) => {
    const keys = Object.keys(event).sort()
    const turned = [...keys.slice(order % keys.length), ...keys.slice(0, order % keys.length)]
    return Object.fromEntries(turned.map((key) => [key, event[key]]))
  })

const anyEvent = fc.oneof(
  { weight: 3, arbitrary: deltaEvent as fc.Arbitrary<Event> },
  {
    weight: 1,
    arbitrary: fc.dictionary(hostileText, fc.jsonValue()).map((fields) => ({ ...fields, type: 'x.y' })),
  },
)

type LineEnd = '\n' | '\r\n' | '\r'
interface Framing {
  lines: ('comment' | 'id' | 'retry' | 'name' | 'tight name' | 'unknown')[]
  data: 'plain' | 'tight' | 'lines'
  before: 'nothing' | 'done' | 'empty' | 'keepalive' | 'comment'
  ends: LineEnd[]
}

const framing = (ends: fc.Arbitrary<LineEnd>): fc.Arbitrary<Framing> =>
  fc.record({
    lines: fc.array(fc.constantFrom('comment', 'id', 'retry', 'name', 'tight name', 'unknown'), {
      maxLength: 3,
    }),
    data: fc.constantFrom('plain', 'plain', 'tight', 'lines'),
    before: fc.constantFrom('nothing', 'nothing', 'done', 'empty', 'keepalive', 'comment'),
    ends: fc.array(ends, { minLength: 1, maxLength: 5 }),
  })

const LINES = {
  comment: ': é',
  id: 'id: 1',
  retry: 'retry: 5',
  name: 'event: x.y',
  'tight name': 'event:x.y',
  unknown: 'foo: bar',
}
const BEFORE = {
  nothing: [],
  done: ['data: [DONE]', ''],
  empty: ['data:', ''],
  keepalive: ['data: : keepalive', ''],
  comment: [': ping', ''],
}

const frame = (event: Event, how: Framing): string => {
  const data =
    how.data === 'lines'
      ? JSON.stringify(event, null, 1)
          .split('\n')
          .map((line) => `data: ${line}`)
      : [`data:${how.data === 'plain' ? ' ' : ''}${JSON.stringify(event)}`]
  const lines = [...BEFORE[how.before], ...how.lines.map((line) => LINES[line]), ...data, '']
  let last: LineEnd | undefined
  let text = ''
  lines.forEach((line, i) => {
    let end = how.ends[i % how.ends.length]!
    // CR, nothing, LF would be one CRLF.
    if (line === '' && end === '\n' && last === '\r') end = '\r'
    text += line + end
    last = end
  })
  return text
}

it.each<[string, fc.Arbitrary<LineEnd>]>([
  ['LF', fc.constant('\n')],
  ['CRLF', fc.constant('\r\n')],
  ['CR', fc.constant('\r')],
  ['mixed', fc.constantFrom('\n', '\r\n', '\r')],
])('gives the same events for any split and any framing (%s line ends)', (_name, ends) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyEvent, framing(ends)), { maxLength: 12 }),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 30 }),
      (framed, mark, cuts) => {
        const text = framed.map(([event, how]) => frame(event, how)).join('')
        const bytes = encoder.encode((mark ? '\uFEFF' : '') + text)
        const expected = framed.map(([event]) => JSON.stringify(JSON.parse(JSON.stringify(event))))
        expect(decode(split(bytes, cuts))).toMatchObject({ texts: expected })
        expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte))).texts).toEqual(expected)
      },
    ),
    { numRuns: 150 },
  )
})

/** JSON text as servers write it: compact, or with blanks after the separators. */
const write = (event: Event, spaced: boolean): string => {
  const text = JSON.stringify(event)
  if (!spaced) return text
  return `{${Object.entries(event)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(', ')}}`
}

it('reads runs of deltas exactly as JSON.parse does, by one chunk per event and all at once', () => {
  fc.assert(
    fc.property(
      fc.array(deltaEvent, { minLength: 3, maxLength: 20 }),
      fc.nat(),
      fc.boolean(),
      fc.boolean(),
      (random, order, spaced, alike) => {
        const events: Event[] = random.map((event) =>
          alike ? { ...random[0], delta: event.delta, sequence_number: event.sequence_number ?? 7 } : event,
        )
        const lines = shuffled(events, order).map((event) => write(event, spaced))
        const frames = lines.map((line) => encoder.encode(`event: x\ndata: ${line}\n\n`))
        const parsed = lines.map((line) => JSON.parse(line) as Event)
        for (const chunks of [frames, [Buffer.concat(frames)]]) {
          const outcome = decode(chunks)
          expect(outcome.events).toStrictEqual(parsed)
          expect(outcome.texts).toEqual(parsed.map((event) => JSON.stringify(event)))
        }
      },
    ),
    { numRuns: 500 },
  )
})

it('agrees with the general parser on text that was tampered with, broken JSON included', () => {
  const base =
    '{"type":"x.delta","sequence_number":12,"item_id":"m","delta":"abc","logprobs":[],"obfuscation":"q"}'
  const piece = fc.constantFrom(
    '"',
    '\\',
    '0',
    '1e3',
    '-',
    '.',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '\t',
    '\u0001',
    'é',
    '"delta":"',
    ',"delta":"z"',
    '\\u0041',
    '\\ud800',
    '\\x',
    ' ',
  )
  const tampered = fc
    .tuple(fc.nat(base.length), fc.nat(3), piece)
    .map(([at, gone, text]) => base.slice(0, at) + text + base.slice(at + gone))
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(base), tampered), { minLength: 1, maxLength: 4 }), (lines) => {
      const learned = [base, base, base]
      const fast = [...learned, ...lines].map((line) => encoder.encode(`data: ${line}\n\n`))
      const general = [...learned, ...lines].map((line) => encoder.encode(`:\ndata: ${line}\n\n`))
      expect(decode(fast)).toStrictEqual(decode(general))
    }),
    { numRuns: 3000 },
  )
})

it.each([
  ['leading zeros', '"sequence_number":007'],
  ['an exponent', '"sequence_number":1e3'],
  ['a fraction', '"sequence_number":1.0'],
  ['more digits than a double holds', '"sequence_number":12345678901234567890'],
  ['a sign', '"sequence_number":-4'],
  ['no digits', '"sequence_number":'],
])('agrees with JSON.parse on a sequence number with %s', (_name, member) => {
  const line = (middle: string): string => `{"type":"x.delta","item_id":"m",${middle},"delta":"a"}`
  const lines = [line('"sequence_number":1'), line('"sequence_number":2'), line(member)]
  const outcome = decode(lines.map((text) => encoder.encode(`data: ${text}\n\n`)))
  let expected: unknown = 'invalid_event'
  try {
    expected = JSON.parse(lines[2]!)
  } catch {
    expect(outcome.error).toBe(expected)
    return
  }
  expect(outcome.events[2]).toStrictEqual(expected)
})
