import { request as httpRequest } from 'node:http'
import { fakeUpstream, SSE_FRAMINGS, type UpstreamFaults, type WireEvent } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
  chunks: Buffer[]
  /** Code or message of what broke the answer off. */
  broken?: string
}

interface Patience {
  /** Until the headers. */
  waitMs?: number
  /** Since the last thing that came. */
  silenceMs?: number
}

/** Asks once, and gives up where the patience ends. */
const post = (url: string, body: object, patience: Patience = {}): Promise<Answer> =>
  new Promise((resolve) => {
    const answer: Answer = { status: 0, headers: {}, body: '', chunks: [] }
    const done = (broken?: string): void => {
      clearTimeout(timer)
      answer.body = Buffer.concat(answer.chunks).toString()
      if (broken !== undefined) answer.broken = broken
      resolve(answer)
      request.destroy()
    }
    const giveUp = () => done('no end')
    let timer = setTimeout(giveUp, patience.waitMs ?? 10_000)
    const heard = (): void => {
      clearTimeout(timer)
      timer = setTimeout(giveUp, patience.silenceMs ?? 10_000)
    }
    const request = httpRequest(`${url}/responses`, { method: 'POST', agent: false }, (response) => {
      answer.status = response.statusCode ?? 0
      answer.headers = response.headers
      heard()
      response.on('data', (chunk: Buffer) => {
        heard()
        answer.chunks.push(chunk)
      })
      response.on('end', () => done())
      response.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    })
    request.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    request.end(JSON.stringify(body))
  })

const STREAM = { input: 'Hi', stream: true }
const TEXT = 'Grüße an alle 🌍 hier'

const streamed = async (faults: UpstreamFaults, patience?: Patience): Promise<Answer> => {
  await using upstream = await fakeUpstream({ answers: [{ text: TEXT, ...faults }], maxOpenMs: 10_000 })
  // Awaited here: the server closes at the end of this scope.
  return await post(upstream.url, STREAM, patience)
}

/** A whole, simple reader of server-sent events: everything is there already. */
const eventsIn = (body: string): WireEvent[] =>
  body
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n\n')
    .map((block) => block.split('\n').flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []))
    .map((data) => data.join('\n'))
    .filter((data) => data !== '' && !data.startsWith(':') && data !== '[DONE]')
    .map((data) => JSON.parse(data))

const typesIn = (answer: Answer): unknown[] => eventsIn(answer.body).map((event) => event.type)

const whole = await streamed({})
const ALL = eventsIn(whole.body)

describe('faults: other answers', () => {
  it.each<[string, UpstreamFaults, Partial<Answer>]>([
    [
      '429 without retry-after',
      { status: 429, body: { error: { code: 'rate_limit_exceeded' } } },
      { status: 429 },
    ],
    [
      '500 as HTML',
      { status: 500, headers: { 'content-type': 'text/html' }, body: '<h1>Oops</h1>' },
      { status: 500 },
    ],
    ['502 as plain text', { status: 502, body: 'Bad Gateway' }, { status: 502, body: 'Bad Gateway' }],
    ['a body without a status', { body: '{"broken' }, { status: 200, body: '{"broken' }],
    ['a status without a body', { status: 503 }, { status: 503, body: '' }],
  ])('sends %s', async (_name, faults, expected) => {
    expect(await streamed(faults)).toMatchObject(expected)
  })

  it('sends the headers it is given', async () => {
    const answer = await streamed({ status: 429, headers: { 'retry-after': '7' }, body: {} })
    expect(answer.headers).toMatchObject({ 'retry-after': '7', 'content-type': 'application/json' })
    const html = await streamed({ status: 500, headers: { 'content-type': 'text/html' }, body: '<p>' })
    expect(html.headers['content-type']).toBe('text/html')
    const stream = await streamed({ headers: { 'x-request-id': 'req_1' } })
    expect(stream.headers['x-request-id']).toBe('req_1')
    expect(stream.body).toBe(whole.body)
  })

  it('resets the connection', async () => {
    expect(await streamed({ resetConnection: true })).toMatchObject({ status: 0, broken: 'ECONNRESET' })
  })

  it('never answers', async () => {
    expect(await streamed({ never: true }, { waitMs: 30 })).toMatchObject({ status: 0, broken: 'no end' })
  })

  it('applies faults of the server without using an answer up', async () => {
    await using upstream = await fakeUpstream({
      answers: ['only'],
      faults: (_request, n) => (n < 2 ? { status: 503, body: 'later' } : { headers: { 'x-n': String(n) } }),
    })
    const answers: Answer[] = []
    for (let n = 0; n < 3; n++) answers.push(await post(upstream.url, {}))
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 200])
    expect(answers[2]?.headers['x-n']).toBe('2')
  })
})

