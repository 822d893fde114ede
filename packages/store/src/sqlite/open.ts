import { migrate } from '../migrations.ts'
import type { OpenedSql } from '../sql.ts'
import { type SqliteDriver, sqliteDriver } from './driver.ts'
import { sqliteError } from './sqlite-error.ts'
import { SqliteSql } from './sqlite-sql.ts'

/** How a file is opened. */
export interface SqliteOptions {
  /**
   * What a write waits for. `'normal'`: the operating system has it, so it survives kill −9 of the process. `'full'`: the disk has it, so it survives a loss of power.
   *
   * @defaultValue 'normal'
   */
  readonly durability?: 'normal' | 'full'
  /** How long a write waits for another process that writes. @defaultValue 5000 */
  readonly busyTimeoutMs?: number
  /** Whose SQLite: Node's own, or that of the package `@photostructure/sqlite`. @defaultValue Node's where it has one without the fault that loses writes (3.51.3 or newer) */
  readonly driver?: SqliteDriver
}

/** Opens a file, with its log ahead of it (WAL), and brings its schema up to date. */
export const openSqlite = async (path: string, options: SqliteOptions = {}): Promise<OpenedSql> => {
  const { durability = 'normal', busyTimeoutMs = 5_000, driver } = options
  const open = sqliteDriver(driver)
  let sql: SqliteSql | undefined
  try {
    sql = new SqliteSql(open(path), path, busyTimeoutMs)
    await sql.prepare(durability)
    await migrate(sql)
    return sql
  } catch (error) {
    await sql?.close()
    throw sqliteError(error, path)
  }
}
