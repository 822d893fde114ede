import { type LogRecord, type OpenOptions, type RunStart, runRefusals } from 'antiphon'
import { inlineSession } from '../sessions/inline-session.ts'
import { DuplicateRow, type SqlSession } from '../sql.ts'
import { lineageOf, readRecords } from './lineage.ts'
import { encodeRecord, RECORD_COLUMNS, RECORD_VALUES } from './record-row.ts'
import { findRun, type RunRow } from './run-row.ts'
import { checkStart, readStart, startHash } from './run-start.ts'
import type { RunsDatabase } from './runs-database.ts'

/** A run that is this process's now. */
export interface TakenRun {
  readonly epoch: number
  readonly records: readonly LogRecord[]
  /** Set when it was cancelled: it can be read, and takes no further record. */
  readonly cancelled?: { readonly reason: string | null }
}

/** Makes a run or takes one, and reads what it has recorded. Whoever had it before can write nothing after that. */
export const takeRun = async (
  database: RunsDatabase,
  runId: string,
  { start: given, takeOver = false }: OpenOptions,
): Promise<TakenRun> => {
  const start = given === undefined ? undefined : (database.transform(given) as RunStart)
  const owner = await database.presence.owner()
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.sql.transaction(async (session) => {
        const row = await findRun(session, runId, { lock: true })
        if (row !== undefined) return take(database, session, row, { start, owner, takeOver })
        if (start === undefined) throw runRefusals.unknown(runId)
        return make(database, session, runId, { start, owner })
      })
    } catch (error) {
      // Another process made the run in the same moment: it is there now.
      if (!(error instanceof DuplicateRow) || attempt === 3) throw error
    }
  }
}

const make = async (
  database: RunsDatabase,
  session: SqlSession,
  runId: string,
  { start, owner }: { start: RunStart; owner: string },
): Promise<TakenRun> => {
  const now = Date.now()
  const first = await encodeRecord(database, session, runId, {
    key: 'run',
    kind: 'run',
    at: now,
    value: start,
  })
  await session.run(
    `insert into antiphon_runs (run_id, agent, status, epoch, owner, created_at, updated_at, start_hash) values (?, ?, 'running', 1, ?, ?, ?, ?)`,
    [runId, start.agent, owner, now, now, startHash(start)],
  )
  await session.run(
    `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS}) select cast(? as text), 1, ${RECORD_VALUES}`,
    [runId, ...first],
  )
  return { epoch: 1, records: await readRecords(session, runId, [{ runId, after: 0, upTo: 1 }]) }
}

const take = async (
  database: RunsDatabase,
  session: SqlSession,
  row: RunRow,
  { start, owner, takeOver }: { start: RunStart | undefined; owner: string; takeOver: boolean },
): Promise<TakenRun> => {
  const runId = row.run_id
  if (start !== undefined) {
    const known = row.start_hash ?? startHash(await readStart(session, runId))
    if (known !== startHash(start)) throw runRefusals.conflict(runId)
  }
  if (row.owner !== null && !takeOver && (await database.presence.isAlive(row.owner, session)))
    throw runRefusals.busy(runId)
  const kept = await readRecords(session, runId, await lineageOf(session, runId, row))
  const { parent } = checkStart(runId, kept[0])
  // A branch is not part of its parent's session, and cannot ask it for what came before.
  const records = parent === undefined ? kept : await inlineSession(session, kept)
  await session.run(
    `update antiphon_runs set epoch = epoch + 1, owner = ?, updated_at = ?, error = null, status = case when status in ('waiting', 'failed') then 'running' else status end where run_id = ?`,
    [owner, Date.now(), runId],
  )
  return {
    epoch: row.epoch + 1,
    records,
    ...(row.status === 'cancelled' ? { cancelled: { reason: row.cancel_reason } } : {}),
  }
}
