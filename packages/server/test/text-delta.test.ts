import type { Response, ResponseEvent } from '@antiphon/client'
import { lifecycleEvents } from 'antiphon/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StrictEvents } from '../src/responses/strict-events.ts'
import { WireWriter } from '../src/responses/wire-writer.ts'
import { modelUpstream } from '../src/upstream/model-upstream.ts'
import { TEXT_DELTA, TextDelta } from '../src/upstream/text-delta.ts'
import { modelOf } from './asking.ts'

type Fields = Record<string, unknown>

const item = (id: string, text: string) => ({
  id,
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})
const base = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] } as unknown as Response

/** What readers of a model's answer are told, and how many of its deltas took the short way. */
const toldOf = async (events: readonly object[], obfuscate = false) => {
  const frames: Fields[] = []
  let short = 0
  const writer = new WireWriter(
    base,
    (frame) => void frames.push(JSON.parse(frame.slice(frame.indexOf('\ndata: ') + 7)) as Fields),
    { obfuscate },
  )
  const strict = new StrictEvents('resp_1')
  writer.begin(false)
  writer.start()
  await modelUpstream(modelOf(events)).answer(
    { input: [] },
    (event) => {
      if (event instanceof TextDelta) short++
      const told = strict.read(event)
      if (told !== undefined) writer.take(told)
    },
    { responseId: 'resp_1' } as never,
  )
  writer.end({ status: 'completed' })
  return { frames, short }
}

const odd = fc.record(
  {
    logprobs: fc.constantFrom<unknown>([], [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }]),
    obfuscation: fc.string(),
    sequence_number: fc.integer(),
    item_id: fc.constant('msg_other'),
    acme: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

it('a delta is told with all that it has, whichever way it takes', async () => {
  const deltas = fc.array(fc.record({ text: fc.string({ unit: 'binary' }), more: odd }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(deltas, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (items, obfuscate) => {
        const output = items.map((parts, n) => item(`msg_${n}`, parts.map(({ text }) => text).join('')))
        const whole = lifecycleEvents({ ...base, status: 'completed', output } as never) as ResponseEvent[]
        const events = whole.flatMap((event): object[] => {
          const { type, output_index: n } = event as { type: string; output_index?: number }
          if (type === TEXT_DELTA) return []
          if (type !== 'response.content_part.added') return [event]
          const place = { item_id: `msg_${n}`, output_index: n, content_index: 0 }
          const told = items[n as number]?.map(({ text, more }) => ({
            type: TEXT_DELTA,
            ...place,
            delta: text,
            ...more,
          }))
          return [event, ...(told ?? [])]
        })
        const { frames, short } = await toldOf(events, obfuscate)
        expect(frames.map(({ sequence_number }) => sequence_number)).toEqual(frames.map((_, n) => n))
        const asked = items.flatMap((parts, n) => parts.map((part) => ({ ...part, n })))
        const told = frames.filter(({ type }) => type === TEXT_DELTA)
        expect(told).toHaveLength(asked.length)
        for (const [at, { text, more, n }] of asked.entries()) {
          const { item: announced } = frames.find(
            ({ type, output_index }) => type === 'response.output_item.added' && output_index === n,
          ) as { item: Fields }
          const { sequence_number: _, item_id: __, ...kept } = more
          expect(told[at]).toEqual({
            type: TEXT_DELTA,
            output_index: n,
            content_index: 0,
            logprobs: [],
            delta: text,
            ...(JSON.parse(JSON.stringify(kept)) as Fields),
            ...(obfuscate ? { obfuscation: expect.any(String) } : {}),
            item_id: announced.id,
            sequence_number: expect.any(Number),
          })
        }
        const plain = asked.filter(
          ({ more }) =>
            Object.keys(more).every((name) => ['logprobs', 'sequence_number', 'item_id'].includes(name)) &&
            ((more.logprobs as unknown[] | undefined)?.length ?? 0) === 0,
        )
        expect(short).toBe(plain.length)
      },
    ),
    { numRuns: 60 },
  )
})

it('a delta for a part that was never announced, or is over, is told on neither way', async () => {
  const output = [item('msg_0', 'one')]
  const whole = lifecycleEvents({ ...base, status: 'completed', output } as never) as ResponseEvent[]
  const stray = { type: TEXT_DELTA, item_id: 'msg_0', output_index: 0, content_index: 0, delta: 'stray' }
  for (let at = 0; at <= whole.length; at++)
    for (const more of [{}, { acme: 1 }])
      for (const place of [
        { content_index: 1 },
        { content_index: -1 },
        { content_index: 0.5 },
        { output_index: 7 },
      ]) {
        const { frames } = await toldOf([
          ...whole.slice(0, at),
          { ...stray, ...place, ...more },
          ...whole.slice(at),
        ])
        expect(JSON.stringify(frames)).not.toContain('stray')
      }
})
