import { accumulate, type OutputItem, type Response, type ResponseEvent } from '@antiphon/client'
import { callItem, checkLifecycle, lifecycleEvents, messageItem, reasoningItem } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginResponse } from '../src/request/echo.ts'
import { dataOf, framesIn, isLastFrame, withoutFirst } from '../src/responses/frames.ts'
import { toldResponse } from '../src/responses/told-response.ts'
import { WireWriter } from '../src/responses/wire-writer.ts'

const base = beginResponse({ model: 'm', input: 'hi' }, { id: 'resp_1', model: 'm', createdAt: 1 })

/** What an upstream tells of these items, with texts in pieces. */
const told = (items: readonly OutputItem[]): ResponseEvent[] =>
  lifecycleEvents({ ...base, status: 'completed', output: [...items] } as Response) as ResponseEvent[]

const eventsIn = (frames: readonly string[]): (ResponseEvent & { sequence_number: number })[] =>
  frames.map((frame) => JSON.parse(dataOf(frame)))

const write = async (
  events: readonly ResponseEvent[],
  before: readonly string[] = [],
): Promise<{ frames: string[]; response: Response }> => {
  const frames: string[] = []
  const stored = await toldResponse(
    (async function* () {
      yield* before
    })(),
  )
  const writer = new WireWriter(
    base,
    (frame) => frames.push(frame),
    before.length === 0 ? {} : { told: stored },
  )
  writer.begin(false)
  writer.start()
  for (const event of events) writer.take(event)
  const response = writer.end({ status: 'completed' })
  return { frames: [...before, ...frames], response }
}

const item = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => (n: number) => messageItem(text, { id: `msg_${n}` })),
  fc
    .string({ maxLength: 30 })
    .map((text) => (n: number) => callItem('look', { text }, `call_${n}`, { id: `fc_${n}` } as never)),
  fc
    .string({ maxLength: 30 })
    .map((text) => (n: number) => reasoningItem({ id: `rs_${n}`, summary: text } as never)),
)
const items = fc.array(item, { maxLength: 5 }).map((makers) => makers.map((make, n) => make(n) as OutputItem))

describe('the events of a response', () => {
  it('have one beginning, one end and numbers without gaps, and tell the whole response', async () => {
    await fc.assert(
      fc.asyncProperty(items, async (output) => {
        const { frames, response } = await write(told(output))
        const events = eventsIn(frames)
        expect(checkLifecycle(events)).toEqual([])
        expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, n) => n))
        expect(response.output).toHaveLength(output.length)
        expect(accumulate(events).output).toEqual(response.output)
        expect(frames.every((frame, n) => isLastFrame(frame) === (n === frames.length - 1))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('go on after a crash at any of them, told again from the beginning: nothing twice, nothing left out', async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.nat(), async (output, at) => {
        const whole = await write(told(output))
        const cut = whole.frames.slice(0, 1 + (at % (whole.frames.length - 1)))
        const { frames, response } = await write(told(output), cut)
        const events = eventsIn(frames)
        expect(checkLifecycle(events)).toEqual([])
        expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, n) => n))
        expect(response.output).toEqual(whole.response.output)
        expect(accumulate(events).output).toEqual(whole.response.output)
      }),
      { numRuns: 150 },
    )
  })

  it('close what was begun before a crash and does not come again, before what is new', async () => {
    const whole = await write(told([messageItem('Paris is', { id: 'msg_a' })]))
    const cut = whole.frames.slice(0, 5)
    const { frames, response } = await write(told([messageItem('Rome', { id: 'msg_b' })]), cut)
    const events = eventsIn(frames)
    expect(checkLifecycle(events)).toEqual([])
    expect(response.output).toMatchObject([
      { id: 'msg_a', status: 'incomplete' },
      { id: 'msg_b', status: 'completed' },
    ])
  })

  it('end items that the upstream left open as incomplete', async () => {
    const events = told([messageItem('Paris', { id: 'msg_a' })]).filter(
      ({ type }) => type !== 'response.output_item.done',
    )
    const { frames, response } = await write(events)
    expect(checkLifecycle(eventsIn(frames))).toEqual([])
    expect(response.output).toMatchObject([{ id: 'msg_a', status: 'incomplete' }])
  })

  it('keep the text of a message that ends in its middle, also when that is after a crash', async () => {
    const events = told([messageItem('Paris is the capital of France', { id: 'msg_a' })])
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (at, of) => {
        const part = events.slice(0, 2 + (at % (events.length - 3)))
        const whole = await write(part)
        const again = await write([], whole.frames.slice(0, 2 + (of % (whole.frames.length - 2))))
        for (const { frames, response } of [whole, again]) {
          const all = eventsIn(frames)
          expect(checkLifecycle(all)).toEqual([])
          expect(accumulate(all).output).toEqual(response.output)
          const deltas = all.flatMap((event) =>
            event.type === 'response.output_text.delta' ? [event.delta] : [],
          )
          const [item] = response.output as { content: { text: string }[]; status: string }[]
          if (item !== undefined) expect(item.content.map(({ text }) => text).join('')).toBe(deltas.join(''))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('tell an error nested and flat before a failed end', () => {
    const frames: string[] = []
    const writer = new WireWriter(base, (frame) => frames.push(frame))
    writer.begin(false)
    writer.start()
    writer.end({ status: 'failed', error: { code: 'server_error', message: 'No.' } })
    expect(eventsIn(frames).slice(2)).toMatchObject([
      {
        type: 'error',
        code: 'server_error',
        message: 'No.',
        error: { type: 'server_error', message: 'No.' },
      },
      { type: 'response.failed', response: { status: 'failed', error: { message: 'No.' } } },
    ])
  })
})

describe('frames', () => {
  it('are taken apart where they were put together', async () => {
    const { frames } = await write(told([messageItem('a\n\nb\r\n\r\nc', { id: 'msg_1' })]))
    const text = frames.join('')
    expect(framesIn(text)).toEqual(frames)
    for (let n = 0; n <= frames.length; n++) expect(withoutFirst(text, n)).toBe(frames.slice(n).join(''))
  })
})