describe('faults: where the body ends', () => {
  it('cuts after any number of bytes, abruptly or properly, streamed or not', async () => {
    const size = Buffer.byteLength(whole.body)
    for (const cutAfterBytes of [0, 1, 57, size - 1]) {
      const abrupt = await streamed({ cutAfterBytes })
      expect(abrupt.broken).toBe('ECONNRESET')
      expect(Buffer.concat(abrupt.chunks)).toEqual(Buffer.from(whole.body).subarray(0, cutAfterBytes))
      const proper = await streamed({ cutAfterBytes, cutMode: 'end' })
      expect(proper.broken).toBeUndefined()
      expect(Buffer.concat(proper.chunks)).toEqual(Buffer.from(whole.body).subarray(0, cutAfterBytes))
    }
    await using upstream = await fakeUpstream({ answers: { text: TEXT, cutAfterBytes: 20 } })
    expect(await post(upstream.url, {})).toMatchObject({ status: 200, broken: 'ECONNRESET' })
  })

  it('cuts after a number of events', async () => {
    for (const cutAfterEvents of [0, 1, 4, ALL.length]) {
      const answer = await streamed({ cutAfterEvents })
      expect(answer.broken).toBe('ECONNRESET')
      expect(eventsIn(answer.body)).toEqual(ALL.slice(0, cutAfterEvents))
    }
  })

  it('goes silent after a number of events', async () => {
    const answer = await streamed({ stallAfterEvents: 2 }, { silenceMs: 500 })
    expect(answer.broken).toBe('no end')
    expect(eventsIn(answer.body)).toEqual(ALL.slice(0, 2))
  })

  it('drops the terminal event', async () => {
    const answer = await streamed({ noTerminal: true })
    expect(answer.broken).toBeUndefined()
    expect(eventsIn(answer.body)).toEqual(ALL.slice(0, -1))
  })

  it('ends with [DONE] on demand', async () => {
    expect((await streamed({ doneMarker: true })).body).toBe(`${whole.body}data: [DONE]\n\n`)
  })
})

describe('faults: when it comes', () => {
  it('waits before the headers', async () => {
    expect(await streamed({ headersDelayMs: 5_000 }, { waitMs: 30 })).toMatchObject({
      status: 0,
      broken: 'no end',
    })
  })

  it('waits between headers and first event', async () => {
    const answer = await streamed({ firstEventDelayMs: 5_000 }, { silenceMs: 500 })
    expect(answer).toMatchObject({ status: 200, body: '', broken: 'no end' })
  })

  it('waits between events', async () => {
    const answer = await streamed({ eventDelayMs: 5_000 }, { silenceMs: 500 })
    expect(eventsIn(answer.body)).toEqual(ALL.slice(0, 1))
  })

  it('sends everything after its waits', async () => {
    const answer = await streamed({ headersDelayMs: 5, firstEventDelayMs: 5, eventDelayMs: 1 })
    expect(answer.body).toBe(whole.body)
  })
})

