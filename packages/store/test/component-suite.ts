// Tables of other packages in the database of a store.
import type { ComponentMigration, Store } from '@antiphon/store'
import { DuplicateRow, migrateComponent } from '@antiphon/store'
import { describe, expect, it, onTestFinished } from 'vitest'

export interface ComponentPlace {
  readonly name: string
  make(): Promise<{ open(): Store; end(): Promise<void> }>
}

const FIRST: ComponentMigration = {
  version: 1,
  statements: ['create table antiphon_test_notes (id text primary key, body bytea)'],
}
const SECOND: ComponentMigration = {
  version: 2,
  statements: async ({ dialect }) => [
    `alter table antiphon_test_notes add column made_by text default '${dialect}'`,
  ],
}

export const componentSuite = ({ name, make }: ComponentPlace): void =>
  void describe(`tables of other packages, ${name}`, () => {
    const fresh = async () => {
      const { open, end } = await make()
      const opened: Store[] = []
      onTestFinished(async () => {
        for (const store of opened) await store.close()
        await end()
      })
      return () => {
        const store = open()
        opened.push(store)
        return store
      }
    }

    it('are made once, by whichever of many is first, and brought up to date step by step', async () => {
      const open = await fresh()
      const stores = Array.from({ length: 4 }, open)
      await Promise.all(stores.map(({ sql }) => migrateComponent(sql, 'test', [FIRST])))
      const [{ sql } = open()] = stores
      await sql.run('insert into antiphon_test_notes (id, body) values (?, ?)', ['old', null])
      await Promise.all(stores.map((store) => migrateComponent(store.sql, 'test', [FIRST, SECOND])))
      expect(await sql.all('select made_by from antiphon_test_notes')).toEqual([{ made_by: sql.dialect }])
    })

    it('are refused when a newer version made them, and left as they are', async () => {
      const { sql } = (await fresh())()
      await migrateComponent(sql, 'test', [FIRST, SECOND])
      await expect(migrateComponent(sql, 'test', [FIRST])).rejects.toMatchObject({ code: 'store_version' })
      await expect(migrateComponent(sql, 'test', [SECOND])).rejects.toMatchObject({ code: 'invalid_config' })
      await migrateComponent(sql, 'other', [
        { version: 1, statements: ['create table antiphon_other (n bigint)'] },
      ])
    })

    it('are not there when a step fails', async () => {
      const { sql } = (await fresh())()
      const broken: ComponentMigration = { version: 2, statements: ['create nonsense'] }
      await expect(migrateComponent(sql, 'test', [FIRST, broken])).rejects.toMatchObject({
        code: 'store_failed',
      })
      await expect(sql.all('select * from antiphon_test_notes')).rejects.toMatchObject({
        code: 'store_failed',
      })
      await migrateComponent(sql, 'test', [FIRST])
      expect(await sql.all('select * from antiphon_test_notes')).toEqual([])
    })

    it('keep bytes as they are, alone and within a transaction', async () => {
      const { sql } = (await fresh())()
      await migrateComponent(sql, 'test', [FIRST])
      const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
      // A view in the midst of a larger buffer, as slices are.
      const view = new Uint8Array(bytes.buffer, 100, 7)
      await sql.run('insert into antiphon_test_notes (id, body) values (?, ?)', ['all', bytes])
      await sql.transaction(async (session) => {
        await session.run('insert into antiphon_test_notes (body, id) values (?, ?)', [view, 'view'])
        await session.run('insert into antiphon_test_notes (body, id) values (?, ?)', [
          new Uint8Array(0),
          'empty',
        ])
      })
      const rows = await sql.all<{ id: string; body: Uint8Array }>(
        'select id, body from antiphon_test_notes order by id',
      )
      expect(rows.map(({ id, body }) => [id, body instanceof Uint8Array, [...body]])).toEqual([
        ['all', true, [...bytes]],
        ['empty', true, []],
        ['view', true, [100, 101, 102, 103, 104, 105, 106]],
      ])
      const found = await sql.all('select id from antiphon_test_notes where body = ?', [view])
      expect(found).toEqual([{ id: 'view' }])
      await expect(
        sql.run('insert into antiphon_test_notes (id, body) values (?, ?)', ['all', null]),
      ).rejects.toBeInstanceOf(DuplicateRow)
    })

    it('take any number of texts of statements', async () => {
      const { sql } = (await fresh())()
      for (let n = 0; n < 2_500; n++)
        expect(await sql.all(`select cast(? as bigint) + ${n} as n`, [1])).toEqual([{ n: n + 1 }])
    })

    it('lie beside names of processes that are seen to be alive', async () => {
      const open = await fresh()
      const [one, other] = [open(), open()]
      const name = await one.owners.own()
      expect(await one.owners.isAlive(name)).toBe(true)
      expect(await other.owners.isAlive(name)).toBe(true)
      expect(await other.owners.isAlive('123')).toBe(false)
      await one.close()
      await expect.poll(() => other.owners.isAlive(name)).toBe(false)
    })
  })
