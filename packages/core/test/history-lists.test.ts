import type { InputItem } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodedLists } from '../src/history/encoded-lists.ts'
import { History } from '../src/history/history.ts'
import { ListTail } from '../src/history/list-tail.ts'
import { MappedList } from '../src/history/mapped-list.ts'

const item = (text: string): InputItem =>
  ({ type: 'message', id: `msg_${text}`, role: 'assistant', content: text }) as InputItem
const encoding = { stateless: true }

/** What may happen to a list between two looks at it. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), text: fc.string() }),
  fc.record({ kind: fc.constant('replace' as const), at: fc.nat(20), text: fc.string() }),
  fc.record({ kind: fc.constant('cut' as const), to: fc.nat(20) }),
  fc.constant({ kind: 'look' as const }),
)

/** The list after each look, changed in place as a middleware or a hook may change its own. */
const play = (
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
  look: (list: InputItem[]) => void,
): void => {
  const list: InputItem[] = []
  for (const one of steps) {
    if (one.kind === 'append') list.push(item(one.text))
    else if (one.kind === 'replace' && one.at < list.length) list[one.at] = item(one.text)
    else if (one.kind === 'cut') list.length = Math.min(list.length, one.to)
    else if (one.kind === 'look') look(list)
  }
  look(list)
}

describe('the bytes of a list that stands in the place of the history', () => {
  it('are those of the list as it is now, however it came about', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const lists = new EncodedLists(encoding)
        play(steps, (list) => {
          const fresh = new History(encoding)
          fresh.append(...list)
          expect(Buffer.from(lists.of(list).body('{"a":1}')).toString()).toBe(
            Buffer.from(fresh.body('{"a":1}')).toString(),
          )
        })
      }),
    )
  })

  it('are made once for each item while the list only grows', () => {
    const lists = new EncodedLists(encoding)
    let written = 0
    const counted = (): InputItem =>
      ({
        type: 'message',
        role: 'user',
        content: 'x',
        toJSON: () => ({ n: written++ }),
      }) as unknown as InputItem
    const list: InputItem[] = []
    for (let n = 0; n < 50; n++) {
      list.push(counted())
      lists.of(list).body('{"a":1}')
    }
    expect(written).toBe(50)
  })
})

describe('a list that is mapped as it grows', () => {
  const without = (one: InputItem): InputItem | undefined => {
    const text = (one as { content: string }).content
    return text === '' ? undefined : text.length > 3 ? item('long') : one
  }

  it('is what mapping all of it anew would give, however it came about', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const mapped = new MappedList(without)
        play(steps, (list) => {
          expect(mapped.of(list)).toEqual(list.map(without).filter((one) => one !== undefined))
        })
      }),
    )
  })

  it('is one list as long as it only grows, and the source itself as long as nothing changes', () => {
    const mapped = new MappedList(without)
    const list = [item('a')]
    expect(mapped.of(list)).toBe(list)
    list.push(item('longer'))
    const first = mapped.of(list)
    expect(first).not.toBe(list)
    list.push(item('b'))
    expect(mapped.of(list)).toBe(first)
    expect(first).toHaveLength(3)
  })
})

describe('the tail of a list', () => {
  it('is one list that grows with its source', () => {
    const list = [item('a'), item('b'), item('c')]
    const tail = new ListTail([item('head')], 1)
    const first = tail.of(list)
    expect(first).toEqual([item('head'), item('b'), item('c')])
    list.push(item('d'))
    expect(tail.of(list)).toBe(first)
    expect(first.at(-1)).toBe(list[3])
  })
})
