import {
  AntiphonError,
  ApiError,
  accumulate,
  createAccumulator,
  type OutputItem,
  type ResponseEvent,
} from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { call, created, message, responseOf, wire } from './accumulate-events.ts'

/** Folds the events; says what was sealed, in order, and what came out. */
const fold = (events: ResponseEvent[]) => {
  const sealed: [number, OutputItem][] = []
  const accumulator = createAccumulator({ onSealed: (item, index) => sealed.push([index, item]) })
  for (const event of events) accumulator.push(event)
  return { sealed, accumulator, response: accumulator.finish() }
}

const thrown = (events: ResponseEvent[]): AntiphonError => {
  try {
    accumulate(events)
  } catch (error) {
    if (error instanceof AntiphonError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const at = (index: number, id = `fc_${index + 1}`): object => ({ output_index: index, item_id: id })

it('pitfall 5: takes encrypted_content from the finished item, never from the announced one', () => {
  const item = { type: 'reasoning', id: 'rs_1', summary: [] }
  const added: [string, object] = [
    'output_item.added',
    { ...at(0), item: { ...item, encrypted_content: 'half' } },
  ]
  const last: [string, object] = ['completed', { response: responseOf([]) }]
  const whole = { ...item, encrypted_content: 'whole' }
  expect(
    fold(wire(created, added, ['output_item.done', { ...at(0), item: whole }], last)).response.output,
  ).toEqual([whole])
  expect(fold(wire(created, added, ['output_item.done', { ...at(0), item }], last)).response.output).toEqual([
    item,
  ])
  expect(fold(wire(created, added, last)).response.output).toEqual([item])
})

it('pitfall 13: leaves empty arguments of a finished call empty', () => {
  const item = call(1, '')
  expect(
    fold(
      wire(
        created,
        ['output_item.done', { ...at(0), item }],
        ['completed', { response: responseOf([item]) }],
      ),
    ).sealed,
  ).toEqual([[0, item]])
})

describe('pitfall 14: the arguments come in one place only', () => {
  const added: [string, object] = [
    'output_item.added',
    { ...at(0), item: call(1, '', { status: 'in_progress' }) },
  ]
  const deltas: [string, object][] = [
    ['function_call_arguments.delta', { ...at(0), delta: '{"a"' }],
    ['function_call_arguments.delta', { ...at(0), delta: ':1}' }],
  ]
  const done: [string, object] = ['function_call_arguments.done', { ...at(0), arguments: '{"a":1}' }]
  const doneItem = (args: string): [string, object] => ['output_item.done', { ...at(0), item: call(1, args) }]
  const last = (...output: OutputItem[]): [string, object] => ['completed', { response: responseOf(output) }]
  it.each<[string, [string, object?][]]>([
    ['deltas, finished item empty', [added, ...deltas, doneItem(''), last()]],
    ['deltas only', [added, ...deltas, last()]],
    ['done only', [added, done, last()]],
    ['finished item only', [doneItem('{"a":1}'), last()]],
    ['terminal response only', [last(call(1, '{"a":1}'))]],
    ['terminal response, announced item open', [added, last(call(1, '{"a":1}'))]],
    ['terminal response, finished item empty', [added, doneItem(''), last(call(1, '{"a":1}'))]],
    [
      'done after other deltas',
      [added, ['function_call_arguments.delta', { ...at(0), delta: '{' }], done, last()],
    ],
    [
      'empty done after deltas',
      [added, ...deltas, ['function_call_arguments.done', { ...at(0), arguments: '' }], last()],
    ],
    [
      'finished item after another done',
      [added, ['function_call_arguments.done', { ...at(0), arguments: '{' }], doneItem('{"a":1}'), last()],
    ],
  ])('%s', (_name, events) => {
    const { response, sealed } = fold(wire(created, ...events))
    expect(response.output).toEqual([call(1, '{"a":1}')])
    expect(sealed).toHaveLength(1)
  })

  it('a finished item wins over a different terminal copy', () => {
    const { response, sealed } = fold(wire(created, added, doneItem('{"a":1}'), last(call(1, '{"a":2}'))))
    expect(response.output).toEqual([call(1, '{"a":1}')])
    expect(response.output[0]).toBe(sealed[0]?.[1])
  })
})

it('pitfall 14: text that comes only in deltas survives an empty finished message', () => {
  const events = wire(
    created,
    ['output_item.added', { ...at(0, 'msg_1'), item: message('', { content: [], status: 'in_progress' }) }],
    ['output_text.delta', { ...at(0, 'msg_1'), content_index: 0, delta: 'Hel' }],
    ['output_text.delta', { ...at(0, 'msg_1'), content_index: 0, delta: 'lo' }],
    ['output_item.done', { ...at(0, 'msg_1'), item: message('') }],
    ['completed', { response: responseOf([]) }],
  )
  expect(fold(events).response.output).toEqual([message('Hello')])
})

it('pitfall 15: an empty or missing terminal output is filled with the streamed items, by output_index', () => {
  for (const response of [
    responseOf([]),
    { ...responseOf([]), output: undefined },
    { ...responseOf([]), output: null },
  ]) {
    const events = wire(
      created,
      ['output_item.done', { ...at(1), item: call(2, '{}') }],
      ['output_item.done', { ...at(0), item: call(1, '{}') }],
      ['completed', { response }],
    )
    expect(fold(events).response.output).toEqual([call(1, '{}'), call(2, '{}')])
  }
})

it('pitfall 16: ids that change with every event are one item, and the finished id counts', () => {
  const events = wire(
    created,
    [
      'output_item.added',
      { ...at(0, 'a'), item: call(1, '', { id: 'a', call_id: 'x', status: 'in_progress' }) },
    ],
    ['function_call_arguments.delta', { ...at(0, 'b'), delta: '{}' }],
    ['function_call_arguments.done', { ...at(0, 'c'), arguments: '{}' }],
    ['output_item.done', { ...at(0, 'd'), item: call(1, '{}', { id: 'd', call_id: 'y' }) }],
    ['completed', { response: responseOf([call(1, '{}', { id: 'e', call_id: 'z' })]) }],
  )
  const { response, sealed } = fold(events)
  expect(response.output).toEqual([call(1, '{}', { id: 'd', call_id: 'y' })])
  expect(sealed).toHaveLength(1)
})

it('pitfall 17: items that the terminal response names otherwise are not doubled', () => {
  const events = wire(
    created,
    ['output_item.done', { ...at(0, 'rs_1'), item: { type: 'reasoning', id: 'rs_1', summary: [] } }],
    ['output_item.done', { ...at(1), item: call(1, '{}') }],
    ['output_item.done', { ...at(2), item: call(2, '{}') }],
    ['completed', { response: responseOf([call(7, '{}'), call(8, '{}')]) }],
  )
  const { response, sealed } = fold(events)
  expect(response.output).toEqual([
    { type: 'reasoning', id: 'rs_1', summary: [] },
    call(1, '{}'),
    call(2, '{}'),
  ])
  expect(sealed).toHaveLength(3)
})

describe('pitfall 18', () => {
  it('a new id at a sealed index is a new item', () => {
    const events = wire(
      created,
      ['output_item.done', { ...at(0), item: call(1, '{}') }],
      ['output_item.added', { ...at(0), item: call(2, '', { status: 'in_progress' }) }],
      ['function_call_arguments.delta', { ...at(0, 'fc_2'), delta: '[]' }],
      ['output_item.done', { ...at(0), item: call(2, '[]') }],
      ['output_item.done', { ...at(0), item: call(3, '3') }],
      ['completed', { response: responseOf([call(1, '{}'), call(2, '[]'), call(3, '3')]) }],
    )
    const { response, sealed } = fold(events)
    expect(response.output).toEqual([call(1, '{}'), call(2, '[]'), call(3, '3')])
    expect(sealed.map(([, item]) => item)).toEqual(response.output)
  })

  it('calls announced one after the other at one index, their events interleaved', () => {
    const events = wire(
      created,
      ['output_item.added', { ...at(0), item: call(1, '', { status: 'in_progress' }) }],
      ['output_item.added', { ...at(0), item: call(2, '', { status: 'in_progress' }) }],
      ['function_call_arguments.delta', { ...at(0, 'fc_1'), delta: '1' }],
      ['function_call_arguments.delta', { ...at(0, 'fc_2'), delta: '2' }],
      ['output_item.done', { ...at(0), item: call(1, '') }],
      ['output_item.done', { ...at(0), item: call(2, '') }],
      ['completed', { response: responseOf([]) }],
    )
    expect(fold(events).response.output).toEqual([call(1, '1'), call(2, '2')])
  })

  it('an item finished twice is sealed once', () => {
    const events = wire(
      created,
      ['output_item.done', { ...at(0), item: call(1, '{}') }],
      ['output_item.added', { ...at(0), item: call(1, '') }],
      ['output_item.done', { ...at(0), item: call(1, '{}') }],
      ['output_item.done', { ...at(0), item: call(1, '{}', { id: 'other' }) }],
      ['output_item.done', { ...at(0), item: call(1, '{}', { id: '' }) }],
      ['completed', { response: responseOf([call(1, '{}')]) }],
    )
    const { response, sealed } = fold(events)
    expect(sealed).toEqual([[0, call(1, '{}')]])
    expect(response.output).toEqual([call(1, '{}')])
  })

  it('items that were never announced are made from their pieces', () => {
    const events = wire(
      created,
      ['reasoning_summary_text.delta', { ...at(0, 'rs_1'), summary_index: 0, delta: 'hm' }],
      ['output_text.delta', { ...at(1, 'msg_1'), content_index: 0, delta: 'Hi' }],
      ['function_call_arguments.delta', { ...at(2, 'fc_1'), delta: '{}' }],
      ['function_call_arguments.done', { ...at(2, 'fc_1'), name: 'f', arguments: '{}' }],
      ['completed', { response: responseOf([]) }],
    )
    expect(fold(events).response.output).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] },
      message('Hi'),
      call(1, '{}', { call_id: '' }),
    ])
  })

  it('item_id "" and sequence numbers that stand still do not matter', () => {
    const events = wire(
      created,
      ['output_item.added', { ...at(0, ''), sequence_number: 1, item: message('', { id: '', content: [] }) }],
      ['output_text.delta', { ...at(0, ''), sequence_number: 1, content_index: 0, delta: 'a' }],
      ['output_item.added', { ...at(1, ''), sequence_number: 1, item: call(1, '', { id: '' }) }],
      ['output_text.delta', { ...at(0, ''), sequence_number: 1, content_index: 0, delta: 'b' }],
      ['function_call_arguments.delta', { ...at(1, ''), sequence_number: 1, delta: '{}' }],
      ['completed', { response: responseOf([]) }],
    )
    expect(fold(events).response.output).toEqual([message('ab', { id: '' }), call(1, '{}', { id: '' })])
  })

  it('events without output_index are told apart by id', () => {
    const events = wire(
      created,
      ['output_item.added', { item: call(1, '', { status: 'in_progress' }) }],
      ['output_item.added', { item: call(2, '', { status: 'in_progress' }) }],
      ['function_call_arguments.delta', { item_id: 'fc_1', delta: '1' }],
      ['function_call_arguments.delta', { item_id: 'fc_2', delta: '2' }],
      ['output_item.done', { item: call(2, '2') }],
      ['completed', { response: responseOf([]) }],
    )
    expect(fold(events).response.output).toEqual([call(1, '1'), call(2, '2')])
  })
})

