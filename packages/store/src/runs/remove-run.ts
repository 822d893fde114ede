import { JournalError, type RunStatus, runRefusals } from 'antiphon'
import { releaseBlobs, shareBlobs } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import { RECORD_COLUMNS } from './record-row.ts'
import { findRun, type RunRow } from './run-row.ts'
import { blobOwner, type RunsDatabase } from './runs-database.ts'

/** Which runs to remove: those that are old, or that are too many, or both. */
export interface RetainOptions {
  /** Runs whose status has not changed for so long are removed. */
  readonly olderThanMs?: number
  /** So many of the newest are kept, however old they are. */
  readonly keep?: number
  /** Only runs that stand so. One that is running is never removed. @defaultValue ['done', 'failed', 'cancelled'] */
  readonly statuses?: readonly Exclude<RunStatus, 'running'>[]
}

/** Removes a run with all it has; what its branches share with it becomes theirs. False when there was none. */
export const removeRun = ({ sql, presence }: RunsDatabase, runId: string): Promise<boolean> =>
  sql.transaction(async (session) => {
    const row = await findRun(session, runId, { lock: true })
    if (row === undefined) return false
    if (row.owner !== null && (await presence.isAlive(row.owner, session))) throw runRefusals.busy(runId)
    const branches = await session.all<{ run_id: string; parent_seq: number }>(
      'select run_id, parent_seq from antiphon_runs where parent_id = ?',
      [runId],
    )
    for (const branch of branches) await bequeath(session, row, branch)
    await session.run('delete from antiphon_records where run_id = ?', [runId])
    await session.run('delete from antiphon_events where run_id = ?', [runId])
    await session.run('delete from antiphon_runs where run_id = ?', [runId])
    await releaseBlobs(session, blobOwner(runId))
    return true
  })

/** Copies to a branch what it shares of a run's own records, and hangs it where that run hung. */
const bequeath = async (
  session: SqlSession,
  parent: RunRow,
  branch: { readonly run_id: string; readonly parent_seq: number },
): Promise<void> => {
  // The first record, `run`, each run has for itself.
  const after = Math.max(1, parent.parent_seq)
  await session.run(
    `insert into antiphon_records (run_id, seq, ${RECORD_COLUMNS}) select cast(? as text), seq, ${RECORD_COLUMNS} from antiphon_records where run_id = ? and seq > ? and seq <= ?`,
    [branch.run_id, parent.run_id, after, branch.parent_seq],
  )
  await shareBlobs(session, blobOwner(parent.run_id), blobOwner(branch.run_id))
  await session.run('update antiphon_runs set parent_id = ?, parent_seq = ? where run_id = ?', [
    parent.parent_id,
    parent.parent_id === null ? 0 : Math.min(parent.parent_seq, branch.parent_seq),
    branch.run_id,
  ])
}

/** Removes runs by age and number. Returns how many. */
export const retainRuns = async (
  database: RunsDatabase,
  { olderThanMs, keep, statuses = ['done', 'failed', 'cancelled'] }: RetainOptions,
): Promise<number> => {
  if (olderThanMs === undefined && keep === undefined) return 0
  const marks = statuses.map(() => '?').join(', ')
  const rows = await database.sql.all<{ run_id: string; updated_at: number }>(
    `select run_id, updated_at from antiphon_runs where status in (${marks || 'null'}) and status <> 'running' order by created_at desc, run_id desc`,
    [...statuses],
  )
  const before = olderThanMs === undefined ? Number.POSITIVE_INFINITY : Date.now() - olderThanMs
  let removed = 0
  for (const { run_id, updated_at } of rows.slice(keep ?? 0)) {
    if (updated_at < before && (await removeUnlessBusy(database, run_id))) removed++
  }
  return removed
}

const removeUnlessBusy = async (database: RunsDatabase, runId: string): Promise<boolean> => {
  try {
    return await removeRun(database, runId)
  } catch (error) {
    if (error instanceof JournalError && error.code === 'run_busy') return false
    throw error
  }
}
