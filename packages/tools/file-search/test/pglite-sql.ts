import { DuplicateRow, type Sql, type SqlSession, type SqlValue } from '@antiphon/store'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

/** Postgres within this process, with pgvector, as the store's `Sql`: one connection, one statement after the other. */
export const openPglite = async (): Promise<{ sql: Sql; close(): Promise<void> }> => {
  const database = await PGlite.create({ extensions: { vector } })
  await database.exec(
    'create extension vector; create table antiphon_schema (version bigint not null); insert into antiphon_schema values (1); create table antiphon_components (name text primary key, version bigint not null)',
  )
  type Connection = Pick<PGlite, 'query'>
  const session = (connection: Connection): SqlSession => ({
    dialect: 'postgres',
    all: async <T extends object>(text: string, values: readonly SqlValue[] = []) =>
      (await query(connection, text, values)).rows as T[],
    run: async (text, values = []) => (await query(connection, text, values)).affectedRows ?? 0,
  })
  const query = async (connection: Connection, text: string, values: readonly SqlValue[]) => {
    let n = 0
    try {
      return await connection.query(
        text.replace(/\?/g, () => `$${++n}`),
        [...values],
      )
    } catch (error) {
      throw (error as { code?: string }).code === '23505'
        ? new DuplicateRow('duplicate', { cause: error })
        : error
    }
  }
  return {
    sql: {
      ...session(database),
      transaction: (work) => database.transaction((inside) => work(session(inside as Connection))),
    },
    close: () => database.close(),
  }
}