it('pitfalls 20 and 45: a stream without a terminal event is an error that may be retried, however much came', () => {
  const whole = wire(
    created,
    ['in_progress', created[1]],
    ['output_item.done', { ...at(0), item: message('all of it') }],
  )
  expect(thrown(whole)).toMatchObject({ code: 'stream_truncated', retryable: true })
  expect(thrown([])).toMatchObject({ code: 'stream_truncated' })
})

it('pitfall 21: half a call of an incomplete response is kept, marked, and not handed on', () => {
  const half = call(2, '{"a', { status: 'in_progress' })
  const base = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  for (const output of [[], [call(1, '{}'), call(2, '{"a', { status: 'completed' })]]) {
    const events = wire(
      created,
      ['output_item.done', { ...at(0), item: call(1, '{}') }],
      ['output_item.added', { ...at(1), item: { ...half, arguments: '' } }],
      ['function_call_arguments.delta', { ...at(1), delta: '{"a' }],
      ['incomplete', { response: responseOf(output, base) }],
    )
    const { response, sealed } = fold(events)
    expect(sealed.map(([index]) => index)).toEqual([0])
    expect(response).toEqual(responseOf([call(1, '{}'), call(2, '{"a', { status: 'incomplete' })], base))
  }
})

it('pitfall 22: the response says how it ended, not the name of the event; the worse of the two holds', () => {
  const cut = { incomplete_details: { reason: 'max_output_tokens' } }
  const status = (type: string, more: object): unknown =>
    accumulate(wire(created, [type, { response: responseOf([], more) }])).status
  expect(status('completed', { status: 'incomplete' })).toBe('incomplete')
  expect(status('completed', cut)).toBe('incomplete')
  expect(status('completed', { status: 'failed' })).toBe('failed')
  expect(status('incomplete', { status: 'completed' })).toBe('incomplete')
  expect(status('failed', { status: 'completed' })).toBe('failed')
  expect(status('completed', { status: 'in_progress' })).toBe('completed')
  expect(status('completed', { status: undefined })).toBe('completed')
  expect(status('cancelled', { status: 'in_progress' })).toBe('cancelled')
  expect(status('failed', { status: 'expired' })).toBe('expired')
})

