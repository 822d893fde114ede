import { createRequire } from 'node:module'
import { JournalError } from 'antiphon'
import type { SqlValue } from '../sql.ts'

/** What is used of a SQLite library: the part that all have. */
export interface SqliteConnection {
  exec(text: string): void
  prepare(text: string): SqliteStatement
  close(): void
}

/** A prepared statement. */
export interface SqliteStatement {
  all(values: readonly SqlValue[]): unknown[]
  /** How many rows it has changed. */
  run(values: readonly SqlValue[]): number
}

/** Which library opens the file. */
export type SqliteDriver = 'node' | 'libsql'

/** Opens a file of SQLite by the library that is there. */
export type OpenConnection = (path: string) => SqliteConnection

/**
 * The SQLite that Node brings, or the package `libsql`; loaded at the first call.
 *
 * @throws JournalError `store_failed` when there is neither.
 */
export const sqliteDriver = (wanted?: SqliteDriver): OpenConnection => {
  const open = wanted === 'libsql' ? undefined : nodeSqlite()
  if (open !== undefined) return open
  if (wanted === 'node')
    throw new JournalError(
      'store_failed',
      'This version of Node has no node:sqlite. Use Node 22.13 or newer, or driver: "libsql".',
    )
  return libsql()
}

interface NodeDatabase {
  exec(text: string): void
  prepare(text: string): {
    all(...values: SqlValue[]): unknown[]
    run(...values: SqlValue[]): { changes: number | bigint }
  }
  close(): void
}

const nodeSqlite = (): OpenConnection | undefined => {
  const module = withoutExperimentalWarning(() => process.getBuiltinModule?.('node:sqlite')) as
    | { DatabaseSync: new (path: string) => NodeDatabase }
    | undefined
  if (module === undefined) return undefined
  return (path) => {
    const database = new module.DatabaseSync(path)
    return {
      exec: (text) => database.exec(text),
      close: () => database.close(),
      prepare(text) {
        const statement = database.prepare(text)
        return {
          all: (values) => statement.all(...values),
          run: (values) => Number(statement.run(...values).changes),
        }
      },
    }
  }
}

/** Node 22 says once that its SQLite is experimental. Whoever uses this package cannot do anything about it. */
const withoutExperimentalWarning = <T>(load: () => T): T => {
  const { emitWarning } = process
  process.emitWarning = (() => undefined) as typeof emitWarning
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

interface LibsqlDatabase {
  exec(text: string): void
  prepare(text: string): {
    all(values: readonly SqlValue[]): unknown[]
    run(values: readonly SqlValue[]): { changes: number }
  }
  close(): void
}

const libsql = (): OpenConnection => {
  const Database = loadLibsql()
  return (path) => {
    const database = new Database(path)
    return {
      exec: (text) => database.exec(text),
      close: () => database.close(),
      prepare(text) {
        const statement = database.prepare(text)
        return {
          all: (values) => statement.all(values),
          run: (values) => statement.run(values).changes,
        }
      },
    }
  }
}

const loadLibsql = (): (new (path: string) => LibsqlDatabase) => {
  try {
    return createRequire(import.meta.url)('libsql') as new (
      path: string,
    ) => LibsqlDatabase
  } catch (cause) {
    throw new JournalError(
      'store_failed',
      'There is no SQLite: this version of Node brings none, and the package libsql could not be loaded. Use Node 22.13 or newer, or install libsql.',
      { cause },
    )
  }
}
