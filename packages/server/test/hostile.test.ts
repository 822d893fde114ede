import type { ResponseEvent } from '@antiphon/client'
import { type Model, offline } from 'antiphon'
import { lifecycleEvents } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { idOf, resumeResponse, streamResponse } from './event-reader.ts'
import { heldUpstream } from './held-upstream.ts'
import { serving } from './serving.ts'
import { problemsOfEvents, problemsOfResponse } from './valid-response.ts'

/** Nothing may escape while the test runs. */
const expectCalm = (): void => {
  const escaped: unknown[] = []
  const note = (error: unknown): void => void escaped.push(error)
  process.on('unhandledRejection', note).on('uncaughtException', note)
  onTestFinished(() => {
    process.off('unhandledRejection', note).off('uncaughtException', note)
    expect(escaped).toEqual([])
  })
}

const ROUTES = [
  '/responses',
  '/responses/compact',
  '/responses/input_tokens',
  '/conversations',
  '/conversations/conv_x',
  '/conversations/conv_x/items',
  '/ui/chat',
]

const send = async (
  url: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}

const expectRefusal = ({ status, text }: { status: number; text: string }): void => {
  expect(status, text.slice(0, 300)).toBeGreaterThanOrEqual(400)
  expect(status, text.slice(0, 300)).toBeLessThan(500)
  expect(JSON.parse(text)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } })
}

