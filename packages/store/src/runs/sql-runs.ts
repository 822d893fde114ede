import {
  type Decision,
  type FollowedEvent,
  type LogRecord,
  type OpenOptions,
  type OpenRun,
  type RunSummary,
  runRefusals,
} from 'antiphon'
import { inlineSession } from '../sessions/inline-session.ts'
import type { Store } from '../store.ts'
import { abandonedRuns } from './abandoned-runs.ts'
import { decideRun } from './decide-run.ts'
import { type FollowOptions, followRun } from './follow-run.ts'
import { type ForkOptions, forkRun } from './fork-run.ts'
import { lineageOf, readRecords } from './lineage.ts'
import { listRuns, type RunListOptions } from './list-runs.ts'
import { SqlOpenRun } from './open-run.ts'
import { keyText } from './record-key.ts'
import { decodeRecords, RECORD_COLUMNS, type RecordRow } from './record-row.ts'
import { type RetainOptions, removeRun, retainRuns } from './remove-run.ts'
import { checkRunId, isRunId } from './run-id.ts'
import { findRun, needRun, summaryOf } from './run-row.ts'
import { eventTopic, type RunsDatabase } from './runs-database.ts'
import { takeRun } from './take-run.ts'
import { exportRun, type ImportOptions, importRun } from './transfer-run.ts'
import { RunWatch } from './watch.ts'

type OfOthers =
  | 'session'
  | 'sessions'
  | 'history'
  | 'responses'
  | 'files'
  | 'sql'
  | 'owners'
  | typeof Symbol.asyncDispose

/** Runs over SQL, for all databases. */
export class SqlRuns implements Omit<Store, OfOthers> {
  readonly #database: RunsDatabase
  readonly #watch: RunWatch

  constructor(database: RunsDatabase) {
    this.#database = database
    this.#watch = new RunWatch(database)
  }

  async open(runId: string, options: OpenOptions = {}): Promise<OpenRun> {
    const taken = await takeRun(this.#database, checkRunId(runId), options)
    const run = new SqlOpenRun(this.#database, this.#watch, { runId, epoch: taken.epoch }, taken.records)
    this.#watch.tell(runId, runRefusals.taken(runId), run)
    if (taken.cancelled !== undefined) run.stop(runRefusals.cancelled(runId, taken.cancelled.reason))
    return run
  }

  decide(runId: string, decisions: readonly Decision[]): Promise<void> {
    return decideRun(this.#database, runId, decisions)
  }

  async cancel(runId: string, reason?: string): Promise<boolean> {
    if (!isRunId(runId)) return false
    const { sql, presence } = this.#database
    const changed = await sql.run(
      `update antiphon_runs set status = 'cancelled', cancel_reason = ?, updated_at = ? where run_id = ? and status in ('running', 'waiting', 'failed')`,
      [reason?.replaceAll('\0', '') ?? null, Date.now(), runId],
    )
    if (changed === 0) return false
    this.#watch.tell(runId, runRefusals.cancelled(runId, reason))
    presence.wake(eventTopic(runId))
    return true
  }

  async get(runId: string): Promise<RunSummary | undefined> {
    const row = await findRun(this.#database.sql, runId)
    return row === undefined ? undefined : summaryOf(row)
  }

  async read(runId: string, { after = 0 }: { readonly after?: number } = {}): Promise<readonly LogRecord[]> {
    const { sql } = this.#database
    const records = await readRecords(
      sql,
      runId,
      await lineageOf(sql, runId, await needRun(sql, runId)),
      after,
    )
    return inlineSession(sql, records)
  }

  async readKey(runId: string, key: string): Promise<LogRecord | undefined> {
    const { sql } = this.#database
    const stretches = await lineageOf(sql, runId, await needRun(sql, runId))
    // The youngest first: what a branch has for itself, such as `run`, comes before what it shares.
    for (const { runId: id, after, upTo } of stretches.reverse()) {
      const rows = await sql.all<RecordRow>(
        `select seq, ${RECORD_COLUMNS} from antiphon_records where run_id = ? and key = ? and (seq > ? or run_id = ?) and seq <= ?`,
        [id, keyText(key), Math.max(1, after), runId, upTo],
      )
      if (rows.length > 0) return (await inlineSession(sql, await decodeRecords(sql, runId, rows)))[0]
    }
    return undefined
  }

  follow(runId: string, options?: FollowOptions): AsyncIterable<FollowedEvent> {
    return followRun(this.#database, runId, options)
  }

  list(options?: RunListOptions): Promise<RunSummary[]> {
    return listRuns(this.#database.sql, options)
  }

  abandoned(): Promise<RunSummary[]> {
    return abandonedRuns(this.#database)
  }

  async fork(runId: string, options: ForkOptions): Promise<void> {
    checkRunId(options.runId)
    await forkRun(this.#database, runId, options)
  }

  exportRun(runId: string): AsyncIterable<string> {
    return exportRun(this.#database, runId)
  }

  importRun(
    lines: string | Iterable<string> | AsyncIterable<string>,
    options?: ImportOptions,
  ): Promise<string> {
    return importRun(this.#database, lines, options)
  }

  delete(runId: string): Promise<boolean> {
    return removeRun(this.#database, runId)
  }

  retain(options: RetainOptions): Promise<number> {
    return retainRuns(this.#database, options)
  }

  async close(): Promise<void> {
    await this.#watch.close()
    await this.#database.presence.close()
    await this.#database.sql.close()
  }
}
