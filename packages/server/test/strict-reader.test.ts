import type { OutputItem } from '@antiphon/client'
import { agent, tool } from 'antiphon'
import {
  call,
  callItem,
  calls,
  messageItem,
  reasoningItem,
  refusalItem,
  scripted,
  text,
} from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { asking, type Fields, lastOf, modelOf, type Seen, told, typesOf, weather } from './asking.ts'
import { problemsOfEvents } from './valid-response.ts'

/** Items that readers let pass without an id. */
const MAY_LACK_ID: readonly unknown[] = ['function_call', 'custom_tool_call']
const NEEDS_CALL_ID: readonly unknown[] = [...MAY_LACK_ID, 'shell_call', 'shell_call_output']

/** Why the next version of the official client would throw at these events; what today's throws at, it says itself. */
const refusals = (events: readonly Seen[]): string[] => {
  const problems: string[] = []
  const items: { readonly item: Fields; parts: number }[] = []
  const used = new Set<string>()
  for (const [n, { type, item, item_id, output_index, content_index, error }] of events.entries()) {
    const say = (problem: string): void => void problems.push(`${n} ${type}: ${problem}`)
    if (error && type !== 'error') say('error')
    if (typeof output_index !== 'number') continue
    if (type === 'response.output_item.added') {
      const { id, type: kind, call_id } = item ?? {}
      if (output_index !== items.length) say('place')
      if (!MAY_LACK_ID.includes(kind) && !(typeof id === 'string' && id !== '')) say('no id')
      if (NEEDS_CALL_ID.includes(kind) && !(typeof call_id === 'string' && call_id !== '')) say('no call_id')
      for (const key of [id && `id ${id}`, call_id && `${kind} ${call_id}`]) {
        if (typeof key !== 'string') continue
        if (used.has(key)) say(`twice: ${key}`)
        used.add(key)
      }
      items.push({ item: item ?? {}, parts: 0 })
      continue
    }
    const known = items[output_index]
    if (known === undefined) say('no item')
    else if (type === 'response.output_item.done') {
      for (const field of ['id', 'type', 'call_id'])
        if (known.item[field] !== item?.[field]) say(`another ${field}`)
    } else {
      if (item_id !== undefined && item_id !== known.item.id) say('another item_id')
      if (type === 'response.content_part.added' && content_index !== known.parts++) say('gap')
    }
  }
  return problems
}

/** What the official client makes of a stream, which it must not throw at. */
const read = async (served: Parameters<typeof asking>[0], body: object = {}) => {
  const { events, openai } = await asking(served)
  const seen = await events(body)
  expect(refusals(seen)).toEqual([])
  const final = await openai.responses.stream({ model: 'm', input: 'Hello', ...body }).finalResponse()
  expect(final.status).toBe(lastOf(seen).status)
  expect(final.output.map(({ type }) => type)).toEqual(typesOf(lastOf(seen).output))
  return { seen, final }
}

const insert = (events: readonly Seen[], behind: string, ...more: readonly object[]): object[] =>
  events.flatMap((event) => (event.type === behind ? [event, ...more] : [event]))

const at = { item_id: 'msg_1', output_index: 0 }
const hello = told([{ ...messageItem('Hello there'), id: 'msg_1' }])