describe('faults: how it is written', () => {
  it('sends pieces of any size, also within a character', async () => {
    for (const chunkBytes of [1, 7]) {
      const answer = await streamed({ chunkBytes })
      expect(answer.body).toBe(whole.body)
      expect(Math.max(...answer.chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(chunkBytes)
    }
  })

  it.each(SSE_FRAMINGS)('writes the same events in framing %s', async (framing) => {
    const answer = await streamed({ framing, doneMarker: true })
    expect(eventsIn(answer.body)).toEqual(ALL)
    expect(answer.body === `${whole.body}data: [DONE]\n\n`).toBe(framing === 'lf')
  })

  it('uses the line ends that the framing names', async () => {
    expect((await streamed({ framing: 'crlf' })).body).not.toMatch(/[^\r]\n/)
    expect((await streamed({ framing: 'cr' })).body).not.toContain('\n')
    expect((await streamed({ framing: 'bom' })).body.charCodeAt(0)).toBe(0xfeff)
  })
})

describe('faults: what the events say', () => {
  it('maps events: others, several, none', async () => {
    const answer = await streamed({
      mapEvent: (event, k) => {
        if (k === 0) return { ...event, extra: true }
        return k === 1 ? [event, { type: 'keepalive' }] : k === 2 ? undefined : event
      },
    })
    expect(eventsIn(answer.body)).toEqual([
      { ...ALL[0], extra: true },
      ALL[1],
      { type: 'keepalive' },
      ...ALL.slice(3),
    ])
  })

  it('omits types', async () => {
    const omit = ['response.output_text.delta', 'response.output_item.done']
    const types = typesIn(await streamed({ omit }))
    expect(types).toEqual(ALL.map((event) => event.type).filter((type) => !omit.includes(String(type))))
  })

  it('empties the output of the terminal event', async () => {
    const last = eventsIn((await streamed({ emptyTerminalOutput: true })).body).at(-1)
    expect(last).toMatchObject({ type: 'response.completed', response: { output: [] } })
  })

  it('changes the ids in every event', async () => {
    const events = eventsIn((await streamed({ changeIds: true })).body)
    const ids = events.flatMap((event) => {
      const item = event.item as { id: string } | undefined
      return item?.id ?? (event.item_id as string | undefined) ?? []
    })
    const terminal = events.at(-1) as { response: { output: { id: string }[] } }
    ids.push(terminal.response.output[0]!.id)
    expect(ids.length).toBeGreaterThan(5)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('leaves usage out, in three ways', async () => {
    const last = async (noUsage: UpstreamFaults['noUsage']) =>
      (eventsIn((await streamed({ noUsage })).body).at(-1) as { response: { usage?: unknown } }).response
    expect((await last(true)).usage).toBeNull()
    expect('usage' in (await last('absent'))).toBe(false)
    expect((await last('null-counters')).usage).toMatchObject({ input_tokens: null })
    await using upstream = await fakeUpstream({ answers: { text: 'x', noUsage: 'absent' } })
    expect(JSON.parse((await post(upstream.url, {})).body)).not.toHaveProperty('usage')
  })

  it('sends an error event, flat or nested, at a given place, and nothing after', async () => {
    const flat = eventsIn((await streamed({ errorEvent: 'flat', errorAt: 3, errorCode: 'overloaded' })).body)
    expect(flat).toEqual([
      ...ALL.slice(0, 3),
      {
        type: 'error',
        sequence_number: 3,
        code: 'overloaded',
        message: 'The server had an error.',
        param: null,
      },
    ])
    const nested = eventsIn((await streamed({ errorEvent: 'nested', errorMessage: 'No.' })).body)
    expect(nested.slice(2)).toMatchObject([
      { type: 'error', error: { code: 'server_error', message: 'No.' } },
    ])
  })

  it('lets response.failed follow the error', async () => {
    const events = eventsIn((await streamed({ errorEvent: 'nested', errorThenFailed: true })).body)
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error' } },
    })
  })

  it('combines faults', async () => {
    const answer = await streamed({
      framing: 'crlf',
      chunkBytes: 3,
      noTerminal: true,
      noUsage: true,
      cutAfterEvents: 4,
    })
    expect(answer.broken).toBe('ECONNRESET')
    expect(typesIn(answer)).toEqual(ALL.slice(0, 4).map((event) => event.type))
  })
})
