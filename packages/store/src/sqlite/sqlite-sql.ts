import { setTimeout as pause } from 'node:timers/promises'
import type { OpenedSql, SqlSession, SqlValue } from '../sql.ts'
import type { SqliteConnection, SqliteStatement } from './driver.ts'
import { isBusy, sqliteError } from './sqlite-error.ts'

/** Longest pause between two tries at a file that somebody else writes. */
const MAX_PAUSE_MS = 25

/** Our own texts are some hundreds; those that others put together by what they are asked must not fill the memory. */
const MAX_STATEMENTS = 1_000

/**
 * SQLite as an {@link OpenedSql}. The library works synchronously: a statement has happened when its promise is made, unless a transaction is open; then it waits for the
 * end of that, so that it is not part of it. While somebody else writes it tries again, in the place of SQLite itself, which would hold up the whole process: also
 * another handle of this process, which may be the one that writes.
 */
export class SqliteSql implements OpenedSql {
  readonly dialect = 'sqlite'
  readonly #connection: SqliteConnection
  readonly #path: string
  readonly #busyTimeoutMs: number
  readonly #statements = new Map<string, SqliteStatement>()
  /** The last of the transactions that are open or wait. */
  #transactions: Promise<unknown> | undefined

  constructor(connection: SqliteConnection, path: string, busyTimeoutMs: number) {
    this.#connection = connection
    this.#path = path
    this.#busyTimeoutMs = busyTimeoutMs
  }

  /** Settings, before the first statement: what survives, and who waits for whom. */
  async prepare(durability: 'normal' | 'full'): Promise<void> {
    await this.#patiently(() => this.#all('pragma busy_timeout = 0', []))
    await this.#patiently(() => this.#all('pragma journal_mode = wal', []))
    await this.#patiently(() => this.#exec(`pragma synchronous = ${durability}`))
    this.#statements.clear()
  }

  all<T extends object>(text: string, values: readonly SqlValue[] = []): Promise<T[]> {
    return this.#do(() => this.#all<T>(text, values))
  }

  run(text: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#do(() => this.#run(text, values))
  }

  async transaction<T>(work: (sql: SqlSession) => Promise<T>): Promise<T> {
    const before = this.#transactions
    const done = (before ?? Promise.resolve()).then(() => this.#transact(work))
    const settled = done.then(
      () => undefined,
      () => undefined,
    )
    this.#transactions = settled
    try {
      return await done
    } finally {
      if (this.#transactions === settled) this.#transactions = undefined
    }
  }

  async close(): Promise<void> {
    await this.#transactions
    this.#statements.clear()
    this.#moveLog()
    this.#connection.close()
  }

  /** Whoever copies the file has all of it then. A library that lets go of statements only later leaves the log beside the file. */
  #moveLog(): void {
    try {
      this.#connection.exec('pragma wal_checkpoint(truncate)')
    } catch {
      // Somebody else writes, or the disk is full: the log stays, and whoever opens the file reads it.
    }
  }

  async #transact<T>(work: (sql: SqlSession) => Promise<T>): Promise<T> {
    await this.#patiently(() => this.#exec('begin immediate'))
    try {
      const value = await work({
        dialect: 'sqlite',
        all: async <R extends object>(text: string, values: readonly SqlValue[] = []) =>
          this.#all<R>(text, values),
        run: async (text, values = []) => this.#run(text, values),
      })
      this.#exec('commit')
      return value
    } catch (error) {
      this.#rollback()
      throw error
    }
  }

  /** A full disk ends a transaction by itself; then there is nothing to roll back. */
  #rollback(): void {
    try {
      this.#connection.exec('rollback')
    } catch (error) {
      if (!/no transaction is active/.test(String(error))) throw sqliteError(error, this.#path)
    }
  }

  /** Outside of transactions, one's own and those of others. */
  #do<T>(work: () => T): Promise<T> {
    return this.#patiently(work, async () => {
      while (this.#transactions !== undefined) await this.#transactions
    })
  }

  async #patiently<T>(work: () => T, before?: () => Promise<void>): Promise<T> {
    let until: number | undefined
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      if (this.#transactions !== undefined) await before?.()
      try {
        return work()
      } catch (error) {
        until ??= performance.now() + this.#busyTimeoutMs
        if (!isBusy(error) || performance.now() + pauseMs > until) throw error
      }
      await pause(pauseMs)
    }
  }

  #exec(text: string): void {
    try {
      this.#connection.exec(text)
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  #all<T>(text: string, values: readonly SqlValue[]): T[] {
    try {
      return this.#statement(text).all(values) as T[]
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  #run(text: string, values: readonly SqlValue[]): number {
    try {
      return this.#statement(text).run(values)
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  #statement(text: string): SqliteStatement {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      // Oldest first, whoever it is: to prepare one again costs microseconds.
      for (const oldest of this.#statements.keys()) {
        if (this.#statements.size < MAX_STATEMENTS) break
        this.#statements.delete(oldest)
      }
      statement = this.#connection.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}
