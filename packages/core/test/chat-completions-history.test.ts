import type { InputItem } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatBody } from '../src/models/chat-completions/chat-body.ts'
import type { ChatDialect } from '../src/models/chat-completions/chat-dialect.ts'
import type { ChatMessage } from '../src/models/chat-completions/chat-types.ts'

const DIALECT: ChatDialect = {
  systemRole: 'system',
  maxTokensParameter: 'max_tokens',
  reasoningField: undefined,
  hostedTools: 'refuse',
}
const REPLAY: ChatDialect = { ...DIALECT, reasoningField: 'reasoning_content' }

const read = (bytes: Uint8Array): ChatMessage[] => JSON.parse(new TextDecoder().decode(bytes)).messages

const messagesOf = (input: unknown[], dialect = DIALECT): ChatMessage[] =>
  read(new ChatBody().encode(input as InputItem[], null, {}, dialect))

const call = (id: string, args = '{}') => ({ type: 'function_call', call_id: id, name: 'f', arguments: args })
const chatCall = (id: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
})
const output = (id: string, value: unknown = id) => ({
  type: 'function_call_output',
  call_id: id,
  output: value,
})
const said = (text: string) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text }],
})
const thought = (text: string) => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: [],
  content: [{ type: 'reasoning_text', text }],
})
const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' }

