import type { OpenedSql, SqlSession, SqlValue } from '../src/sql.ts'

/** Counts what goes to the database and comes from it. */
export const tracedSql = (sql: OpenedSql) => {
  const statements: { text: string; values: readonly SqlValue[]; rows: number }[] = []
  const traced = (session: SqlSession): SqlSession => ({
    dialect: session.dialect,
    async all<T extends object>(text: string, values: readonly SqlValue[] = []) {
      const rows = await session.all<T>(text, values)
      statements.push({ text, values, rows: rows.length })
      return rows
    },
    async run(text, values = []) {
      const rows = await session.run(text, values)
      statements.push({ text, values, rows })
      return rows
    },
  })
  return {
    ...traced(sql),
    transaction: <T>(work: (session: SqlSession) => Promise<T>) =>
      sql.transaction((session) => work(traced(session))),
    close: () => sql.close(),
    statements,
    clear: () => {
      statements.length = 0
    },
    rows: () => statements.reduce((sum, { rows }) => sum + rows, 0),
    chars: () => statements.reduce((sum, { values }) => sum + values.join('').length, 0),
  }
}
