import { JournalError, type LogRecord, type SessionStart } from 'antiphon'
import type { SqlSession } from '../sql.ts'
import { readItems } from './read-turns.ts'

/**
 * A log with the items of its session in it, so that it can be read without the store. The log itself names only where they are; when they have been deleted, it stays as
 * it is.
 */
export const inlineSession = async (
  sql: SqlSession,
  records: readonly LogRecord[],
): Promise<readonly LogRecord[]> => {
  const index = records.findIndex(({ kind }) => kind === 'session')
  const record = records[index]
  const start = record?.value as SessionStart | undefined
  if (record === undefined || start?.at === undefined || start.items !== undefined) return records
  try {
    const value: SessionStart = { ...start, items: await readItems(sql, start.at) }
    return records.with(index, { ...record, value })
  } catch (error) {
    if (error instanceof JournalError && error.code === 'point_unknown') return records
    throw error
  }
}
