import { ConfigError, JournalError } from 'antiphon'
import { holdSchema } from './migrations.ts'
import type { Sql, SqlSession } from './sql.ts'

/** One step of a component's tables, forward only: what has been released is never changed, a new step is added. */
export interface ComponentMigration {
  /** 1 for the first, then one more each. */
  readonly version: number
  /** Statements without values, in order. A function where they differ: by `session.dialect`, or by what it finds in the database. */
  readonly statements:
    | readonly string[]
    | ((session: SqlSession) => readonly string[] | Promise<readonly string[]>)
}

/**
 * Brings the tables of a package up to date, beside those of the store and with a version of their own, in one transaction. Processes that do so at the same time wait for each other.
 *
 * @param sql - `store.sql`
 * @param component - the package, such as `file-search`; its tables begin with `antiphon_`
 * @throws JournalError `store_version` when a newer version made them; ConfigError `invalid_config` for steps that are not numbered 1, 2, 3, …
 */
export const migrateComponent = async (
  sql: Sql,
  component: string,
  migrations: readonly ComponentMigration[],
): Promise<void> => {
  if (migrations.length === 0 || migrations.some(({ version }, n) => version !== n + 1))
    throw new ConfigError(
      'invalid_config',
      `Expected the steps of "${component}" to have the versions 1, 2, 3, … in order.`,
    )
  if ((await versionOf(sql, component)) === migrations.length) return
  await sql.transaction(async (session) => {
    await holdSchema(session)
    const version = await versionOf(session, component)
    if (version > migrations.length)
      throw new JournalError(
        'store_version',
        `The database has version ${version} of the tables of "${component}"; this program knows ${migrations.length}. Update the package to the version that wrote them.`,
      )
    for (const { statements } of migrations.slice(version))
      for (const statement of typeof statements === 'function' ? await statements(session) : statements)
        await session.run(statement)
    await session.run(
      'insert into antiphon_components (name, version) values (?, ?) on conflict (name) do update set version = excluded.version',
      [component, migrations.length],
    )
  })
}

const versionOf = async (session: SqlSession, component: string): Promise<number> => {
  const [row] = await session.all<{ version: number }>(
    'select version from antiphon_components where name = ?',
    [component],
  )
  return row?.version ?? 0
}
