import type { InputItem } from '@antiphon/client'
import type { HistoryPoint } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type KeptHistory, sqlHistory } from '../src/sessions/history.ts'
import type { OpenedSql } from '../src/sql.ts'
import { said } from './said.ts'
import { tracedSql } from './traced-sql.ts'

/** What the suite runs on: a database of its own. */
export interface HistoryPlace {
  readonly name: string
  place(): Promise<{ openSql(): Promise<OpenedSql>; end(): Promise<void> }>
  /** Cases of the property test. */
  readonly numRuns: number
}

export const historySuite = ({ name, place, numRuns }: HistoryPlace): void =>
  void describe(`a history, ${name}`, () => {
    const make = async (): Promise<{ history: KeptHistory; sql: OpenedSql }> => {
      const { openSql, end } = await place()
      const sql = await openSql()
      onTestFinished(async () => {
        await sql.close()
        await end()
      })
      return { sql, history: sqlHistory({ sql, transform: (value) => value }) }
    }

    it('grows, and is read whole, to a point, and turn by turn', async () => {
      const { history } = await make()
      const a = await history.append(undefined, [said('a'), said('b')])
      const b = await history.append(a, [said('c')])
      expect(b).toEqual({ line: a.line, n: 2 })
      const c = await history.append(b, [])
      expect(await history.read(c)).toEqual([said('a'), said('b'), said('c')])
      expect(await history.read(a)).toEqual([said('a'), said('b')])
      expect(await history.readTurn(b)).toEqual({ items: [said('c')], before: 2 })
      expect(await history.readTurn(c)).toEqual({ items: [], before: 3 })
    })

    it('branches where a point has a follower, and both branches go on', async () => {
      const { history, sql } = await make()
      const a = await history.append(undefined, [said('a')])
      const b = await history.append(a, [said('b')])
      const b2 = await history.append(a, [said('b2')])
      const b3 = await history.append(a, [said('b3')])
      const c2 = await history.append(b2, [said('c2')])
      expect(new Set([b.line, b2.line, b3.line]).size).toBe(3)
      expect(c2).toEqual({ line: b2.line, n: 3 })
      expect(await history.read(c2)).toEqual([said('a'), said('b2'), said('c2')])
      // An earlier turn may be named by any branch that has it.
      const d = await history.append({ line: c2.line, n: 1 }, [said('d')])
      expect(await history.read(d)).toEqual([said('a'), said('d')])
      expect(await history.readTurn({ line: c2.line, n: 1 })).toEqual({ items: [said('a')], before: 0 })
      const [kept] = await sql.all<{ n: number }>('select count(*) as n from antiphon_turns')
      expect(kept?.n).toBe(6)
    })

    it('says so when it has no such point', async () => {
      const { history } = await make()
      const a = await history.append(undefined, [said('a')])
      const b = await history.append(a, [said('b')])
      const branch = await history.append(a, [said('c')])
      const points = [
        { line: 'nobody', n: 1 },
        { line: b.line, n: 3 },
        { line: b.line, n: 0 },
        { line: b.line, n: 1.5 },
        { line: branch.line, n: 3 },
        { line: branch.line, n: Number.NaN },
        { line: undefined, n: 1 } as unknown as HistoryPoint,
      ]
      for (const at of points)
        for (const action of [
          () => history.read(at),
          () => history.readTurn(at),
          () => history.append(at, [said('x')]),
        ])
          await expect(action()).rejects.toMatchObject({ code: 'point_unknown' })
    })

    it('keeps large turns apart, and gives them back', async () => {
      const { history, sql } = await make()
      const long = said('ü'.repeat(300_000))
      const a = await history.append(undefined, [long])
      const b = await history.append(a, [long])
      expect(await history.read(b)).toEqual([long, long])
      const [row] = await sql.all<{ length: number }>(
        'select max(length(items)) as length from antiphon_turns',
      )
      expect(row?.length).toBeLessThan(200)
    })

    it('writes each turn once when it grows, and reads one row for one turn, the 10th as the 1,000th', async () => {
      const { sql } = await make()
      const traced = tracedSql(sql)
      const history = sqlHistory({ sql: traced, transform: (value) => value })
      let at: HistoryPoint | undefined
      const points: HistoryPoint[] = []
      for (let n = 1; n <= 1_000; n++) {
        traced.clear()
        at = await history.append(at, [said(`question ${n}`), said(`answer ${n}`)])
        points.push(at)
        // The same statements with as many characters, whatever stands before.
        if (n > 1) expect(traced.statements).toHaveLength(1)
        expect(traced.chars()).toBeLessThan(300)
      }
      for (const n of [10, 1_000]) {
        traced.clear()
        const point = points[n - 1] as HistoryPoint
        expect(await history.readTurn(point)).toEqual({
          items: [said(`question ${n}`), said(`answer ${n}`)],
          before: 2 * (n - 1),
        })
        expect(traced.statements).toHaveLength(1)
        expect(traced.rows()).toBe(1)
        traced.clear()
        // A turn of the past by the newest point: the same.
        expect(await history.readTurn({ line: (at as HistoryPoint).line, n })).toMatchObject({
          before: 2 * (n - 1),
        })
        expect(traced.rows()).toBe(1)
      }
      traced.clear()
      expect(await history.read(at as HistoryPoint)).toHaveLength(2_000)
      expect(traced.statements).toHaveLength(1)
      expect(traced.rows()).toBe(1_000)
      // A branch shares the thousand.
      const branch = await history.append(points[500], [said('branch')])
      expect(await history.read(branch)).toHaveLength(1_003)
      const [kept] = await sql.all<{ n: number }>('select count(*) as n from antiphon_turns')
      expect(kept?.n).toBe(1_001)
    })

    it('is one history for any number of writers', async () => {
      const { history } = await make()
      const root = await history.append(undefined, [said('root')])
      const points = await Promise.all(
        Array.from({ length: 20 }, (_, n) => history.append(root, [said(`child ${n}`)])),
      )
      const read = await Promise.all(points.map((at) => history.read(at)))
      expect(read).toEqual(points.map((_, n) => [said('root'), said(`child ${n}`)]))
      expect(new Set(points.map(({ line }) => line)).size).toBe(20)
    })

    it('equals a list that is copied at each step, whatever is added, branched and read', async () => {
      const step = fc.record({
        at: fc.option(fc.nat(), { nil: undefined }),
        count: fc.nat(3),
        early: fc.nat(5),
      })
      const { history } = await make()
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const made: { at: HistoryPoint; turns: InputItem[][] }[] = []
          for (const [n, { at, count, early }] of steps.entries()) {
            const from = at === undefined || made.length === 0 ? undefined : made[at % made.length]
            const items = Array.from({ length: count }, (_, k) => said(`${n}.${k}`))
            // From the point itself, or from one before it, by the name of its line.
            const keep = from === undefined ? 0 : Math.max(1, from.turns.length - early)
            const point = from === undefined ? undefined : { line: from.at.line, n: keep }
            made.push({
              at: await history.append(point, items),
              turns: [...(from?.turns.slice(0, keep) ?? []), items],
            })
          }
          for (const { at, turns } of made) {
            expect(at.n).toBe(turns.length)
            expect(await history.read(at)).toEqual(turns.flat())
            expect(await history.readTurn(at)).toEqual({
              items: turns.at(-1),
              before: turns.slice(0, -1).flat().length,
            })
          }
        }),
        { numRuns },
      )
    })

    it('is read by keys alone, among many others', async () => {
      const { sql, history } = await make()
      // So many that a whole table would cost more than an index.
      for (let n = 0; n < 300; n++) {
        const first = await history.append(undefined, [said(`first of ${n}`)])
        await history.append(first, [said('next')])
        if (n % 3 === 0) await history.append(first, [said('branch')])
      }
      if (sql.dialect === 'postgres') await sql.run('analyze')
      const traced = tracedSql(sql)
      const watched = sqlHistory({ sql: traced, transform: (value) => value })
      const a = await history.append(undefined, [said('a')])
      await history.append(a, [said('b')])
      const branch = await history.append(a, [said('c')])
      await watched.read(branch)
      await watched.readTurn(branch)
      await watched.append(branch, [said('d')])
      expect(traced.statements.length).toBeGreaterThan(3)
      const explain = sql.dialect === 'postgres' ? 'explain' : 'explain query plan'
      for (const { text, values } of traced.statements) {
        const rows = await sql.all<Record<string, unknown>>(`${explain} ${text}`, values)
        const plan = rows.map((row) => String(row.detail ?? row['QUERY PLAN'])).join('\n')
        expect(plan).not.toMatch(/SCAN (t|l|antiphon_\w+)\b|Seq Scan on antiphon/)
        expect(plan).toMatch(
          /SEARCH t USING INDEX \S+ \(line=\? AND n|Index Scan (using|on) antiphon_turns_pkey/,
        )
      }
    })
  })
