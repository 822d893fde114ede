import { isAntiphonError, JournalError } from 'antiphon'
import { DuplicateRow } from '../sql.ts'

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code ?? '')

/** Codes of Node for a connection that is not there (any more). */
const LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'])

/**
 * True when the connection was lost or refused: trying again may help. Class 08 of SQLSTATE is about connections, 57P01 to 57P03 say that the server shuts down or
 * starts, 53300 that it has no connection left.
 */
export const isLost = (error: unknown): boolean => {
  const cause = error instanceof JournalError ? error.cause : error
  const code = codeOf(cause)
  return (
    LOST.has(code) ||
    /^(08...|57P0[123]|53300)$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      String(cause),
    )
  )
}

/** What `pg` threw, as an error of ours. No message of `pg` has the password. */
export const postgresError = (cause: unknown): Error => {
  if (isAntiphonError(cause) || cause instanceof DuplicateRow) return cause
  const text = cause instanceof Error ? cause.message || codeOf(cause) : String(cause)
  switch (codeOf(cause)) {
    case '23505':
      return new DuplicateRow(text, { cause })
    case '53100':
      return new JournalError(
        'store_failed',
        'Postgres: the disk is full, nothing was written. Make room (or delete old runs with `store.retain`), then resume the run.',
        { cause },
      )
    case 'XX001':
    case 'XX002':
      return new JournalError(
        'log_damaged',
        `Postgres: a table is damaged: ${text}. Restore it from a backup.`,
        { cause },
      )
    case '28P01':
    case '28000':
    case '3D000':
      return new JournalError(
        'store_failed',
        `Postgres: ${text}. Check the user, the password and the name of the database.`,
        { cause },
      )
    default:
      return new JournalError(
        'store_failed',
        isLost(cause)
          ? `Postgres: no connection: ${text}. A write that was under way may have happened or not; resume the run when the database is back.`
          : `Postgres: ${text}`,
        { cause },
      )
  }
}
