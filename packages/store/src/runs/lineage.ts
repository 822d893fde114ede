import type { LogRecord } from 'antiphon'
import type { SqlSession, SqlValue } from '../sql.ts'
import { decodeRecords, RECORD_COLUMNS, type RecordRow } from './record-row.ts'

/** Rows that belong to a run: its own, and those of the runs it branches from, up to where it left them. */
interface Stretch {
  readonly runId: string
  /** Exclusive. */
  readonly after: number
  /** Inclusive. */
  readonly upTo: number
}

/** Where the rows of a run lie, in the order of the log. */
export const lineageOf = async (
  sql: SqlSession,
  runId: string,
  parent: { readonly parent_id: string | null; readonly parent_seq: number },
): Promise<Stretch[]> => {
  const stretches: Stretch[] = [{ runId, after: parent.parent_seq, upTo: Number.MAX_SAFE_INTEGER }]
  let { parent_id: next, parent_seq: upTo } = parent
  while (next !== null) {
    const [row] = await sql.all<{ parent_id: string | null; parent_seq: number }>(
      'select parent_id, parent_seq from antiphon_runs where run_id = ?',
      [next],
    )
    // A branch of a branch may leave before its parent had anything of its own.
    const after = Math.min(row?.parent_seq ?? 0, upTo)
    if (after < upTo) stretches.unshift({ runId: next, after, upTo })
    upTo = after
    next = row?.parent_id ?? null
  }
  // The first record, `run`, is always a run's own.
  if (parent.parent_id !== null) stretches.unshift({ runId, after: 0, upTo: 1 })
  return stretches
}

/** Records of a run after `after`, in order. */
export const readRecords = async (
  sql: SqlSession,
  runId: string,
  stretches: readonly Stretch[],
  after = 0,
): Promise<LogRecord[]> => {
  const rows = await readRows<RecordRow>(sql, stretches, `seq, ${RECORD_COLUMNS}`, after)
  return decodeRecords(sql, runId, rows)
}

/** Columns of the records of a run, in order. `where` narrows them down further. */
export const readRows = async <T extends { readonly seq: number }>(
  sql: SqlSession,
  stretches: readonly Stretch[],
  columns: string,
  after = 0,
  where = '',
): Promise<T[]> => {
  const rows: T[] = []
  for (const [index, stretch] of stretches.entries()) {
    const from = Math.max(after, stretch.after, index === 0 ? 0 : 1)
    if (from >= stretch.upTo) continue
    const values: SqlValue[] = [stretch.runId, from, stretch.upTo]
    const found = await sql.all<T>(
      `select ${columns} from antiphon_records where run_id = ? and seq > ? and seq <= ?${where} order by seq`,
      values,
    )
    for (const row of found) rows.push(row)
  }
  return rows
}
