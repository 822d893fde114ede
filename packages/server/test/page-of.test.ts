import type { InputItem } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf } from '../src/responses/page-of.ts'

const items = (count: number): InputItem[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'message', id: `msg_${n}`, role: 'user' }) as InputItem)
const ids = (list: readonly InputItem[]): unknown[] => list.map((item) => (item as { id?: unknown }).id)

describe('a list of items', () => {
  it('is the same page by page as whole, in both orders', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('asc' as const, 'desc' as const),
        (count, limit, order) => {
          const all = items(count)
          const seen: unknown[] = []
          let after: string | undefined
          for (;;) {
            const page = pageOf(all, { limit, order, ...(after === undefined ? {} : { after }) })
            seen.push(...ids(page.data))
            expect([page.first_id, page.last_id]).toEqual([
              ids(page.data)[0] ?? '',
              ids(page.data).at(-1) ?? '',
            ])
            if (!page.has_more) break
            after = page.last_id
          }
          expect(seen).toEqual(order === 'asc' ? ids(all) : ids(all).reverse())
        },
      ),
    )
  })

  it('ends before an item, and refuses one that it does not have', () => {
    const all = items(6)
    expect(ids(pageOf(all, { order: 'asc', after: 'msg_1', before: 'msg_4' }).data)).toEqual([
      'msg_2',
      'msg_3',
    ])
    expect(ids(pageOf(all, { after: 'msg_4', before: 'msg_1' }).data)).toEqual(['msg_3', 'msg_2'])
    expect(() => pageOf(all, { after: 'msg_9' })).toThrow(
      expect.objectContaining({ status: 400, param: 'after' }),
    )
    expect(() => pageOf(all, { before: 'x' })).toThrow(expect.objectContaining({ param: 'before' }))
  })
})
