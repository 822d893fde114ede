import { memoryHistory } from '@antiphon/store'
import type { HistoryPoint } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type KeptHistory, sqlHistory } from '../src/sessions/history.ts'
import { openSqlite } from '../src/sqlite/open.ts'
import { said } from './said.ts'

describe('a history in memory', () => {
  it('grows, branches where a point has a follower, and is read whole and turn by turn', async () => {
    const history = memoryHistory()
    const a = await history.append(undefined, [said('a'), said('b')])
    const b = await history.append(a, [said('c')])
    expect(b).toEqual({ line: a.line, n: 2 })
    const b2 = await history.append(a, [])
    expect(b2.line).not.toBe(a.line)
    expect(await history.read(b)).toEqual([said('a'), said('b'), said('c')])
    expect(await history.read(b2)).toEqual([said('a'), said('b')])
    expect(await history.readTurn(b)).toEqual({ items: [said('c')], before: 2 })
    expect(await history.readTurn({ line: b2.line, n: 1 })).toEqual({
      items: [said('a'), said('b')],
      before: 0,
    })
  })

  it('keeps what it was given, whatever becomes of the objects', async () => {
    const history = memoryHistory()
    const item = { ...said('a') } as { content: string }
    const at = await history.append(undefined, [item as ReturnType<typeof said>])
    item.content = 'changed'
    const [read] = (await history.read(at)) as { content: string }[]
    expect(read?.content).toBe('a')
    if (read !== undefined) read.content = 'changed'
    expect(await history.read(at)).toEqual([said('a')])
  })

  it('is the same as in a database, whatever is added, branched, asked and refused', async () => {
    const sql = await openSqlite(':memory:')
    onTestFinished(() => sql.close())
    const both: readonly KeptHistory[] = [memoryHistory(), sqlHistory({ sql, transform: (value) => value })]
    const step = fc.record({
      from: fc.option(fc.nat(), { nil: undefined }),
      count: fc.nat(3),
      shift: fc.integer({ min: -4, max: 1 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const made: HistoryPoint[][] = []
        for (const [n, { from, count, shift }] of steps.entries()) {
          const items = Array.from({ length: count }, (_, k) => said(`${n}.${k}`))
          const base = from === undefined ? undefined : made[from % Math.max(1, made.length)]
          const results = await Promise.all(
            both.map(async (history, of) => {
              const at = base?.[of]
              const point = at === undefined ? undefined : { line: at.line, n: at.n + shift }
              return history.append(point, items).catch((error: { code: string }) => error.code)
            }),
          )
          if (results.every((one) => typeof one === 'object')) made.push(results as HistoryPoint[])
          else expect(results).toEqual(['point_unknown', 'point_unknown'])
        }
        for (const points of made) {
          const read = async (history: KeptHistory, of: number) => {
            const at = points[of] as HistoryPoint
            return { n: at.n, items: await history.read(at), turn: await history.readTurn(at) }
          }
          const [inMemory, inDatabase] = await Promise.all(both.map(read))
          expect(inMemory).toEqual(inDatabase)
        }
      }),
      { numRuns: 60 },
    )
  })
})