describe('a hostile body', () => {
  it('with wrong types everywhere is refused or answered, on every route', async () => {
    expectCalm()
    const { url } = await serving(offline())
    const names = [
      'input',
      'model',
      'tools',
      'text',
      'metadata',
      'include',
      'store',
      'stream',
      'background',
      'conversation',
      'previous_response_id',
      'tool_choice',
      'reasoning',
      'items',
      'messages',
      '__proto__',
      'constructor',
      'max_output_tokens',
      'type',
      'role',
      'content',
      'id',
      'call_id',
      'output',
    ] // prettier-ignore
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'user', 'message', 'function_call', '\u0000'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 4 }),
      ),
    }))
    const body = fc.oneof(tree, fc.dictionary(fc.constantFrom(...names), tree, { minKeys: 2, maxKeys: 8 }))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ROUTES), body, async (path, value) => {
        const told = await send(url, path, JSON.stringify(value))
        if (told.status !== 200) expectRefusal(told)
      }),
      { numRuns: 300 },
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('too deep, too large, or no text is refused', async () => {
    expectCalm()
    const { url } = await serving(offline())
    const bodies: (string | Uint8Array<ArrayBuffer>)[] = [
      `{"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      `{"input":"${'x'.repeat(21 * 1024 * 1024)}"}`,
      new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      '',
      '{"input":',
      '[]',
      'null',
    ]
    // An empty conversation needs no body.
    for (const path of ROUTES)
      for (const body of bodies)
        if (path !== '/conversations' || (body !== '' && body !== 'null'))
          expectRefusal(await send(url, path, body))
    expect(
      (await send(url, '/responses', '{"input":"Hello","__proto__":{"polluted":1}}')).status,
    ).toBeLessThan(500)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

const made = (model: (...given: Parameters<Model>) => unknown): Model =>
  Object.assign(model as Model, { modelName: 'm' })

const good = (): ResponseEvent[] =>
  lifecycleEvents({
    id: 'resp_up',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm',
    output: [
      {
        id: 'msg_up',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'one two', annotations: [], logprobs: [] }],
      },
    ],
  } as never) as ResponseEvent[]

const MISBEHAVING: [string, () => Model][] = [
  [
    'throws at once',
    () =>
      made(() => {
        throw new Error('No.')
      }),
  ], // prettier-ignore
  ['rejects with nothing', () => made(() => Promise.reject(undefined))],
  [
    'throws in the middle',
    () =>
      made(async (_, sink) => {
        for (const event of good().slice(0, 5)) sink(event)
        throw new Error('No more.')
      }),
  ],
  [
    'ends without an end',
    () =>
      made(async (_, sink) => {
        for (const event of good().slice(0, -2)) sink(event)
      }),
  ],
  ['says nothing', () => made(async () => undefined)],
  [
    'goes on behind its end',
    () =>
      made(async (_, sink) => {
        for (const event of good()) sink(event)
        const late = (): void => {
          for (const event of good()) sink(event)
        }
        late()
        setImmediate(late)
        setTimeout(late, 5)
      }),
  ],
  [
    'ends twice',
    () =>
      made(async (_, sink) => {
        for (const event of [...good(), ...good().slice(-1)]) sink(event)
      }),
  ],
]
const BROKEN: [string, (event: Record<string, unknown>) => unknown][] = [
  ['is null', () => null],
  ['has no type', ({ type: _, ...event }) => event],
  ['has a number as its type', (event) => ({ ...event, type: 7 })],
  ['has an index below zero', (event) => ({ ...event, output_index: -1 })],
  ['has a huge index', (event) => ({ ...event, output_index: 1_000_000_000 })],
  ['has no item', ({ item: _, ...event }) => event],
  ['has no part', ({ part: _, ...event }) => event],
  ['has an item without id', (event) => ({ ...event, ...(event.item ? { item: { type: 'message' } } : {}) })],
  ['has a type of nobody', (event) => ({ ...event, type: 'acme:thing' })],
  ['has an error at its top', (event) => ({ ...event, error: { message: 'x' } })],
  ['has no delta', ({ delta: _, ...event }) => event],
]
for (const [name, breaks] of BROKEN)
  for (let n = 1; n < good().length - 1; n += 2)
    MISBEHAVING.push([
      `sends event ${n} that ${name}`,
      () =>
        made(async (_, sink) => {
          for (const [at, event] of good().entries())
            sink((at === n ? breaks(event as never) : event) as ResponseEvent)
        }),
    ])

describe('a model that', () => {
  it.each(MISBEHAVING)('%s leaves a valid error or a valid stream', async (_, model) => {
    expectCalm()
    const { url } = await serving(model())
    for (const more of [{}, { store: false }, { background: true }]) {
      const reader = streamResponse(url, { input: 'Go', ...more })
      expect(await reader.over).toBe('done')
      // A delta that was broken is missing; the end of the text has all of it.
      const problems = problemsOfEvents(reader.events)
      expect(problems.filter((problem) => !problem.includes('differs from its deltas'))).toEqual([])
    }
    const { status, text } = await send(url, '/responses', '{"input":"Go"}')
    const body = JSON.parse(text) as { error: { message: string } }
    if (status === 200) expect(problemsOfResponse(body)).toEqual([])
    else expect(body.error.message).not.toContain('undefined')
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('never ends, and does not stop when it is told to, is left behind', async () => {
    expectCalm()
    const { url } = await serving(made(() => new Promise(() => undefined)))
    const reader = streamResponse(url, { input: 'Go', background: true })
    const id = await idOf(reader)
    const cancelled = await send(url, `/responses/${id}/cancel`, '{}')
    expect(JSON.parse(cancelled.text)).toMatchObject({ status: 'cancelled' })
    expect(await reader.over).toBe('done')
    expect(problemsOfEvents(reader.events)).toEqual([])
  })
})

describe('a reader that', () => {
  it('leaves stops the model at once; with a grace period it may come back', async () => {
    const upstream = await heldUpstream()
    const { responses } = await import('antiphon')
    const model = responses('slow', { baseURL: upstream.url, apiKey: 'none', retries: 0 })
    const { url } = await serving(model)
    for (let n = 0; n < 4; n++) {
      const reader = streamResponse(url, { input: 'Go', store: n % 2 === 0 })
      const answer = await upstream.answer(n)
      await idOf(reader)
      if (n > 1) answer.say('One')
      if (n > 1) await reader.until(({ type }) => type === 'response.output_text.delta')
      reader.leave()
      await answer.closed
    }
    const patient = await serving(model, { disconnectGraceMs: 60_000 })
    const reader = streamResponse(patient.url, { input: 'Go' })
    const answer = await upstream.answer(4)
    const id = await idOf(reader)
    reader.leave()
    await reader.over
    const rest = resumeResponse(patient.url, id, reader.last())
    answer.say('One')
    answer.finish()
    expect(await rest.over).toBe('done')
    expect(problemsOfEvents([...reader.events, ...rest.events])).toEqual([])
    expect(rest.events.at(-1)?.type).toBe('response.completed')
  })

  it('leaves, hundreds of times at once, leaves nothing behind', async () => {
    expectCalm()
    let running = 0
    const model = made(async (_, sink, context) => {
      running++
      for (const event of good().slice(0, 4)) sink(event)
      await new Promise((resolve) => context.onAbort(resolve))
      running--
    })
    const { url } = await serving(model)
    const readers = Array.from({ length: 300 }, () => streamResponse(url, { input: 'Go' }))
    const ids = await Promise.all(readers.map(idOf))
    expect(running).toBe(300)
    for (const reader of readers) reader.leave()
    await expect.poll(() => running).toBe(0)
    for (const id of ids.slice(0, 20))
      await expect
        .poll(
          async () => ((await (await fetch(`${url}/responses/${id}`)).json()) as { status: string }).status,
        )
        .toBe('cancelled')
  })
})
