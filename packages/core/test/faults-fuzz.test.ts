import type { InputItem, ResponseEvent } from '@antiphon/client'
import { agent, customTool } from 'antiphon'
import { lifecycleEvents, messageItem, reasoningItem } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelOf, outcomeOf, sealed, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const RUNS = 400

type Event = Record<string, unknown>

const seal = (items: readonly unknown[], id: string): Event[] => {
  const { events } = sealed(items)
  const response = { ...(events.at(-1) as unknown as { response: object }).response, id }
  return lifecycleEvents(response as never) as unknown as Event[]
}

/** A valid stream as a server would send it: thought, talk, calls of three kinds. */
const recorded: Event[] = seal(
  [
    reasoningItem({ id: 'rs_1' }),
    messageItem('Let me look around.', { id: 'msg_1' }),
    {
      type: 'function_call',
      id: 'fc_1',
      call_id: 'c1',
      name: 'look',
      arguments: '{"city":"Oslo"}',
      status: 'completed',
    },
    {
      type: 'function_call',
      id: 'fc_2',
      call_id: 'c2',
      name: 'book',
      arguments: '{"city":"Oslo"}',
      status: 'completed',
    },
    { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c3', name: 'note', input: 'remember' },
  ],
  'resp_rec',
)

const types = [...new Set(recorded.map((event) => event.type as string))]
const itemTypes = [
  'message',
  'reasoning',
  'function_call',
  'custom_tool_call',
  'shell_call',
  'web_search_call',
  'computer_call',
  'mcp_approval_request',
  'function_call_output',
  'item_reference',
  'acme:odd',
  '',
]

/** Values that a field may be given by mistake. */
const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    '',
    0,
    -1,
    1e21,
    0.5,
    true,
    [],
    {},
    [null],
    [{}],
    { type: 'message' },
    '\ud800',
    '{',
    { toString: 1, valueOf: 2 },
    'c1',
    'fc_1',
    'completed',
    'failed',
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(...itemTypes),
)

type Mutation = (events: Event[]) => void

const at = <T>(list: readonly T[], n: number): number => (list.length === 0 ? 0 : n % list.length)

/** All places in an event where a field could be another one. */
const fieldsOf = (
  value: unknown,
  found: { owner: Record<string, unknown>; key: string }[] = [],
  depth = 0,
) => {
  if (typeof value !== 'object' || value === null || depth > 5) return found
  for (const key of Object.keys(value)) {
    found.push({ owner: value as Record<string, unknown>, key })
    fieldsOf((value as Record<string, unknown>)[key], found, depth + 1)
  }
  return found
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.nat(999).map(
    (n): Mutation =>
      (events) =>
        void events.splice(at(events, n), 1),
  ),
  fc.tuple(fc.nat(999), fc.nat(999)).map(
    ([n, m]): Mutation =>
      (events) => {
        const copy = structuredClone(events[at(events, n)])
        if (copy !== undefined) events.splice(at(events, m), 0, copy)
      },
  ),
  fc.tuple(fc.nat(999), fc.nat(999)).map(
    ([n, m]): Mutation =>
      (events) => {
        const [event] = events.splice(at(events, n), 1)
        if (event !== undefined) events.splice(at(events, m), 0, event)
      },
  ),
  fc
    .tuple(
      fc.nat(999),
      fc.constantFrom('output_index', 'content_index', 'summary_index', 'item_id', 'sequence_number'),
      garbage,
    )
    .map(
      ([n, key, value]): Mutation =>
        (events) => {
          const event = events[at(events, n)]
          if (event !== undefined) event[key] = value
        },
    ),
  fc.tuple(fc.nat(999), fc.nat(7)).map(
    ([n, index]): Mutation =>
      (events) => {
        const event = events[at(events, n)]
        if (event !== undefined) event.output_index = index
      },
  ),
  fc
    .tuple(
      fc.nat(999),
      fc.constantFrom(
        ...types,
        'error',
        'response.failed',
        'response.incomplete',
        'response.cancelled',
        'keepalive',
        'acme:odd',
      ),
    )
    .map(
      ([n, type]): Mutation =>
        (events) => {
          const event = events[at(events, n)]
          if (event !== undefined) event.type = type
        },
    ),
  fc.tuple(fc.nat(999), fc.nat(9999), garbage).map(
    ([n, m, value]): Mutation =>
      (events) => {
        const fields = fieldsOf(events[at(events, n)])
        const field = fields[at(fields, m)]
        if (field !== undefined) field.owner[field.key] = value
      },
  ),
  fc.tuple(fc.nat(999), fc.constantFrom(...itemTypes)).map(
    ([n, type]): Mutation =>
      (events) => {
        const item = events[at(events, n)]?.item as Event | undefined
        if (typeof item === 'object' && item !== null) item.type = type
      },
  ),
  fc.tuple(fc.nat(999), fc.constantFrom('call_id', 'id', 'name', 'arguments', 'status'), garbage).map(
    ([n, key, value]): Mutation =>
      (events) => {
        const item = events[at(events, n)]?.item as Event | undefined
        if (typeof item === 'object' && item !== null) item[key] = value
      },
  ),
)

