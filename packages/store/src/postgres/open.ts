import { Pool, type PoolConfig, types } from 'pg'
import { migrate } from '../migrations.ts'
import type { OpenedSql } from '../sql.ts'
import { PostgresSql } from './postgres-sql.ts'
import type { PostgresTarget } from './target.ts'

/** How a database is used. */
export interface PostgresOptions {
  /** Connections at most; one more is for the lock of this process and for news. @defaultValue 10 */
  readonly maxConnections?: number
  /** How long to try for a connection, with growing pauses, before `store_failed`. @defaultValue 5000 */
  readonly reconnectMs?: number
}

/** OID of `bigint`. Ours are counts and times, far below 2^53. */
const BIGINT = 20

/** What both the pool and the single connection are made of. */
export const clientConfig = (target: PostgresTarget): PoolConfig => ({
  application_name: 'antiphon',
  keepAlive: true,
  ...(typeof target === 'string' ? { connectionString: target } : target),
  types: {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      oid === BIGINT ? Number : types.getTypeParser(oid, format as 'text')) as typeof types.getTypeParser,
  },
})

/** How long to try for a connection when nothing is said about it. */
export const RECONNECT_MS = 5_000

/** Opens a pool and brings the schema up to date. */
export const openPostgres = async (
  target: PostgresTarget,
  options: PostgresOptions = {},
): Promise<OpenedSql> => {
  const { maxConnections = 10, reconnectMs = RECONNECT_MS } = options
  const pool = new Pool({
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    // An idle connection does not keep the process alive.
    allowExitOnIdle: true,
    ...clientConfig(target),
  })
  // The pool has already dropped an idle connection that failed; the next statement makes a new one.
  pool.on('error', () => undefined)
  // Between two hands a connection has no listener, and an error nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const sql = new PostgresSql(pool, reconnectMs)
  try {
    await migrate(sql)
    return sql
  } catch (error) {
    await sql.close()
    throw error
  }
}
