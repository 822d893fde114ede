import { type Decision, decisionRecords, runRefusals } from 'antiphon'
import { lineageOf, readRows } from './lineage.ts'
import { decodeRecords, encodeRecord, RECORD_COLUMNS, RECORD_VALUES, type RecordRow } from './record-row.ts'
import { needRun } from './run-row.ts'
import type { RunsDatabase } from './runs-database.ts'

/** Records decisions: all of them, or none. */
export const decideRun = async (
  database: RunsDatabase,
  runId: string,
  decisions: readonly Decision[],
): Promise<void> => {
  await database.sql.transaction(async (session) => {
    const row = await needRun(session, runId, { lock: true })
    if (row.status === 'cancelled') throw runRefusals.cancelled(runId, row.cancel_reason)
    const rows = await readRows<RecordRow>(
      session,
      await lineageOf(session, runId, row),
      `seq, ${RECORD_COLUMNS}`,
      0,
      ` and kind in ('wait', 'decision')`,
    )
    const now = Date.now()
    const records = decisionRecords(await decodeRecords(session, runId, rows), decisions, now)
    const [last] = await session.all<{ seq: number | null }>(
      'select max(seq) as seq from antiphon_records where run_id = ? and seq > ?',
      [runId, row.parent_seq],
    )
    let seq = last?.seq ?? row.parent_seq
    for (const record of records) {
      const encoded = await encodeRecord(database, session, runId, record)
      await session.run(
        `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS}) select cast(? as text), cast(? as bigint), ${RECORD_VALUES}`,
        [runId, ++seq, ...encoded],
      )
    }
    await session.run('update antiphon_runs set updated_at = ? where run_id = ?', [now, runId])
  })
}
