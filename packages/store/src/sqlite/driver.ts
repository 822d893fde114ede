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

/** Which library opens the file: Node's own, or that of the package `@photostructure/sqlite`. */
export type SqliteDriver = 'node' | 'photostructure'

/** Opens a file of SQLite by the library that is there. */
export type OpenConnection = (path: string) => SqliteConnection

/**
 * Node's own SQLite where it has one that loses nothing, else the package `@photostructure/sqlite`, which has the same interface; loaded at the first call.
 *
 * @throws JournalError `store_failed` when there is neither.
 */
export const sqliteDriver = (wanted?: SqliteDriver): OpenConnection => {
  const { DatabaseSync } = wanted === undefined ? anyLibrary() : wanted === 'node' ? ofNode() : packaged()
  return (path) => connect(new DatabaseSync(path))
}

interface SqliteLibrary {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

interface SqliteDatabase {
  exec(text: string): void
  prepare(text: string): {
    all(...values: SqlValue[]): unknown[]
    run(...values: SqlValue[]): { changes: number | bigint }
  }
  close(): void
}

const connect = (database: SqliteDatabase): SqliteConnection => ({
  exec: (text) => database.exec(text),
  close: () => database.close(),
  prepare(text) {
    const statement = database.prepare(text)
    return {
      all: (values) => statement.all(...values),
      run: (values) => Number(statement.run(...values).changes),
    }
  },
})

const anyLibrary = (): SqliteLibrary => {
  const own = nodeSqlite()
  if (own !== undefined && losesNothing(process.versions.sqlite)) return own
  try {
    return packaged()
  } catch (error) {
    if (own !== undefined) return own
    throw error
  }
}

/**
 * Whether a version of SQLite is without the race at the reset of a WAL, which can lose what was committed when several processes write: it was mended in 3.51.3, and
 * in 3.50.7 and 3.44.6. https://www.sqlite.org/wal.html#walresetbug
 */
export const losesNothing = (version = ''): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor > 51) return major >= 3
  return patch >= (MENDED.get(minor) ?? Number.POSITIVE_INFINITY)
}

const MENDED: ReadonlyMap<number, number> = new Map([
  [51, 3],
  [50, 7],
  [44, 6],
])

const ofNode = (): SqliteLibrary => {
  const own = nodeSqlite()
  if (own !== undefined) return own
  throw new JournalError(
    'store_failed',
    'This version of Node has no node:sqlite. Use Node 22.13 or newer, or driver: "photostructure".',
  )
}

const nodeSqlite = (): SqliteLibrary | undefined =>
  withoutExperimentalWarning(() => process.getBuiltinModule?.('node:sqlite')) as SqliteLibrary | undefined

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

const packaged = (): SqliteLibrary => {
  try {
    return createRequire(import.meta.url)('@photostructure/sqlite') as SqliteLibrary
  } catch (cause) {
    throw new JournalError(
      'store_failed',
      'There is no SQLite: the package @photostructure/sqlite could not be loaded. Use Node 22.23 or newer, which brings one, or install @photostructure/sqlite.',
      { cause },
    )
  }
}
