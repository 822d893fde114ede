import { createClient, isAntiphonError, outputText } from '@antiphon/client'
import { call, fakeUpstream, type UpstreamFaults, type UpstreamReply, type WireEvent } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { askClient } from './ask-client.ts'

const COUNT = (await askClient(['One two'])).events.length

describe('pitfall 20: the stream ends without a terminal event', () => {
  it('is an error when the body ends properly', async () => {
    const { error, response, events } = await askClient([{ text: 'One two', noTerminal: true }])
    expect(response).toBeUndefined()
    expect(error).toMatchObject({ code: 'stream_truncated', retryable: true })
    expect(events).toHaveLength(COUNT - 1)
  })

  it('is an error when the connection is cut', async () => {
    const { error, response } = await askClient([{ text: 'One two', cutAfterEvents: COUNT - 1 }])
    expect(response).toBeUndefined()
    expect(error).toMatchObject({ code: 'stream_cut', retryable: true })
  })

  it('is an error when only [DONE] comes', async () => {
    const { error } = await askClient([{ text: 'One two', noTerminal: true, doneMarker: true }])
    expect(error).toMatchObject({ code: 'stream_truncated' })
  })

  it('is an error when nothing comes', async () => {
    const { error } = await askClient([{ text: 'One two', cutAfterBytes: 0, cutMode: 'end' }])
    expect(isAntiphonError(error)).toBe(true)
  })

  it('is not retried once an event was handed on', async () => {
    for (const faults of [{ cutAfterEvents: 1 }, { noTerminal: true }] satisfies UpstreamFaults[]) {
      const { error, requests } = await askClient([{ text: 'One two', ...faults }, 'second'], { retries: 2 })
      expect(isAntiphonError(error)).toBe(true)
      expect(requests).toHaveLength(1)
    }
  })
})

