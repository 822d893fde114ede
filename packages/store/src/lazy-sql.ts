import { JournalError } from 'antiphon'
import type { OpenedSql, SqlSession, SqlValue } from './sql.ts'

/** A database that is opened, and brought up to date, when it is first used. When that fails, the next use tries again. */
export class LazySql implements OpenedSql {
  readonly dialect: 'sqlite' | 'postgres'
  readonly #open: () => Promise<OpenedSql>
  #sql: OpenedSql | undefined
  #opening: Promise<OpenedSql> | undefined
  #closed = false

  constructor(dialect: 'sqlite' | 'postgres', open: () => Promise<OpenedSql>) {
    this.dialect = dialect
    this.#open = open
  }

  all<T extends object>(text: string, values?: readonly SqlValue[]): Promise<T[]> {
    return this.#sql !== undefined
      ? this.#sql.all<T>(text, values)
      : this.#opened().then((sql) => sql.all<T>(text, values))
  }

  run(text: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#sql !== undefined
      ? this.#sql.run(text, values)
      : this.#opened().then((sql) => sql.run(text, values))
  }

  transaction<T>(work: (sql: SqlSession) => Promise<T>): Promise<T> {
    return this.#sql !== undefined
      ? this.#sql.transaction(work)
      : this.#opened().then((sql) => sql.transaction(work))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const sql = this.#sql
    this.#sql = undefined
    // One that is being opened closes itself then.
    if (sql === undefined) await this.#opening?.catch(() => undefined)
    else await sql.close()
  }

  #opened(): Promise<OpenedSql> {
    if (this.#closed) return Promise.reject(closed())
    this.#opening ??= this.#open().then(
      async (sql) => {
        if (this.#closed) {
          await sql.close()
          throw closed()
        }
        this.#sql = sql
        return sql
      },
      (error: unknown) => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }
}

const closed = (): JournalError =>
  new JournalError('store_failed', 'The store was closed (store.close()). Make a new one, or close it later.')
