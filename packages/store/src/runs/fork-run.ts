import { ConfigError, JournalError, type RunStart } from 'antiphon'
import { shareBlobs } from '../blobs.ts'
import { DuplicateRow, type SqlSession } from '../sql.ts'
import { lineageOf, readRows } from './lineage.ts'
import { keyOf } from './record-key.ts'
import { encodeRecord, RECORD_COLUMNS, RECORD_VALUES } from './record-row.ts'
import { needRun, type RunRow } from './run-row.ts'
import { readStart } from './run-start.ts'
import { blobOwner, type RunsDatabase } from './runs-database.ts'

/** Where a run branches, and how the branch is called. */
export interface ForkOptions {
  /** How many of its turns the branch has. @defaultValue all, without the end */
  readonly at?: number
  /** Id of the branch. */
  readonly runId: string
}

/** Makes a run whose first turns are those of another one. They are not copied. */
export const forkRun = async (
  database: RunsDatabase,
  runId: string,
  { at, runId: branchId }: ForkOptions,
): Promise<void> => {
  try {
    await database.sql.transaction(async (session) => {
      const row = await needRun(session, runId, { lock: true })
      const cut = await findCut(session, row, at)
      const parentStart = await readStart(session, runId)
      const start: RunStart = { ...parentStart, runId: branchId, parent: { runId, at: cut.turns } }
      const now = Date.now()
      await session.run(
        `insert into antiphon_runs (run_id, agent, status, epoch, created_at, updated_at, parent_id, parent_seq, start_hash) values (?, ?, 'waiting', 0, ?, ?, ?, ?, ?)`,
        [branchId, row.agent, now, now, runId, cut.seq, row.start_hash],
      )
      const first = await encodeRecord(database, session, branchId, {
        key: 'run',
        kind: 'run',
        at: now,
        value: start,
      })
      await session.run(
        `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS}) select cast(? as text), 1, ${RECORD_VALUES}`,
        [branchId, ...first],
      )
      await shareBlobs(session, blobOwner(runId), blobOwner(branchId))
    })
  } catch (error) {
    if (!(error instanceof DuplicateRow)) throw error
    throw new JournalError(
      'run_conflict',
      `There is a run "${branchId}" already: a branch needs an id of its own.`,
    )
  }
}

/** The last record that both have, and how many turns that is. */
const findCut = async (
  session: SqlSession,
  row: RunRow,
  at = Number.POSITIVE_INFINITY,
): Promise<{ seq: number; turns: number }> => {
  const rows = await readRows<{ seq: number; key: string }>(
    session,
    await lineageOf(session, row.run_id, row),
    'seq, key',
  )
  const keys = rows.map(({ seq, key }) => ({ seq, key: keyOf(key) }))
  const beyond = keys.find(({ key }) => key === 'end' || turnOf(key) >= at)
  const shared = beyond === undefined ? keys : keys.filter(({ seq }) => seq < beyond.seq)
  const turns = shared.reduce((most, { key }) => Math.max(most, turnOf(key) + 1), 0)
  if (at !== Number.POSITIVE_INFINITY && !(Number.isInteger(at) && at >= 0 && at <= turns))
    throw new ConfigError(
      'invalid_config',
      `at: expected a whole number from 0 to ${turns}, the turns of run "${row.run_id}", got ${at}.`,
    )
  return { seq: shared.at(-1)?.seq ?? 1, turns }
}

/** Turn of a record of the run itself; that of a call's own steps is the turn of the call. */
const turnOf = (key: string): number => Number(/^t(\d+)\//.exec(key)?.[1] ?? -1)