describe('pitfall 23: an error inside a stream', () => {
  it.each<[string, boolean]>([
    ['server_error', true],
    ['rate_limit_exceeded', true],
    ['overloaded', true],
    ['overloaded_error', true],
    ['invalid_prompt', false],
    ['invalid_image', false],
    ['insufficient_quota', false],
  ])('is typed, flat and nested: %s is retryable: %s', async (errorCode, retryable) => {
    for (const errorEvent of ['flat', 'nested'] as const) {
      const { error, events } = await askClient([
        { text: 'One', errorEvent, errorCode, errorMessage: 'Too bad.' },
      ])
      expect(error).toMatchObject({
        name: 'ApiError',
        apiCode: errorCode,
        retryable,
        message: expect.stringContaining('Too bad.'),
      })
      expect(events.at(-1)?.type).toBe('error')
    }
  })

  it('is retried when it is the first thing to come, and retryable', async () => {
    for (const errorEvent of ['flat', 'nested'] as const) {
      const first = { text: 'One', errorEvent, errorAt: 0 }
      const { response, events, requests } = await askClient([first, 'Second'], { retries: 1 })
      expect(outputText(response!)).toBe('Second')
      expect(requests).toHaveLength(2)
      expect(events.some((event) => event.type === 'error')).toBe(false)
    }
  })

  it('is not retried when it is not retryable, or events came before', async () => {
    const replies: UpstreamReply[] = [
      { text: 'One', errorEvent: 'flat', errorAt: 0, errorCode: 'invalid_prompt' },
      { text: 'One', errorEvent: 'nested', errorAt: 3 },
    ]
    for (const reply of replies) {
      const { error, requests } = await askClient([reply, 'Second'], { retries: 2 })
      expect(error).toMatchObject({ name: 'ApiError' })
      expect(requests).toHaveLength(1)
    }
  })

  it('becomes the failed response when response.failed follows', async () => {
    const { response, error } = await askClient([
      { text: 'One', errorEvent: 'nested', errorThenFailed: true, errorMessage: 'Too bad.' },
    ])
    expect(error).toBeUndefined()
    expect(response).toMatchObject({ status: 'failed', error: { code: 'server_error', message: 'Too bad.' } })
  })

  it('gives a failed response as a response', async () => {
    const { response } = await askClient([
      { text: 'One', failed: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
    ])
    expect(response).toMatchObject({ status: 'failed', error: { code: 'rate_limit_exceeded' } })
  })
})

describe('pitfall 24: only an error event, no terminal event', () => {
  it('is that error, not a truncated stream', async () => {
    const { error } = await askClient([{ text: 'One', errorEvent: 'flat', errorAt: 1 }])
    expect(error).toMatchObject({ name: 'ApiError', code: 'server_error' })
  })

  it('is that error also when [DONE] follows, or the connection is cut', async () => {
    for (const faults of [{ doneMarker: true }, { cutAfterEvents: 2 }] satisfies UpstreamFaults[]) {
      const { error } = await askClient([{ text: 'One', errorEvent: 'nested', errorAt: 1, ...faults }])
      expect(error).toMatchObject({ name: 'ApiError', code: 'server_error' })
    }
  })

  it('is that error also when the server goes silent then, whatever the idle time', async () => {
    const silent = { text: 'One', errorEvent: 'flat', errorAt: 1, stallAfterEvents: 2 } as const
    for (const idleMs of [100, 600_000]) {
      const { error } = await askClient([silent], { timeouts: { idleMs } })
      expect(error).toMatchObject({ name: 'ApiError', code: 'server_error' })
    }
  })

  it('is the abort when the caller leaves before that', async () => {
    await using upstream = await fakeUpstream({
      answers: { text: 'One', errorEvent: 'flat', errorAt: 1, stallAfterEvents: 2 },
    })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    const leaving = new AbortController()
    const stream = client.responses.stream({ model: 'm', input: 'Hi' }, { signal: leaving.signal })
    for await (const event of stream) {
      if (event.type !== 'error') continue
      leaving.abort()
      break
    }
    await expect(stream.response()).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('pitfall 27: [DONE], and what comes after the end', () => {
  const again = (event: WireEvent): WireEvent | WireEvent[] =>
    event.type === 'response.completed'
      ? [
          event,
          { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: ' late' },
          event,
        ]
      : event

  it.each<[string, UpstreamFaults]>([
    ['no [DONE]', { doneMarker: false }],
    ['a [DONE]', { doneMarker: true }],
    ['events after the terminal one', { mapEvent: again, doneMarker: true }],
    [
      'an error event after the terminal one',
      {
        mapEvent: (event) =>
          event.type === 'response.completed'
            ? [event, { type: 'error', message: 'late', code: 'x' }]
            : event,
      },
    ],
    [
      'broken data after the terminal one',
      {
        mapEvent: (event) => (event.type === 'response.completed' ? [event, { type: '\uD800' }] : event),
      },
    ],
    ['a cut after the terminal one', { cutAfterEvents: COUNT }],
    ['silence after the terminal one', { stallAfterEvents: COUNT }],
  ])('answers the same with %s', async (_name, faults) => {
    const { response, error, events } = await askClient([{ text: 'One two', ...faults }])
    expect(error).toBeUndefined()
    expect(outputText(response!)).toBe('One two')
    expect(events).toHaveLength(COUNT)
  })

  it('uses the connection again after an end that was read', async () => {
    await using upstream = await fakeUpstream({ answers: { text: 'One', doneMarker: true } })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key' })
    for (let n = 0; n < 5; n++) await client.responses.stream({ model: 'm', input: 'Hi' }).response()
    // The next request may begin while the end of the last answer is still read.
    expect(await upstream.connections()).toBeLessThanOrEqual(2)
  })
})

describe('pitfall 40: a retry must not join two answers', () => {
  it('gives the second answer alone after a failure without events', async () => {
    const failures: UpstreamReply[] = [
      { status: 500, body: '<h1>Oops</h1>', headers: { 'content-type': 'text/html', 'retry-after-ms': '1' } },
      { status: 429, body: {}, headers: { 'retry-after-ms': '1' } },
      { status: 429, body: { error: { code: 'rate_limit_exceeded', message: 'Slow down.' } } },
      { resetConnection: true },
      { text: 'First', cutAfterBytes: 20 },
    ]
    for (const failure of failures) {
      const { response, events, requests } = await askClient([failure, 'Second'], { retries: 1 })
      expect(outputText(response!)).toBe('Second')
      expect(requests).toHaveLength(2)
      expect(events.filter((event) => event.type === 'response.created')).toHaveLength(1)
    }
  })
})

describe('pitfall 45: the end of the stream is not the end of the response', () => {
  it('never resolves with a response in progress', async () => {
    for (let cutAfterEvents = 0; cutAfterEvents < COUNT; cutAfterEvents++) {
      const { response, error } = await askClient([{ text: 'One two', cutAfterEvents, cutMode: 'end' }])
      expect(response).toBeUndefined()
      expect(isAntiphonError(error)).toBe(true)
    }
  })
})

describe('an answer cut at every byte', () => {
  /** Short, so that every position can be tried. */
  const short: WireEvent[] = [
    {
      type: 'response.created',
      response: { id: 'r', object: 'response', status: 'in_progress', output: [] },
    },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'm', content: [] } },
    {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      item_id: 'm',
      delta: 'Grüße 🌍',
    },
    {
      type: 'response.completed',
      response: {
        id: 'r',
        object: 'response',
        status: 'completed',
        output: [
          {
            type: 'message',
            id: 'm',
            role: 'assistant',
            content: [{ type: 'output_text', text: 'Grüße 🌍' }],
          },
        ],
      },
    },
  ]

  const tryAll = async (stream: boolean, cutMode: 'end' | 'destroy'): Promise<[number, number]> => {
    let cutAfterBytes = 0
    await using upstream = await fakeUpstream({
      answers: () => ({ events: short as never, cutAfterBytes, cutMode }),
    })
    const client = createClient({ baseURL: upstream.url, apiKey: 'key', retries: 0 })
    const ask = (): Promise<unknown> =>
      stream
        ? client.responses.stream({ model: 'm', input: 'Hi' }).response()
        : client.responses.create({ model: 'm', input: 'Hi' })
    let failures = 0
    let successes = 0
    // Until the cut is beyond the end, and a little further.
    for (; successes < 5 && cutAfterBytes < 5000; cutAfterBytes++) {
      const result = await ask().catch((error: unknown) => error)
      if (isAntiphonError(result)) failures++
      else {
        successes++
        expect(result).toMatchObject({ status: 'completed', output: [{ content: [{ text: 'Grüße 🌍' }] }] })
      }
    }
    return [failures, successes]
  }

  it.each([
    ['streamed', 'destroy'],
    ['streamed', 'end'],
    ['as JSON', 'destroy'],
    ['as JSON', 'end'],
  ] as const)('is a typed error or the whole response: %s, %s', async (how, cutMode) => {
    const [failures, successes] = await tryAll(how === 'streamed', cutMode)
    expect(failures).toBeGreaterThan(100)
    expect(successes).toBe(5)
  })
})

describe('a server that does not answer as it should', () => {
  it.each<[string, UpstreamReply, object]>([
    ['never answers', { never: true }, { code: 'first_event_timeout' }],
    ['sends headers only', { text: 'One', stallAfterEvents: 0 }, { code: 'first_event_timeout' }],
    ['goes silent', { text: 'One', stallAfterEvents: 2 }, { code: 'idle_timeout' }],
    [
      'sends HTML under 200',
      { body: '<h1>Login</h1>', headers: { 'content-type': 'text/html' } },
      { retryable: false },
    ],
    ['sends an empty body', { body: '', status: 200 }, {}],
    [
      'sends an error under 200',
      { body: { error: { message: 'No.', code: 'invalid_prompt' } } },
      { name: 'ApiError' },
    ],
  ])('is a typed error when it %s', async (_name, reply, expected) => {
    const { error, response } = await askClient([reply], { timeouts: { firstEventMs: 600, idleMs: 600 } })
    expect(response).toBeUndefined()
    expect(isAntiphonError(error)).toBe(true)
    expect(error).toMatchObject(expected)
  })

  it('may answer in JSON where a stream was asked for', async () => {
    const body = {
      id: 'r',
      object: 'response',
      status: 'completed',
      output: [
        { type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'One two' }] },
      ],
    }
    const { response, events } = await askClient([{ body }])
    expect(outputText(response!)).toBe('One two')
    expect(events.at(-1)?.type).toBe('response.completed')
  })

  it('may stream calls that are cut: they are not in a response', async () => {
    const { response, error } = await askClient([{ calls: [call('f', { a: 1 })], cutAfterEvents: 5 }])
    expect(response).toBeUndefined()
    expect(isAntiphonError(error)).toBe(true)
  })
})
