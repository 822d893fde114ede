import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg'
import type { OpenedSql, SqlSession, SqlValue } from '../sql.ts'
import { again } from './again.ts'
import { numbered } from './numbered.ts'
import { isLost, postgresError } from './postgres-error.ts'

/**
 * Postgres as an {@link OpenedSql}. Connections are made again with growing pauses, and reads are repeated when their connection was lost; a write is not, since nobody
 * knows whether it has happened.
 */
export class PostgresSql implements OpenedSql {
  readonly dialect = 'postgres'
  readonly #pool: Pool
  /** How long to try for a connection. */
  readonly #reconnectMs: number

  constructor(pool: Pool, reconnectMs: number) {
    this.#pool = pool
    this.#reconnectMs = reconnectMs
  }

  all<T extends object>(text: string, values: readonly SqlValue[] = []): Promise<T[]> {
    return again(() => this.#with((client) => rows<T>(client, text, values)), this.#reconnectMs)
  }

  run(text: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#connected((client) => changes(client, text, values))
  }

  transaction<T>(work: (sql: SqlSession) => Promise<T>): Promise<T> {
    return this.#connected(async (client) => {
      await command(client, 'begin')
      try {
        const value = await work({
          dialect: 'postgres',
          all: (text, values = []) => rows(client, text, values),
          run: (text, values = []) => changes(client, text, values),
        })
        await command(client, 'commit')
        return value
      } catch (error) {
        await command(client, 'rollback')
        throw error
      }
    })
  }

  /** Idle connections do not keep the process alive; while they are being ended it has to stay. */
  async close(): Promise<void> {
    const held = setInterval(() => undefined, 1_000)
    try {
      await this.#pool.end()
    } finally {
      clearInterval(held)
    }
  }

  /** Tries until there is a connection; what is done with it is done once. */
  async #connected<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await again(() => this.#connect(), this.#reconnectMs)
    return this.#use(client, work)
  }

  async #with<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.#use(await this.#connect(), work)
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw postgresError(error)
    }
  }

  async #use<T>(client: PoolClient, work: (client: PoolClient) => Promise<T>): Promise<T> {
    let lost: Error | undefined
    // Without a listener a connection that ends in the middle of a query would end the process.
    const onError = (error: Error): void => {
      lost = error
    }
    client.on('error', onError)
    try {
      return await work(client)
    } catch (error) {
      if (isLost(error)) lost ??= error as Error
      throw error
    } finally {
      client.off('error', onError)
      client.release(lost)
    }
  }
}

const rows = async <T extends object>(
  client: PoolClient,
  text: string,
  values: readonly SqlValue[],
): Promise<T[]> => (await query(client, text, values)).rows as T[]

const changes = async (client: PoolClient, text: string, values: readonly SqlValue[]): Promise<number> =>
  (await query(client, text, values)).rowCount ?? 0

const query = async (client: PoolClient, text: string, values: readonly SqlValue[]): Promise<QueryResult> => {
  const config: QueryConfig = { ...numbered(text), values: values as SqlValue[] }
  try {
    return await client.query(config)
  } catch (error) {
    throw postgresError(error)
  }
}

const command = async (client: PoolClient, text: string): Promise<void> => {
  try {
    await client.query(text)
  } catch (error) {
    throw postgresError(error)
  }
}