it('pitfall 22: open items of a response that is incomplete under another name are not handed on', () => {
  const events = wire(
    created,
    ['output_item.added', { ...at(0), item: call(1, '', { status: 'in_progress' }) }],
    ['completed', { response: responseOf([call(1, '{}')], { status: 'incomplete' }) }],
  )
  expect(fold(events).sealed).toEqual([])
})

describe('pitfalls 23 and 24: an error event', () => {
  const flat = { code: 'server_error', message: 'Broken', param: null }
  const nested = { error: { type: 'server_error', code: 'server_error', message: 'Broken', param: null } }

  it.each([
    ['flat', flat],
    ['nested', nested],
  ])('%s, and nothing after it, is thrown with its facts', (_name, fields) => {
    const error = thrown(wire(created, ['error', fields]))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'server_error', apiCode: 'server_error', retryable: true })
    expect(error.message).toContain('Broken')
  })

  it.each([
    ['server_error', true],
    ['rate_limit_exceeded', true],
    ['overloaded_error', true],
    ['vector_store_timeout', true],
    ['invalid_prompt', false],
    ['invalid_request_error', false],
    ['insufficient_quota', false],
    ['something_new', false],
  ])('%s: retryable is %s', (code, retryable) => {
    expect(thrown(wire(created, ['error', { ...flat, code }])).retryable).toBe(retryable)
    expect(thrown(wire(created, ['error', { error: { ...flat, code: null, type: code } }])).retryable).toBe(
      retryable,
    )
  })

  it('gives way to the failed response that follows, and fills its error', () => {
    const failed = (error: unknown): [string, object] => [
      'failed',
      { response: responseOf([], { status: 'failed', error }) },
    ]
    const own = { code: 'rate_limit_exceeded', message: 'Slow' }
    for (const fields of [flat, nested]) {
      expect(accumulate(wire(created, ['error', fields], failed(null)))).toMatchObject({
        status: 'failed',
        error: { code: 'server_error', message: 'Broken' },
      })
      expect(accumulate(wire(created, ['error', fields], failed(own))).error).toEqual(own)
    }
  })

  it('never shows a key', () => {
    const error = thrown(
      wire(created, ['error', { code: 'invalid_api_key', message: 'Incorrect: sk-abcdefghijkl1234' }]),
    )
    expect(JSON.stringify(error) + error.message).not.toContain('abcdefghijkl')
  })
})