describe('chatCompletions: history', () => {
  it('puts the calls of a turn, and the text before them, into one message', () => {
    expect(
      messagesOf([
        said('Let me see.'),
        call('a', '{"n":1}'),
        call('b'),
        output('a'),
        output('b'),
        said('Done.'),
      ]),
    ).toEqual([
      { role: 'assistant', content: 'Let me see.', tool_calls: [chatCall('a', '{"n":1}'), chatCall('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'a' },
      { role: 'tool', tool_call_id: 'b', content: 'b' },
      { role: 'assistant', content: 'Done.' },
    ])
  })

  it('begins a new message for the calls of the next turn', () => {
    expect(messagesOf([call('a'), output('a'), call('b'), output('b')])).toEqual([
      { role: 'assistant', content: null, tool_calls: [chatCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [chatCall('b')] },
      { role: 'tool', tool_call_id: 'b', content: 'b' },
    ])
  })

  it('keeps two messages of the assistant apart', () => {
    expect(messagesOf([said('One.'), said('Two.'), call('a')])).toEqual([
      { role: 'assistant', content: 'One.' },
      { role: 'assistant', content: 'Two.', tool_calls: [chatCall('a')] },
    ])
  })

  it('moves text after the calls of its turn into their message', () => {
    expect(messagesOf([said('A'), call('a'), said('B'), call('b'), output('a'), output('b')])).toMatchObject([
      { role: 'assistant', content: 'A\nB', tool_calls: [chatCall('a'), chatCall('b')] },
      { role: 'tool' },
      { role: 'tool' },
    ])
  })

  it('lets nothing come between calls and their outputs', () => {
    expect(
      messagesOf([
        call('a'),
        call('b'),
        output('a'),
        { role: 'user', content: 'And?' },
        output('b'),
        said('Done.'),
      ]),
    ).toMatchObject([
      { role: 'assistant' },
      { role: 'tool', tool_call_id: 'a' },
      { role: 'tool', tool_call_id: 'b' },
      { role: 'user', content: 'And?' },
      { role: 'assistant' },
    ])
  })

  it('joins the text of an output, and lets images follow after all outputs of the turn', () => {
    const parts = [{ type: 'input_text', text: 'A' }, image, { type: 'input_text', text: 'B' }]
    const picture = { type: 'image_url', image_url: { url: image.image_url } }
    expect(messagesOf([call('a'), call('b'), output('a', parts), output('b', [image])])).toEqual([
      { role: 'assistant', content: null, tool_calls: [chatCall('a'), chatCall('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'A\nB' },
      { role: 'tool', tool_call_id: 'b', content: '(The output follows in the next message.)' },
      { role: 'user', content: [{ type: 'text', text: 'Output of call a:' }, picture] },
      { role: 'user', content: [{ type: 'text', text: 'Output of call b:' }, picture] },
    ])
  })

  it('sends arguments that a server can parse, whatever the model wrote', () => {
    const args = (text: string) => {
      const [message] = messagesOf([call('a', text)]) as {
        tool_calls: { function: { arguments: string } }[]
      }[]
      return message?.tool_calls[0]?.function.arguments
    }
    expect(args('')).toBe('{}')
    expect(args(' {"a": 1} ')).toBe(' {"a": 1} ')
    expect(args('{"a": ')).toBe('{"invalid_json":"{\\"a\\": "}')
  })

  it('wraps the input of a custom tool, and unwraps nothing of its output', () => {
    expect(
      messagesOf([
        { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'select "1"' },
        { type: 'custom_tool_call_output', call_id: 'c', output: '1' },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c', type: 'function', function: { name: 'sql', arguments: '{"input":"select \\"1\\""}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c', content: '1' },
    ])
  })

  it('gives back what the provider wanted back', () => {
    const extra_content = { google: { thought_signature: 'c2ln' } }
    expect(messagesOf([{ ...call('a'), extra_content }])).toMatchObject([{ tool_calls: [{ extra_content }] }])
  })

  it('leaves reasoning out, or sends it back with its turn when told to', () => {
    const items = [
      thought('First.'),
      said('A'),
      thought('Then.'),
      call('a'),
      output('a'),
      call('b'),
      output('b'),
    ]
    expect(JSON.stringify(messagesOf(items))).not.toContain('First.')
    expect(messagesOf(items, REPLAY)).toMatchObject([
      { role: 'assistant', content: 'A', reasoning_content: 'First.\nThen.', tool_calls: [{ id: 'a' }] },
      { role: 'tool' },
      { role: 'assistant', reasoning_content: '', tool_calls: [{ id: 'b' }] },
      { role: 'tool' },
    ])
  })

  it('sends a summary back where there is no raw reasoning', () => {
    const summarised = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'In short.' }],
    }
    const dialect: ChatDialect = { ...DIALECT, reasoningField: 'reasoning' }
    expect(messagesOf([summarised, said('A')], dialect)).toEqual([
      { role: 'assistant', content: 'A', reasoning: 'In short.' },
    ])
  })
})

/** A history as a loop writes it: users, turns with or without calls, every call answered, in order. */
const history = (): fc.Arbitrary<Record<string, unknown>[]> => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' })
  const user = text.map((content) => [{ type: 'message', role: 'user', content }])
  // The user speaks after an answer: thoughts right behind it would be of the same turn.
  const answer = fc
    .tuple(text, text)
    .map(([content, next]) => [said(content), { type: 'message', role: 'user', content: next }])
  const turn = fc
    .record({
      thought: fc.option(text),
      said: fc.option(text),
      calls: fc.array(fc.record({ args: fc.json(), result: text, picture: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
      }),
    })
    .map((drawn) => [
      ...(drawn.thought === null ? [] : [thought(drawn.thought)]),
      ...(drawn.said === null ? [] : [said(drawn.said)]),
      ...drawn.calls.map(({ args }) => call('?', args)),
      ...drawn.calls.map(({ result, picture }) =>
        output('?', picture ? [{ type: 'input_text', text: result }, image] : result),
      ),
    ])
  return fc.array(fc.oneof(user, answer, turn), { maxLength: 12 }).map((groups) => {
    let calls = 0
    let outputs = 0
    return groups.flat().map((item): Record<string, unknown> => {
      const { type } = item as { type: string }
      if (type === 'function_call') return { ...item, call_id: `call_${calls++}` }
      return type === 'function_call_output' ? { ...item, call_id: `call_${outputs++}` } : { ...item }
    })
  })
}

/** Everything of a history, in order, as far as the dialect can say it: texts by role, calls and outputs with their ids. */
const contentOf = (items: Record<string, unknown>[]): unknown[] =>
  items.flatMap((item): unknown[] => {
    if (item.type === 'function_call') return [['call', item.call_id, item.arguments]]
    if (item.type === 'function_call_output') {
      const value = item.output as string | { text: string }[]
      return [['output', item.call_id, typeof value === 'string' ? value : value[0]?.text]]
    }
    if (item.type === 'reasoning') return [['thought', (item.content as { text: string }[])[0]?.text]]
    const content = item.content as string | { text: string }[]
    return [[item.role, typeof content === 'string' ? content : content[0]?.text]]
  })

const readBack = (messages: ChatMessage[]): unknown[] =>
  messages.flatMap((message): unknown[] => {
    if (message.role === 'tool') return [['output', message.tool_call_id, message.content]]
    if (message.role === 'user') return typeof message.content === 'string' ? [['user', message.content]] : []
    if (message.role !== 'assistant') return [[message.role, message.content]]
    return [
      ...(message.reasoning_content ? [['thought', message.reasoning_content]] : []),
      ...(message.content === null ? [] : [['assistant', message.content]]),
      ...(message.tool_calls ?? []).map(({ id, function: fn }) => ['call', id, fn.arguments]),
    ]
  })

describe('chatCompletions: any history', () => {
  it('keeps every text, every call with its output, and their order', () => {
    fc.assert(
      fc.property(history(), (items) => {
        expect(readBack(messagesOf(items, REPLAY))).toEqual(contentOf(items))
        const withoutThoughts = items.filter(({ type }) => type !== 'reasoning')
        expect(readBack(messagesOf(items))).toEqual(contentOf(withoutThoughts))
      }),
    )
  })

  it('has the outputs of a turn right behind its calls, and pictures behind those', () => {
    fc.assert(
      fc.property(history(), (items) => {
        const messages = messagesOf(items)
        let waiting: string[] = []
        for (const message of messages) {
          if (message.role === 'tool') {
            expect(waiting).toContain(message.tool_call_id)
            waiting = waiting.filter((id) => id !== message.tool_call_id)
            continue
          }
          expect(waiting).toEqual([])
          if (message.role === 'assistant') waiting = (message.tool_calls ?? []).map(({ id }) => id)
        }
        expect(waiting).toEqual([])
        const pictures = messages.filter(
          ({ role, content }) => role === 'user' && Array.isArray(content),
        ).length
        expect(pictures).toBe(items.filter(({ output }) => Array.isArray(output)).length)
      }),
    )
  })

  it('is the same whether the bytes of earlier requests are used again or not', () => {
    const edit = fc.record({ at: fc.nat(), drop: fc.nat(3), instructions: fc.boolean() })
    fc.assert(
      fc.property(history(), fc.array(fc.nat(6)), fc.array(edit, { maxLength: 2 }), (items, steps, edits) => {
        const kept = new ChatBody()
        let instructions = 'Be brief.'
        const check = (input: Record<string, unknown>[]) => {
          const encode = (body: ChatBody) =>
            Buffer.from(
              body.encode(input as unknown as InputItem[], instructions, { model: 'm' }, REPLAY),
            ).toString()
          expect(encode(kept)).toBe(encode(new ChatBody()))
        }
        let sent = 0
        for (const step of steps) {
          sent = Math.min(items.length, sent + step)
          check(items.slice(0, sent))
        }
        let edited = items
        for (const { at, drop, instructions: change } of edits) {
          if (change) instructions += '!'
          const place = edited.length === 0 ? 0 : at % edited.length
          edited = [...edited.slice(0, place), ...edited.slice(place + drop)]
          check(edited)
          check([...edited, { type: 'message', role: 'user', content: 'ü“' }])
        }
      }),
    )
  })
})
