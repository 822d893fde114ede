import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { DLogger } from '@dbos-inc/dbos-sdk'
// `DBOS.migrate` does the same, but writes to the console.
import { ensureSystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database'
import { GlobalLogger } from '@dbos-inc/dbos-sdk/internal/telemetry/logs'
import type { Pool } from 'pg'
import { EngineError } from './engine-error.ts'

/** Which database and schema the queue lives in. */
export interface SystemPlace {
  readonly url: string
  /** Schema of DBOS itself. */
  readonly schema: string
  readonly pool: Pool
  readonly logger: DLogger
}

/** Our own two tables, beside those of DBOS. */
export interface EngineTables {
  /** One row per worker that may be alive: its executor id and the key of its lock. */
  readonly workers: string
  /** One row per run that lost its worker: how often in a row, how far its log had come, and with which worker it was lost last. */
  readonly recoveries: string
}

/** Schema of DBOS when none is given. */
export const DEFAULT_SCHEMA = 'dbos'

/**
 * Names of our tables for a schema of DBOS, quoted.
 *
 * @throws EngineError `invalid_options` for a name that is no plain identifier.
 */
export const tablesOf = (schema: string): EngineTables => {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,48}$/.test(schema))
    throw new EngineError(
      'invalid_options',
      `Expected a plain identifier of at most 49 characters as \`systemSchema\`, got "${schema}".`,
    )
  return { workers: `"${schema}_antiphon".workers`, recoveries: `"${schema}_antiphon".recoveries` }
}

const TRY_AGAIN_MS = 50

/** Makes what is missing in the database, once for any number of processes that ask at the same time. */
export const prepareDatabase = async ({ url, schema, pool, logger }: SystemPlace): Promise<void> => {
  const { workers, recoveries } = tablesOf(schema)
  const lock = lockKey(`prepare ${schema}`)
  const client = await pool.connect()
  try {
    const found = await client.query<{ dbos: string | null; ours: string | null }>(
      'select to_regclass($1) as dbos, to_regclass($2) as ours',
      [`"${schema}".workflow_status`, recoveries],
    )
    const { dbos, ours } = found.rows[0] ?? { dbos: null, ours: null }
    if (dbos !== null && ours !== null) return client.release()
    // Tried, not waited for: migrations make indexes concurrently, which wait until no other statement is under way, one that waits for a lock included.
    while ((await client.query('select 1 where pg_try_advisory_lock($1)', [lock])).rowCount === 0)
      await pause(TRY_AGAIN_MS)
    if (dbos === null) await ensureSystemDatabase(url, new GlobalLogger(undefined, { logger }), pool, schema)
    await client.query(`
      create schema if not exists "${schema}_antiphon";
      create table if not exists ${workers} (executor_id text primary key, lock_key bigint not null);
      create table if not exists ${recoveries} (
        run_id text primary key,
        attempts integer not null,
        seq bigint not null,
        lost_with text not null,
        updated_at timestamptz not null default now()
      );`)
    await client.query('select pg_advisory_unlock($1)', [lock])
    client.release()
  } catch (error) {
    // The connection goes, and the lock with it.
    client.release(true)
    throw error
  }
}

/** A key for an advisory lock, as text. */
export const lockKey = (name: string): string =>
  createHash('sha256').update(`antiphon ${name}`).digest().readBigInt64BE(0).toString()