it('pitfall 26: unknown events change nothing, unknown items and parts pass as they are', () => {
  const item = { type: 'acme:thing', id: 'x', nested: { deep: [1] } }
  const odd = message('', { content: [{ type: 'acme:part', blob: { a: 1 } }] })
  const events = wire(
    created,
    ['keepalive', { sequence_number: 3 }],
    ['keep_alive'],
    ['whatever.delta', { output_index: 0, delta: 'x' }],
    ['output_item.added', { output_index: 0, item }],
    ['output_item.done', { output_index: 0, item }],
    ['output_item.added', { output_index: 1, item: { ...odd, content: [] } }],
    [
      'content_part.added',
      { output_index: 1, content_index: 0, part: { type: 'acme:part', blob: { a: 1 } } },
    ],
    ['output_item.done', { output_index: 1, item: odd }],
    ['completed', { response: responseOf([item, odd]) }],
  )
  const others = [
    { type: 'ping' },
    { type: 'codex.rate_limits', limit: 1 },
    { type: 'acme:x' },
  ] as unknown as ResponseEvent[]
  const { response, sealed } = fold([...others, ...events.slice(0, 3), ...others, ...events.slice(3)])
  expect(response).toEqual(responseOf([item, odd]))
  expect(sealed.map(([, one]) => one)).toEqual([item, odd])
})

