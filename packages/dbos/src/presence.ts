import pg from 'pg'
import { type EngineTables, lockKey } from './engine-tables.ts'

/**
 * That this process is there, said by a lock which its session holds: when the process dies, the server gives the lock free at once. When it hangs or its machine is gone,
 * the server ends the session after `hangTimeoutMs` without a word from it. No clock is compared with another.
 */
export interface Presence {
  /** Runs a statement on the session that holds the lock; connects again when that was lost. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

/** Whose presence, and where. */
export interface PresenceOptions {
  readonly url: string
  readonly tables: EngineTables
  readonly executorId: string
  readonly hangTimeoutMs: number
}

/** Time to connect. */
const CONNECT_TIMEOUT_MS = 5000
/** Words per `hangTimeoutMs`, so that one that is late does no harm. */
const WORDS_PER_TIMEOUT = 4

/** Takes the lock of a worker and keeps it. */
export const startPresence = async (options: PresenceOptions): Promise<Presence> => {
  let session: Promise<pg.Client> | undefined
  const connected = (): Promise<pg.Client> => {
    if (session !== undefined) return session
    const made: Promise<pg.Client> = connect(options, () => {
      if (session === made) session = undefined
    })
    session = made
    return made
  }
  // One statement after the other: a connection takes no second one before the first has ended.
  let last: Promise<unknown> = Promise.resolve()
  const query = <Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> => {
    const rows = last.then(async () => {
      const client = await connected()
      return (await client.query<Row>(text, [...values])).rows
    })
    last = rows.catch(() => undefined)
    return rows
  }
  await connected()
  const word = setInterval(() => {
    // What fails here shows at the next statement of the reaper, which connects again.
    query('select 1').catch(() => undefined)
  }, options.hangTimeoutMs / WORDS_PER_TIMEOUT)
  return {
    query,
    stop: async () => {
      clearInterval(word)
      await last
      const client = await session?.catch(() => undefined)
      if (client === undefined) return
      await client.query(`delete from ${options.tables.workers} where executor_id = $1`, [options.executorId])
      await client.end()
    },
  }
}

const connect = async (options: PresenceOptions, lost: () => void): Promise<pg.Client> => {
  const { url, tables, executorId, hangTimeoutMs } = options
  const client = new pg.Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: hangTimeoutMs,
    application_name: 'antiphon worker',
  })
  client.on('end', lost)
  // A session that fails has lost its lock or is about to: it is given up, and the next statement makes a new one.
  client.on('error', () => {
    lost()
    client.end().catch(() => undefined)
  })
  try {
    await client.connect()
    await client.query(
      `select set_config(name, case name when 'idle_session_timeout' then $1 else '5' end, false) from pg_settings
       where name in ('idle_session_timeout', 'tcp_keepalives_idle', 'tcp_keepalives_interval')`,
      [String(hangTimeoutMs)],
    )
    const key = lockKey(`worker ${executorId}`)
    // The row comes after the lock: nobody who finds the row can find the lock free while this session lives.
    const { rowCount } = await client.query('select 1 where pg_try_advisory_lock($1)', [key])
    if (rowCount !== 1) throw new Error(`The lock of worker ${executorId} is held by another session.`)
    await client.query(
      `insert into ${tables.workers} (executor_id, lock_key) values ($1, $2) on conflict do nothing`,
      [executorId, key],
    )
    return client
  } catch (error) {
    lost()
    client.end().catch(() => undefined)
    throw error
  }
}
