/** What a statement can be given, and what a row has. Times are milliseconds since 1970, larger things are JSON text; bytes lie in columns of type `bytea`, which both databases take. */
export type SqlValue = string | number | null | Uint8Array

/** One row, by column. Whole numbers come as numbers on both databases, bytes as a `Uint8Array`. */
type Row = Readonly<Record<string, SqlValue>>

/** Runs statements. Values stand as `?`; names of tables begin with `antiphon_`. */
export interface SqlSession {
  readonly dialect: 'sqlite' | 'postgres'
  /**
   * The rows of a statement.
   *
   * @throws JournalError `store_failed`, `log_damaged`; DuplicateRow.
   */
  all<T extends object = Row>(text: string, values?: readonly SqlValue[]): Promise<T[]>
  /** How many rows a statement has changed. Same errors. */
  run(text: string, values?: readonly SqlValue[]): Promise<number>
}

/** A database, opened when it is first used. The narrow part of SQL that every store needs, on both databases. For packages that keep tables of their own in it, made by `migrateComponent()`. */
export interface Sql extends SqlSession {
  /**
   * Everything that `work` does through the session it gets happens, or nothing of it. On SQLite nobody else writes meanwhile, so `work` must wait for nothing but
   * its own statements.
   */
  transaction<T>(work: (sql: SqlSession) => Promise<T>): Promise<T>
}

/** A database in the hands of who opened it. */
export interface OpenedSql extends Sql {
  /** Ends all connections. Everything afterwards fails. */
  close(): Promise<void>
}

/** A row with this key is there already: what `run` and `all` reject with when a unique key stands against an insert. */
export class DuplicateRow extends Error {
  override name = 'DuplicateRow'
}

/** What locks the rows of a `select` against other writers until the transaction ends; SQLite has one writer anyway. */
export const forUpdate = ({ dialect }: SqlSession): string => (dialect === 'postgres' ? ' for update' : '')
