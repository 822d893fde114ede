import { isAntiphonError, JournalError } from 'antiphon'
import { DuplicateRow } from '../sql.ts'

/** Primary codes of SQLite that say what to do. https://www.sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
const CONSTRAINT_PRIMARYKEY = 1_555
const CONSTRAINT_UNIQUE = 2_067

/** What a SQLite library threw, as an error of ours. */
export const sqliteError = (cause: unknown, path: string): Error => {
  if (isAntiphonError(cause) || cause instanceof DuplicateRow) return cause
  const code = codeOf(cause)
  if (code === CONSTRAINT_PRIMARYKEY || code === CONSTRAINT_UNIQUE)
    return new DuplicateRow(textOf(cause), { cause })
  // The lowest byte is the primary code, the rest says more exactly.
  const primary = code === undefined ? undefined : code & 0xff
  if (primary === CORRUPT || primary === NOTADB)
    return new JournalError(
      'log_damaged',
      `${path} is damaged, or no SQLite file: ${textOf(cause)}. Put a copy of it aside; \`sqlite3 ${path} .recover\` saves what is readable. Or open another path.`,
      { cause },
    )
  return new JournalError('store_failed', `${path}: ${adviceFor(primary) ?? textOf(cause)}`, { cause })
}

/** True when somebody else held the lock. */
export const isBusy = (error: unknown): boolean => {
  const code = isAntiphonError(error) ? codeOf(error.cause) : undefined
  return code !== undefined && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED)
}

const adviceFor = (code: number | undefined): string | undefined => {
  switch (code) {
    case FULL:
      return 'the disk is full, nothing was written. Make room (or delete old runs with `store.retain`), then resume the run.'
    case BUSY:
    case LOCKED:
      return 'another process held the write lock for longer than busyTimeoutMs, nothing was written. Resume the run; keep long transactions of other programs off this file.'
    case READONLY:
      return 'the file or its folder may not be written.'
    case CANTOPEN:
      return 'the file cannot be opened. Does its folder exist, and may this process write there?'
    default:
      return undefined
  }
}

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The extended result code; Node's SQLite, and what has its interface, gives it as `errcode`. */
const codeOf = (cause: unknown): number | undefined => {
  const { errcode } = (cause ?? {}) as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode : undefined
}