/** The stream with its mistakes in it, and in words which events they made. */
const mistaken = fc.array(mutation, { minLength: 1, maxLength: 6 }).map((mutations) => {
  const events = structuredClone(recorded)
  for (const mutate of mutations) mutate(events)
  const known = new Set(recorded.map((event) => JSON.stringify(event)))
  const changed = events
    .map((event, k) => `${k}: ${JSON.stringify(event)}`)
    .filter((text) => !known.has(text.replace(/^\d+: /, '')))
  const kept = events.map(({ type }) => JSON.stringify(type)).join(' ')
  return { events, toString: () => `${changed.join('\n')}\nin: ${kept}` }
})

describe('a recorded stream with random mistakes in it', () => {
  it('ends the run with a typed error or a result, and leaves a valid history to go on from', async () => {
    const cases = new Map<string, readonly Event[]>()
    const upstream = await serve({
      answers: ({ body }) => {
        const events = cases.get(String(body.instructions))
        return (body.input?.length ?? 0) > 1 || events === undefined ? 'Done.' : { events: events as never }
      },
    })
    const model = modelOf(upstream)
    const note = customTool({ name: 'note', execute: (input) => `noted ${input}` })
    let n = 0
    let completed = 0
    const property = fc.asyncProperty(mistaken, async ({ events }) => {
      const instructions = `case ${n++}`
      cases.set(instructions, events)
      const { tools } = traces()
      const assistant = agent({ model, tools: [...tools, note], instructions })
      const { result, error } = await outcomeOf(assistant.run('Go'))
      cases.delete(instructions)
      // A mistake of a server is told in words, not as a crash of the code that met it.
      if (error !== undefined)
        expect([error.code, error.message]).not.toEqual(['run_failed', expect.anything()])
      else completed++
      if (result.stop.reason === 'approval') return
      const more: InputItem = { type: 'message', role: 'user', content: 'Go on.' }
      const again = await outcomeOf(assistant.run([...result.history, more]))
      expect(again.result.text).toBe('Done.')
    })
    await fc.assert(property, { numRuns: RUNS })
    expect(completed).toBeGreaterThan(RUNS / 4)
  }, 120_000)

  it('without any mistake is answered', async () => {
    const { tools } = traces()
    const note = customTool({ name: 'note', execute: (input) => `noted ${input}` })
    const upstream = await serve({ answers: [{ events: recorded as unknown as ResponseEvent[] }, 'Done.'] })
    const { result } = await outcomeOf(agent({ model: modelOf(upstream), tools: [...tools, note] }).run('Go'))
    expect(result.text).toBe('Done.')
    expect(result.toolCalls).toBe(3)
  })
})
