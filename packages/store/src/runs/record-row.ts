import { JournalError, type LogRecord, type NewRecord, type RecordKind } from 'antiphon'
import { isReference, loadLarge, storeLarge } from '../blobs.ts'
import type { Sql, SqlSession, SqlValue } from '../sql.ts'
import { keyOf, keyText } from './record-key.ts'
import { blobOwner, type RunsDatabase } from './runs-database.ts'

/** A record as the table has it. */
export interface RecordRow {
  readonly seq: number
  readonly key: string
  readonly kind: string
  readonly at: number
  /** `order` of the record, which is a word of SQL. */
  readonly step: number | null
  readonly ms: number | null
  readonly about: string | null
  readonly value: string
  /** Fields that this version does not know. */
  readonly more: string | null
}

/** Columns of a record but `run_id` and `seq`, and a placeholder for each with its type, in the order of {@link encodeRecord}. */
export const RECORD_COLUMNS = 'key, kind, at, step, ms, about, value, more'
export const RECORD_VALUES =
  'cast(? as text), cast(? as text), cast(? as bigint), cast(? as bigint), cast(? as double precision), cast(? as text), cast(? as text), cast(? as text)'

/** The values of a record for {@link RECORD_COLUMNS}; returns at once unless something large has to be kept apart first. */
export const encodeRecord = (
  { transform }: Pick<RunsDatabase, 'transform'>,
  sql: Sql | SqlSession,
  runId: string,
  record: NewRecord | LogRecord,
): SqlValue[] | Promise<SqlValue[]> => {
  const { key, kind, at, order = null, ms = null, about, value, ...rest } = record
  const aboutText = about === undefined ? null : textOf(transform(about))
  const valueText = textOf(transform(value))
  const { seq: _, ...unknown } = rest as { seq?: number }
  const more = Object.keys(unknown).length === 0 ? null : JSON.stringify(unknown)
  const owner = blobOwner(runId)
  const large = [aboutText ?? '', valueText].map((text) => storeLarge(sql, owner, text))
  if (large.every((text) => typeof text === 'string'))
    return [keyText(key), kind, at, order, ms, aboutText, valueText, more]
  return Promise.all(large).then(([about = '', value = '']) => [
    keyText(key),
    kind,
    at,
    order,
    ms,
    aboutText === null ? null : about,
    value,
    more,
  ])
}

/** A value that JSON does not know is nothing. */
const textOf = (value: unknown): string => JSON.stringify(value) ?? 'null'

/** The records of rows. */
export const decodeRecords = async (
  session: SqlSession,
  runId: string,
  rows: readonly RecordRow[],
): Promise<LogRecord[]> => {
  const records: LogRecord[] = []
  for (const row of rows) {
    const large = isReference(row.value) || (row.about !== null && isReference(row.about))
    records.push(decode(runId, large ? await loaded(session, runId, row) : row))
  }
  return records
}

const loaded = async (session: SqlSession, runId: string, row: RecordRow): Promise<RecordRow> => {
  const value = await loadLarge(session, row.value)
  const about = row.about === null ? null : await loadLarge(session, row.about)
  if (value === undefined || about === undefined) throw damaged(runId, row, 'a large value of it is gone')
  return { ...row, value, about }
}

const decode = (runId: string, row: RecordRow): LogRecord => {
  try {
    return {
      seq: row.seq,
      key: keyOf(row.key),
      kind: row.kind as RecordKind,
      at: row.at,
      ...(row.step === null ? {} : { order: row.step }),
      ...(row.ms === null ? {} : { ms: row.ms }),
      ...(row.about === null ? {} : { about: JSON.parse(row.about) as unknown }),
      value: JSON.parse(row.value) as unknown,
      ...(row.more === null ? {} : (JSON.parse(row.more) as object)),
    }
  } catch (cause) {
    throw damaged(runId, row, 'it is not JSON', cause)
  }
}

const damaged = (runId: string, { seq, key }: RecordRow, reason: string, cause?: unknown): JournalError =>
  new JournalError(
    'log_damaged',
    `The log of run "${runId}" is damaged at seq ${seq} (${key}): ${reason}. Fork it at a turn before that to go on from there.`,
    { cause },
  )
