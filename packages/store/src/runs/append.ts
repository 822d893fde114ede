import { type NewRecord, runRefusals } from 'antiphon'
import { DuplicateRow, type SqlSession, type SqlValue } from '../sql.ts'
import { keyText } from './record-key.ts'
import { RECORD_COLUMNS, RECORD_VALUES } from './record-row.ts'

/** At most so many records go into one statement: few texts to prepare, and few parameters. */
export const APPEND_AT_ONCE = 16

/** Who writes: the run, and the number of the time it was opened. */
export interface Fence {
  readonly runId: string
  readonly epoch: number
}

/** Holds the row of the run against being taken, until what is written is there. */
const shared = (dialect: SqlSession['dialect']): string => (dialect === 'postgres' ? ' for share of r' : '')

/** The last place in the log of run `r`. A branch goes on where it left its parent. */
const LAST_SEQ =
  'coalesce((select max(seq) from antiphon_records p where p.run_id = r.run_id and p.seq > r.parent_seq), r.parent_seq)'

const FENCED = `r.run_id = ? and r.epoch = ? and r.status <> 'cancelled'`

const texts = new Map<string, string>()

const textFor = (dialect: SqlSession['dialect'], count: number): string => {
  const known = texts.get(`${dialect}${count}`)
  if (known !== undefined) return known
  const into = `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS})`
  const rows = Array.from({ length: count }, (_, n) => `(${n + 1}, ${RECORD_VALUES})`).join(', ')
  const columns = Array.from({ length: 8 }, (_, n) => `v.column${n + 2}`).join(', ')
  const text =
    count === 1
      ? `${into} select r.run_id, ${LAST_SEQ} + 1, ${RECORD_VALUES} from antiphon_runs r where ${FENCED}${shared(dialect)}`
      : `${into} select r.run_id, ${LAST_SEQ} + v.column1, ${columns} from antiphon_runs r cross join (values ${rows}) v where ${FENCED}${shared(dialect)}`
  texts.set(`${dialect}${count}`, text)
  return text
}

/**
 * Appends encoded records in one statement, which writes nothing when the run was taken or cancelled. False in that case.
 *
 * @throws DuplicateRow when a key is there already, or somebody has written a record in the same moment.
 */
export const appendRecords = async (
  sql: SqlSession,
  { runId, epoch }: Fence,
  records: readonly (readonly SqlValue[])[],
): Promise<boolean> => {
  const values =
    records.length === 1 ? [...(records[0] ?? []), runId, epoch] : [...records.flat(), runId, epoch]
  return (await sql.run(textFor(sql.dialect, records.length), values)) > 0
}

/** Appends events, as one row that knows the number of its last. False when the run was taken or cancelled. */
export const appendEventRow = async (
  sql: SqlSession,
  { runId, epoch }: Fence,
  count: number,
  events: string,
): Promise<boolean> =>
  (await sql.run(
    `insert into antiphon_events (run_id, seq, count, events) select r.run_id, coalesce((select max(seq) from antiphon_events e where e.run_id = r.run_id), 0) + cast(? as bigint), cast(? as bigint), cast(? as text) from antiphon_runs r where ${FENCED}${shared(sql.dialect)}`,
    [count, count, events, runId, epoch],
  )) > 0

/** How often to try again when somebody else, such as a decision, took the place in the log. */
const ATTEMPTS = 20

/** The same for one record, past others that write at the same moment. */
export const appendOne = async (
  sql: SqlSession,
  fence: Fence,
  record: NewRecord,
  encoded: readonly SqlValue[],
): Promise<boolean> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await appendRecords(sql, fence, [encoded])
    } catch (error) {
      if (!(error instanceof DuplicateRow)) throw error
      const known = await sql.all('select 1 as found from antiphon_records where run_id = ? and key = ?', [
        fence.runId,
        keyText(record.key),
      ])
      if (known.length > 0 || attempt === ATTEMPTS) throw runRefusals.repeated(fence.runId, record)
    }
  }
}
