import { createStore } from '../create-store.ts'
import { LazySql } from '../lazy-sql.ts'
import type { Store, StoreOptions } from '../store.ts'
import { openPostgres, type PostgresOptions, RECONNECT_MS } from './open.ts'
import { PostgresPresence } from './presence.ts'
import type { PostgresTarget } from './target.ts'

export type { PostgresOptions } from './open.ts'
export type { PostgresConnection, PostgresTarget } from './target.ts'

/**
 * Runs and sessions in a Postgres database, for any number of processes and machines. Connected at first use. Its tables begin with `antiphon_` and lie where the
 * search path leads.
 *
 * The connections must be direct ones, or through a pooler in session mode: locks and news belong to a session.
 *
 * @param target - a connection string, or its parts
 * @throws JournalError `store_failed` when there is no connection, `store_version` when a newer version made the tables; each at first use.
 */
export const postgres = (target: PostgresTarget, options: PostgresOptions & StoreOptions = {}): Store => {
  const sql = new LazySql('postgres', () => openPostgres(target, options))
  return createStore(sql, new PostgresPresence(target, sql, options.reconnectMs ?? RECONNECT_MS), options)
}
