/** What a statement can be given. Times are milliseconds since 1970, larger things are JSON text. */
export type SqlValue = string | number | null

/** One row, by column. Whole numbers come as numbers on both databases. */
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

/** A database, opened when it is first used. The narrow part of SQL that every store needs, on both databases. */
export interface Sql extends SqlSession {
  /**
   * Everything that `work` does through the session it gets happens, or nothing of it. On SQLite nobody else writes meanwhile, so `work` must wait for nothing but
   * its own statements.
   */
  transaction<T>(work: (sql: SqlSession) => Promise<T>): Promise<T>
  /** Ends all connections. Everything afterwards fails. */
  close(): Promise<void>
}

/** A row with this key is there already. */
export class DuplicateRow extends Error {
  override name = 'DuplicateRow'
}

/** What locks the rows of a `select` against other writers until the transaction ends; SQLite has one writer anyway. */
export const forUpdate = ({ dialect }: SqlSession): string => (dialect === 'postgres' ? ' for update' : '')
