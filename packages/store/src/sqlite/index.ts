import { resolve } from 'node:path'
import { createStore } from '../create-store.ts'
import { LazySql } from '../lazy-sql.ts'
import type { Store, StoreOptions } from '../store.ts'
import { type OpenConnection, sqliteDriver } from './driver.ts'
import { openSqlite, type SqliteOptions } from './open.ts'
import { sqlitePresence } from './presence.ts'

export type { SqliteOptions } from './open.ts'

/**
 * Runs and sessions in one SQLite file, which any number of processes of this machine may use. The file is made and opened at first use; beside it lie its log
 * (`-wal`, `-shm`) and, for each process that has runs open, an empty file `-owner-…`.
 *
 * @param path - the file; its folder has to be there. `':memory:'` for none.
 * @throws JournalError `store_failed` when the file cannot be used, `log_damaged` when it is no SQLite file, `store_version` when a newer version made it; each
 * at first use.
 */
export const sqlite = (path: string, options: SqliteOptions & StoreOptions = {}): Store => {
  const file = path === ':memory:' ? path : resolve(path)
  const sql = new LazySql('sqlite', () => openSqlite(file, options))
  let open: OpenConnection | undefined
  const driver = (): OpenConnection => {
    open ??= sqliteDriver(options.driver)
    return open
  }
  return createStore(sql, sqlitePresence(file, driver), options)
}