it('pitfall 26: events without the fields they should have do no harm', () => {
  const types = [
    'output_item.added',
    'output_item.done',
    'content_part.added',
    'content_part.done',
    'output_text.delta',
    'output_text.done',
    'output_text.annotation.added',
    'refusal.delta',
    'refusal.done',
    'reasoning_text.delta',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'custom_tool_call_input.done',
    'mcp_call_arguments.delta',
    'code_interpreter_call_code.delta',
    'shell_call_command.delta',
    'shell_call_command.added',
    'created',
    'in_progress',
  ]
  const hostile = [
    {},
    { output_index: -1 },
    { output_index: 1e9, content_index: 1e9 },
    { output_index: 0, content_index: 1e9, summary_index: 1e9, command_index: 1e9 },
    { item: null, part: null, response: null, delta: null },
    { item: 'x', part: 5, delta: {} },
  ]
  const events = types.flatMap((type) => hostile.map((fields): [string, object] => [type, fields]))
  expect(
    accumulate(wire(created, ...events, ['completed', { response: responseOf([message('x')]) }])).status,
  ).toBe('completed')
})

it('pitfall 26: a message whose content is text is left alone', () => {
  const item = message('', { content: 'plain text' })
  const events = wire(
    created,
    ['output_item.added', { output_index: 0, item }],
    ['output_text.delta', { output_index: 0, content_index: 0, delta: 'x' }],
    ['content_part.done', { output_index: 0, content_index: 0, part: { type: 'output_text', text: 'x' } }],
    ['output_item.done', { output_index: 0, item }],
    ['completed', { response: responseOf([item]) }],
  )
  expect(accumulate(events).output).toEqual([item])
})

it('pitfall 27: nothing after the terminal event counts', () => {
  const events = wire(
    created,
    ['completed', { response: responseOf([message('a')]) }],
    ['output_item.done', { ...at(1), item: call(1, '{}') }],
    ['error', { code: 'server_error', message: 'late' }],
    ['failed', { response: responseOf([], { status: 'failed' }) }],
  )
  const { response, sealed } = fold(events)
  expect(response).toEqual(responseOf([message('a')]))
  expect(sealed).toHaveLength(1)
})

it.each([[null], [undefined], [{ input_tokens: null }]])('pitfall 28: usage %j stays as it came', (usage) => {
  expect(accumulate(wire(created, ['completed', { response: responseOf([], { usage }) }])).usage).toEqual(
    usage,
  )
})

it('pitfall 30: refusals are folded like text, and empty content stays empty', () => {
  const refused = message('', { content: [{ type: 'refusal', refusal: 'I will not' }] })
  const events = wire(
    created,
    ['output_item.added', { ...at(0, 'msg_1'), item: { ...refused, content: [], status: 'in_progress' } }],
    ['content_part.added', { ...at(0, 'msg_1'), content_index: 0, part: { type: 'refusal', refusal: '' } }],
    ['refusal.delta', { ...at(0, 'msg_1'), content_index: 0, delta: 'I will' }],
    ['refusal.delta', { ...at(0, 'msg_1'), content_index: 0, delta: ' not' }],
    ['output_item.done', { ...at(1, 'msg_2'), item: message('', { id: 'msg_2', content: [] }) }],
    ['completed', { response: responseOf([]) }],
  )
  expect(accumulate(events).output).toEqual([refused, message('', { id: 'msg_2', content: [] })])
})

