import type { ResponseEvent } from '@antiphon/client'
import { call, checkLifecycle, collect, type ScriptParts, scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

type Loose = { [field: string]: unknown; type: string }

const eventsFor = async (step: ScriptParts): Promise<Loose[]> => {
  const events: ResponseEvent[] = []
  const context = { onAbort: () => undefined, signal: new AbortController().signal }
  await scripted([step])({ input: '' }, (event) => events.push(event), context)
  return structuredClone(events) as unknown as Loose[]
}

const STEP: ScriptParts = { reasoning: 'Hm hm.', text: 'One two', calls: [call('f', { a: 1 })] }

const problemsAfter = async (edit: (events: Loose[]) => Loose[] | undefined): Promise<string[]> => {
  const events = await eventsFor(STEP)
  return checkLifecycle((edit(events) ?? events) as unknown as ResponseEvent[])
}

const find = (events: Loose[], type: string): Loose => events.find((event) => event.type === type) as Loose

const renumber = (events: Loose[]): Loose[] =>
  events.map((event, sequence_number) => ({ ...event, sequence_number }))

describe('checkLifecycle', () => {
  it('finds nothing in a valid sequence', async () => {
    expect(await problemsAfter(() => undefined)).toEqual([])
  })

  it('tolerates unknown events that are numbered', async () => {
    const problems = await problemsAfter((events) =>
      renumber([...events.slice(0, 3), { type: 'keepalive' }, ...events.slice(3)]),
    )
    expect(problems).toEqual([])
  })

  it.each<[string, (events: Loose[]) => Loose[] | undefined, RegExp]>([
    ['an empty sequence', () => [], /no terminal event/],
    ['another first event', (e) => renumber(e.slice(1)), /first event must be response.created/],
    ['no terminal event', (e) => e.slice(0, -1), /no terminal event/],
    [
      'events after the terminal one',
      (e) => renumber([...e, e[3] as Loose]),
      /comes after response.completed/,
    ],
    ['a gap in the sequence numbers', (e) => e.filter((_, k) => k !== 1), /sequence_number 2, expected 1/],
    ['no sequence number', (e) => void delete (e[2] as Loose).sequence_number, /has no sequence_number/],
    [
      'a late preamble',
      (e) => renumber([...e.slice(0, 5), e[1] as Loose, ...e.slice(5)]),
      /comes after an item/,
    ],
    [
      'a jump in output_index',
      (e) => void Object.assign(find(e, 'response.output_item.added'), { output_index: 1 }),
      /output_index 1, expected 0/,
    ],
    [
      'an item id that changes',
      (e) => void Object.assign(find(e, 'response.output_text.delta'), { item_id: 'other' }),
      /item_id other, added as msg_1/,
    ],
    [
      'an id that differs in done',
      (e) => void Object.assign(find(e, 'response.output_item.done').item as Loose, { id: 'x' }),
      /id x, added as rs_1/,
    ],
    [
      'deltas that do not add up',
      (e) => void Object.assign(find(e, 'response.output_text.done'), { text: 'Other' }),
      /differs from its deltas/,
    ],
    [
      'a part that was not announced',
      (e) => renumber(e.filter((event) => event.type !== 'response.content_part.added')),
      /no content part was added/,
    ],
    [
      'an item that is never done',
      (e) => renumber(e.filter((event) => event.type !== 'response.output_item.done')),
      /item 0 was never done/,
    ],
    [
      'an empty terminal output',
      (e) => void Object.assign((e.at(-1) as Loose).response as Loose, { output: [] }),
      /output\[0\] is not the item/,
    ],
    [
      'a status that does not fit',
      (e) => void Object.assign((e.at(-1) as Loose).response as Loose, { status: 'in_progress' }),
      /status in_progress does not fit/,
    ],
  ])('reports %s', async (_name, edit, problem) => {
    expect((await problemsAfter(edit)).join('\n')).toMatch(problem)
  })
})

describe('collect', () => {
  async function* count(to: number) {
    for (let n = 0; n < to; n++) yield n
  }

  it('gathers what is yielded', async () => {
    expect(await collect(count(3))).toEqual([0, 1, 2])
  })

  it('throws what the iteration throws', async () => {
    async function* failing() {
      yield 1
      throw new Error('inside')
    }
    await expect(collect(failing())).rejects.toThrow('inside')
  })

  it('leaves the iteration at the bound', async () => {
    let left = false
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        left = true
      }
    }
    await expect(collect(endless(), { maxEvents: 5 })).rejects.toMatchObject({ code: 'collect_limit' })
    expect(left).toBe(true)
  })

  it('does not wait for an iteration that hangs', async () => {
    async function* hanging() {
      yield await new Promise<never>(() => undefined)
    }
    await expect(collect(hanging(), { timeoutMs: 20 })).rejects.toMatchObject({ code: 'collect_limit' })
  })
})
