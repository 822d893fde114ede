import { eventsOf } from '@antiphon/client'
import { offline } from 'antiphon'
import { call, messageItem, scripted } from 'antiphon/testing'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { gate } from './http-server.ts'
import { recorded, STORES, storeOf } from './recorded.ts'

const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
}

/** One of everything that a model may answer with. */
const everything = () =>
  scripted([
    {
      reasoning: 'They want to know much.',
      text: 'I will look.',
      refusal: 'But not at that.',
      calls: [call('weather', { city: 'Rome' }), call('weather', { city: 'Oslo' })],
      items: [
        {
          type: 'message',
          id: 'msg_cited',
          role: 'assistant',
          status: 'completed',
          content: [
            {
              type: 'output_text',
              text: 'See there.',
              logprobs: [],
              annotations: [
                { type: 'url_citation', url: 'https://a.test/', title: 'A', start_index: 0, end_index: 3 },
              ],
            },
          ],
        },
        {
          type: 'reasoning',
          id: 'rs_open',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'In the open.' }],
        },
      ] as never,
    },
  ])

const collect = async (stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> => {
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

describe.each(STORES)('responses.stream() of the official client, with a store in %s', (kind) => {
  it('folds one of everything to what is stored', async () => {
    const { openai } = await recorded(everything(), { store: storeOf(kind) })
    const stream = openai.responses.stream({ model: 'scripted', input: 'Tell me', tools: [weather] })
    const events = await collect(stream)
    const final = await stream.finalResponse()
    expect(final.output.map(({ type }) => type)).toEqual([
      'reasoning',
      'message',
      'message',
      'function_call',
      'function_call',
      'message',
      'reasoning',
    ])
    expect(final.output_text).toBe('I will look.See there.')
    expect(final.usage?.total_tokens).toBe(120)
    expect(final.output).toMatchObject((await openai.responses.retrieve(final.id)).output)
    expect(events.at(-1)?.type).toBe('response.completed')
  })

  it('tells its listeners of each event, with snapshots', async () => {
    const { openai } = await recorded(everything(), { store: storeOf(kind) })
    const stream = openai.responses.stream({ model: 'scripted', input: 'Tell me', tools: [weather] })
    const told: string[] = []
    let snapshot = ''
    let args = ''
    stream
      .on('response.output_text.delta', (event) => {
        if (event.output_index === 1) snapshot = event.snapshot
      })
      .on('response.function_call_arguments.delta', (event) => {
        if (event.output_index === 3) args = event.snapshot
      })
      .on('response.refusal.done', ({ refusal }) => told.push(refusal))
      .on('response.reasoning_summary_text.done', ({ text }) => told.push(text))
      .on('response.completed', () => told.push('completed'))
    await stream.done()
    expect(snapshot).toBe('I will look.')
    expect(args).toBe('{"city":"Rome"}')
    expect(told).toEqual(['They want to know much.', 'But not at that.', 'completed'])
  })

  it('is told of annotations one by one', async () => {
    const message = {
      ...messageItem('See there.'),
      content: [
        {
          type: 'output_text',
          text: 'See there.',
          logprobs: [],
          annotations: [1, 2].map((n) => ({
            type: 'url_citation',
            url: `https://a.test/${n}`,
            title: `A ${n}`,
            start_index: 0,
            end_index: 3,
          })),
        },
      ],
    }
    const answer = { id: 'resp_1', object: 'response', status: 'completed', output: [message] }
    const { openai } = await recorded(scripted([{ events: eventsOf(answer as never) }]), {
      store: storeOf(kind),
    })
    const stream = openai.responses.stream({ model: 'scripted', input: 'Tell me' })
    const titles: unknown[] = []
    stream.on('response.output_text.annotation.added', ({ annotation }) =>
      titles.push((annotation as { title: string }).title),
    )
    const { output } = await stream.finalResponse()
    expect(titles).toEqual(['A 1', 'A 2'])
    expect(output).toMatchObject([{ content: message.content }])
  })

  it('resumes by the id of the response and the last number', async () => {
    const { openai } = await recorded(everything(), { store: storeOf(kind) })
    const first = openai.responses.stream({ model: 'scripted', input: 'Tell me', background: true })
    const events = await collect(first)
    const { id, output } = await first.finalResponse()
    for (const after of [0, 7, events.length - 2]) {
      const again = openai.responses.stream({ response_id: id, starting_after: after })
      expect(await collect(again)).toEqual(events.slice(after + 1))
      expect((await again.finalResponse()).output).toEqual(output)
    }
  })

  it('is left in the middle of a background response, and taken up where it was left', async () => {
    const { promise: open, resolve } = gate()
    const { openai } = await recorded(
      scripted([
        async () => {
          await open
          return 'It took a while.'
        },
      ]),
      { store: storeOf(kind) },
    )
    const stream = await openai.responses.create({
      model: 'scripted',
      input: 'Go',
      background: true,
      stream: true,
    })
    let id = ''
    let last = -1
    for await (const event of stream) {
      last = event.sequence_number
      if (event.type === 'response.created') id = event.response.id
      if (event.type === 'response.in_progress') break
    }
    const rest = await openai.responses.retrieve(id, { stream: true, starting_after: last })
    resolve()
    const events = await collect(rest)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, n) => last + 1 + n))
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { id } })
    expect((await openai.responses.retrieve(id)).output_text).toBe('It took a while.')
  })

  it('ends a response that its reader has left, which then counts as cancelled', async () => {
    const { promise: stopped, resolve } = gate()
    const { openai } = await recorded(
      Object.assign(
        async (
          _request: unknown,
          _sink: unknown,
          context: { onAbort(cancel: (reason: Error) => void): void },
        ) =>
          new Promise<void>((_, reject) =>
            context.onAbort((reason) => {
              resolve()
              reject(reason)
            }),
          ),
        { modelName: 'endless' },
      ),
      { store: storeOf(kind) },
    )
    const stream = await openai.responses.create({ model: 'endless', input: 'Go', stream: true })
    let id = ''
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id
      if (event.type === 'response.in_progress') break
    }
    await stopped
    await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe('cancelled')
  })

  it('ends incomplete and failed responses as what they are', async () => {
    const { openai } = await recorded(
      scripted([
        { text: 'A long story that ends too soon', incomplete: 'max_output_tokens' },
        { text: 'Well', failed: { code: 'server_error', message: 'It broke.' } },
      ]),
      { store: storeOf(kind) },
    )
    const incomplete = await openai.responses
      .stream({ model: 'scripted', input: 'Go', max_output_tokens: 20 })
      .finalResponse()
    expect(incomplete).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
    const events: ResponseStreamEvent[] = []
    const failed = await openai.responses.create({ model: 'scripted', input: 'Go', stream: true })
    await expect(
      (async () => {
        for await (const event of failed) events.push(event)
      })(),
    ).rejects.toMatchObject({ message: expect.stringContaining('It broke.') })
  })

  it('pads its deltas when it is asked to', async () => {
    const { openai } = await recorded(offline(), { store: storeOf(kind) })
    const events = await collect(
      openai.responses.stream({
        model: 'offline',
        input: 'Hello',
        stream_options: { include_obfuscation: true },
      }),
    )
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta')
    expect(
      deltas.every((event) => typeof (event as { obfuscation?: unknown }).obfuscation === 'string'),
    ).toBe(true)
  })
})
