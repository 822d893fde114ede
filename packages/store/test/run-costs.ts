// What a step of a long run costs the database: the same at turn 10 and at turn 1,000; SQLite and Postgres run it.
import { describe, expect, it, onTestFinished } from 'vitest'
import { createStore } from '../src/create-store.ts'
import type { Presence } from '../src/presence.ts'
import type { OpenedSql } from '../src/sql.ts'
import { allOf } from './run-conformance.ts'
import { approval, eventOf, startOf, stepOf, waitingCall, waitOf } from './sample-records.ts'
import { tracedSql } from './traced-sql.ts'

/** Nobody else is there. */
const alone: Presence = {
  pollMs: 10,
  owner: async () => 'me',
  isAlive: async () => false,
  wake: () => undefined,
  onWake: () => () => undefined,
  close: async () => undefined,
}

const TURNS = 1_000

export const runCosts = ({ name, openSql }: { name: string; openSql(): Promise<OpenedSql> }): void => {
  describe(`costs, ${name}`, () => {
    const long = async () => {
      const sql = await openSql()
      onTestFinished(() => sql.close())
      const traced = tracedSql(sql)
      const store = createStore(traced, alone, {})
      const run = await store.open('r', { start: startOf('r') })
      for (let from = 0; from < TURNS; from += 100)
        await Promise.all(Array.from({ length: 100 }, (_, n) => run.append(stepOf(from + n))))
      for (let n = 0; n < 200; n++) await run.appendEvents([eventOf(n)])
      // What others do in the same tables.
      for (let n = 0; n < 300; n++) {
        const other = await store.open(`other-${n}`, { start: startOf(`other-${n}`) })
        await other.append(stepOf(0))
        await other.close('done')
      }
      if (sql.dialect === 'postgres') await sql.run('analyze')
      traced.clear()
      const cost = async (work: () => Promise<unknown>) => {
        traced.clear()
        await work()
        return { statements: traced.statements.length, rows: traced.rows() }
      }
      return { sql, store, run, traced, cost }
    }

    it('appends a record and a batch of events with one statement each, however long the log is', async () => {
      const { run, cost } = await long()
      expect(await cost(() => run.append(stepOf(TURNS)))).toEqual({ statements: 1, rows: 1 })
      expect(await cost(() => run.appendEvents([0, 1, 2].map(eventOf)))).toEqual({ statements: 1, rows: 1 })
      const together = await cost(() =>
        Promise.all(Array.from({ length: 10 }, (_, n) => run.append(stepOf(TURNS + 1 + n)))),
      )
      expect(together).toEqual({ statements: 2, rows: 10 })
    })

    it('reads a turn at the same cost wherever it stands', async () => {
      const { store, cost } = await long()
      const [early, late] = await Promise.all(
        [10, TURNS - 1].map(async (turn) => ({ turn, record: await store.readKey('r', `t${turn}/model`) })),
      )
      expect([early?.record?.seq, late?.record?.seq]).toEqual([12, TURNS + 1])
      const costs = []
      for (const turn of [10, TURNS - 1]) costs.push(await cost(() => store.readKey('r', `t${turn}/model`)))
      expect(costs[1]).toEqual(costs[0])
      expect(await cost(() => store.read('r', { after: TURNS - 1 }))).toEqual({ statements: 2, rows: 3 })
    })

    it('goes by keys alone, and reads no whole table', async () => {
      const { sql, store, run, traced } = await long()
      await run.append(stepOf(TURNS))
      await run.append(waitOf('t9/wait', [waitingCall('c')]))
      await run.appendEvents([eventOf(0)])
      await store.decide('r', [approval('c')])
      await store.read('r', { after: 990 })
      await store.readKey('r', 't500/model')
      await store.get('r')
      await run.close('waiting')
      await store.open('other-5', { start: startOf('other-5') })
      await allOf(store.follow('other-3'))
      await store.list({ limit: 10, before: { runId: 'other-100', createdAt: Date.now() } })
      const statements = [...traced.statements]
      expect(statements.length).toBeGreaterThan(15)
      const explain = sql.dialect === 'postgres' ? 'explain' : 'explain query plan'
      for (const { text, values } of statements) {
        if (!/antiphon_/.test(text)) continue
        const rows = await sql.all<Record<string, unknown>>(`${explain} ${text}`, values)
        const plan = rows.map((row) => String(row.detail ?? row['QUERY PLAN'])).join('\n')
        expect(plan, text).not.toMatch(/SCAN (r|p|e|antiphon_\w+)$|SCAN \w+$|Seq Scan|USE TEMP B-TREE/m)
      }
    })
  })
}