describe('what the official client throws at, a model tempting the server to it', () => {
  it('1: a stream that does not begin with its beginning', async () => {
    for (const events of [hello.slice(2), [{ type: 'keepalive' }, ...hello], hello.slice(-1)]) {
      const { seen } = await read(modelOf(events))
      expect(typesOf(seen).slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
      expect(seen.filter(({ type }) => type === 'response.created')).toHaveLength(1)
    }
  })

  it('2: events that it has no name for', async () => {
    const strange = ['acme:progress', 'codex.rate_limits', 'response.keep_alive', 'response.agent.start']
    const { final } = await read(
      modelOf(
        insert(
          hello,
          'response.content_part.added',
          ...strange.map((type) => ({ type })),
          { type: 'acme:delta', ...at, delta: 'x' },
          { type: 'response.reasoning.delta', ...at, content_index: 0, delta: 'x' },
        ),
      ),
    )
    expect(final.output_text).toBe('Hello there')
    // It has none for the end of what was cancelled, either.
    const cancelled = hello.at(-1)?.response
    const end = { type: 'response.cancelled', response: { ...cancelled, status: 'cancelled' } }
    const { seen } = await read(modelOf([...hello.slice(0, -1), end]))
    expect(seen.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } })
  })

  it('3: items at places that leave gaps', async () => {
    const events = told([messageItem('One.'), messageItem('Two.')]).map((event) =>
      typeof event.output_index === 'number' ? { ...event, output_index: 7 - event.output_index * 3 } : event,
    )
    expect((await read(modelOf(events))).final.output_text).toBe('One.Two.')
  })

  it('4: parts at places that leave gaps', async () => {
    const events = hello.map((event) => ('content_index' in event ? { ...event, content_index: 2 } : event))
    expect((await read(modelOf(events))).final.output_text).toBe('Hello there')
  })

  it('5: text of a part that was never announced', async () => {
    const silent = told([reasoningItem({ summary: 'Hm.' }), messageItem('Hello')]).filter(
      ({ type }) => !type.endsWith('part.added'),
    )
    expect((await read(modelOf(silent))).final.output_text).toBe('Hello')
  })

  it('6: text for a refusal, and a refusal for text', async () => {
    const wrong = { ...at, content_index: 0, delta: 'x', logprobs: [] }
    const added = 'response.content_part.added'
    const text = insert(hello, added, { type: 'response.refusal.delta', ...wrong })
    expect((await read(modelOf(text))).final.output_text).toBe('Hello there')
    const refusal = told([{ ...refusalItem('No.'), id: 'msg_1' }])
    const { final } = await read(
      modelOf(insert(refusal, added, { type: 'response.output_text.delta', ...wrong })),
    )
    expect(final.output).toMatchObject([{ content: [{ refusal: 'No.' }] }])
  })

  it('7: items without an id', async () => {
    const hosted = { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'x' } }
    const items = [
      messageItem('Hi'),
      reasoningItem({ summary: 'Hm.' }),
      hosted,
      callItem('weather', {}, 'call_a'),
    ]
    const bare = (id: object) =>
      told(items).map((event) =>
        event.item === undefined ? event : { ...event, item: { ...event.item, id: undefined, ...id } },
      )
    for (const events of [bare({}), bare({ id: '' }), bare({ id: null })]) {
      const { final } = await read(modelOf(events), { tools: [weather] })
      expect(final.output).toHaveLength(4)
    }
  })

  it('8: calls without a call id', async () => {
    const call = { ...callItem('weather', {}, 'call_a'), call_id: undefined }
    const custom = { type: 'custom_tool_call', id: 'ctc_1', name: 'write', input: 'x' }
    const { final } = await read(modelOf(told([call, custom])), { tools: [weather] })
    expect(final.output).toHaveLength(2)
  })

  it('9: the same id, or the same call, twice', async () => {
    const items = [
      { ...messageItem('One'), id: `msg_${'a'.repeat(32)}` },
      { ...messageItem('Two'), id: `msg_${'a'.repeat(32)}` },
      { ...callItem('weather', {}, 'call_a'), id: `fc_${'a'.repeat(32)}` },
      { ...callItem('weather', {}, 'call_a'), id: `fc_${'b'.repeat(32)}` },
    ]
    await read(modelOf(told(items)), { tools: [weather] })
  })

  it('10: events under another id than that of their item', async () => {
    const events = hello.map((event, n) => ('item_id' in event ? { ...event, item_id: `msg_${n}` } : event))
    expect((await read(modelOf(events))).final.output_text).toBe('Hello there')
  })

  it('11: items that end as others than they began', async () => {
    const asked = callItem('weather', {}, 'call_a')
    for (const other of [{ id: 'fc_other' }, { call_id: 'call_other' }, { type: 'custom_tool_call' }]) {
      const events = told([asked]).map((event) =>
        event.type === 'response.output_item.done' ? { ...event, item: { ...event.item, ...other } } : event,
      )
      const { final } = await read(modelOf(events), { tools: [weather] })
      expect(final.output).toHaveLength(1)
    }
  })

  it('12: an error in an event that is none', async () => {
    const error = { code: 'x', message: 'Not so bad.' }
    const events = insert(hello, 'response.content_part.added', { type: 'keepalive', error })
    expect((await read(modelOf([...events.slice(0, -1), { ...hello.at(-1), error }]))).final).toMatchObject({
      status: 'completed',
      output_text: 'Hello there',
    })
  })

  it('has nothing of it when all kinds of items are there', async () => {
    const everything = {
      reasoning: 'Hm.',
      text: 'I look.',
      refusal: 'But not there.',
      calls: [call('weather', { city: 'Rome' }), call('weather', { city: 'Oslo' })],
      items: [
        { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'Aloud.' }] },
        { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_c', name: 'write', input: 'x' },
      ] as OutputItem[],
    }
    const { seen } = await read(scripted([everything, everything]), { tools: [weather] })
    expect(problemsOfEvents(seen)).toEqual([])
    const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
    const pay = tool({ name: 'pay', needsApproval: true, execute: () => 'paid' })
    const steps = [text('First I look.', { calls: [call('look')] }), calls(call('pay'), call('weather'))]
    const bank = agent({ name: 'm', model: scripted([...steps, ...steps]), tools: [look, pay] })
    const { seen: told, final } = await read(bank, { tools: [weather] })
    expect(problemsOfEvents(told)).toEqual([])
    expect(final.output.map(({ type }) => type).toSorted()).toEqual([
      'function_call',
      'mcp_approval_request',
      'mcp_call',
      'message',
    ])
  })
})
