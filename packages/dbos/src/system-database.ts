import { DBOSClient } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { DEFAULT_SCHEMA, prepareDatabase } from './engine-tables.ts'
import { loggerOf } from './quiet-logger.ts'
import { APPLICATION_NAME } from './task.ts'
import type { PlaceOptions } from './worker-options.ts'

/** The database of the queue, connected. */
export interface SystemDatabase {
  readonly url: string
  readonly schema: string
  readonly pool: pg.Pool
  readonly client: DBOSClient
  close(): Promise<void>
}

/** How long a session may sit in an open transaction, with its locks: its process hangs. */
const IDLE_TRANSACTION_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** Connects to the database of the queue and makes what is missing in it. */
export const openSystemDatabase = async (
  options: PlaceOptions,
  connections: number,
): Promise<SystemDatabase> => {
  const { systemDatabaseUrl: url = options.databaseUrl, systemSchema: schema = DEFAULT_SCHEMA } = options
  const logger = loggerOf(options.log)
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    application_name: 'antiphon queue',
  })
  // The pool has dropped the connection; the next statement makes another.
  pool.on('error', (error) => logger.warn(`A connection was lost: ${error.message}`))
  // Between two hands a connection has no listener, and an error nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await prepareDatabase({ url, schema, pool, logger })
    const client = await DBOSClient.create({
      systemDatabaseUrl: url,
      systemDatabasePool: pool,
      systemDatabaseSchemaName: schema,
      applicationName: APPLICATION_NAME,
      logger,
    })
    const close = async (): Promise<void> => {
      await client.destroy()
      await pool.end()
    }
    return { url, schema, pool, client, close }
  } catch (error) {
    await pool.end()
    throw error
  }
}