it('pitfall 37: fields of filters pass, and events are judged by type only', () => {
  const filters = { content_filters: [{ blocked: false }] }
  const events = wire(
    created,
    [
      'output_text.delta',
      { output_index: 0, item_id: 'msg_1', content_index: 0, delta: 'a', content_filter_results: {} },
    ],
    ['completed', { response: responseOf([message('a', filters)], filters) }],
  )
  expect(accumulate(events)).toEqual(responseOf([message('a', filters)], filters))
})

it('pitfall 40: text of done events is not added to the deltas', () => {
  const place = { ...at(0, 'msg_1'), content_index: 0 }
  const events = wire(
    created,
    ['output_item.added', { ...place, item: message('', { content: [], status: 'in_progress' }) }],
    ['output_text.delta', { ...place, delta: 'ab' }],
    ['output_text.done', { ...place, text: 'ab' }],
    ['content_part.done', { ...place, part: { type: 'output_text', text: 'ab', annotations: [] } }],
    ['completed', { response: responseOf([]) }],
  )
  expect(accumulate(events).output).toEqual([message('ab')])
})

it('pitfall 40: a second answer in the same stream replaces what was not finished of the first', () => {
  const place = { ...at(0, 'msg_1'), content_index: 0 }
  const again: [string, object] = [
    'created',
    { response: { ...(created[1] as { response: object }).response, id: 'resp_2' } },
  ]
  const events = wire(
    created,
    ['output_text.delta', { ...place, delta: 'first ' }],
    created,
    ['output_text.delta', { ...place, delta: 'half' }],
    again,
    ['output_text.delta', { ...place, delta: 'second' }],
    ['completed', { response: responseOf([], { id: 'resp_2' }) }],
  )
  expect(accumulate(events).output).toEqual([message('second')])
})

it('pitfall 41: phase is kept, also when only the announced item has it', () => {
  const events = wire(
    created,
    ['output_item.added', { ...at(0), item: message('', { content: [], phase: 'commentary' }) }],
    ['output_item.done', { ...at(0), item: message('a') }],
    ['output_item.done', { ...at(1), item: message('b', { id: 'msg_2', phase: 'final_answer' }) }],
    ['completed', { response: responseOf([]) }],
  )
  expect(accumulate(events).output).toEqual([
    message('a', { phase: 'commentary' }),
    message('b', { id: 'msg_2', phase: 'final_answer' }),
  ])
})

it('dialects: response.reasoning.*, response.reasoning_part.* and response.cancelled', () => {
  const place = { ...at(0, 'rs_1'), content_index: 0 }
  const events = wire(
    created,
    ['output_item.added', { ...place, item: { type: 'reasoning', id: 'rs_1', summary: [] } }],
    ['reasoning_part.added', { ...place, part: { type: 'reasoning_text', text: '' } }],
    ['reasoning.delta', { ...place, delta: 'hm' }],
    ['reasoning.done', { ...place, text: 'hmm' }],
    ['cancelled', { response: responseOf([], { status: 'cancelled' }) }],
  )
  expect(accumulate(events)).toEqual(
    responseOf(
      [
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'hmm' }],
          status: 'incomplete',
        },
      ],
      { status: 'cancelled' },
    ),
  )
})

it('an item that changes its type between its announcement and its end is one item, as it ended', () => {
  const item = { type: 'web_search_call', id: 'it_1', action: { type: 'search', query: 'q' } }
  const events = wire(
    created,
    [
      'output_item.added',
      { output_index: 0, item: { type: 'message', id: 'it_1', role: 'assistant', content: [] } },
    ],
    ['output_text.delta', { output_index: 0, item_id: 'it_1', content_index: 0, delta: 'q' }],
    ['output_item.done', { output_index: 0, item }],
    ['completed', { response: responseOf([item]) }],
  )
  const { sealed, response } = fold(events)
  expect(sealed).toEqual([[0, item]])
  expect(response.output).toEqual([item])
})
