import {
  type AntiphonError,
  type JournalError,
  type LogRecord,
  type NewRecord,
  type OpenRun,
  type RunEvent,
  type RunStatus,
  runRefusals,
} from 'antiphon'
import { storeLarge } from '../blobs.ts'
import { DuplicateRow, type SqlValue } from '../sql.ts'
import { APPEND_AT_ONCE, appendEventRow, appendOne, appendRecords, type Fence } from './append.ts'
import { encodeRecord } from './record-row.ts'
import { findRun } from './run-row.ts'
import { blobOwner, eventTopic, type RunsDatabase } from './runs-database.ts'
import type { RunWatch, WatchedRun } from './watch.ts'

/** A record on its way into the log. */
interface Waiting {
  readonly record: NewRecord
  readonly encoded: readonly SqlValue[]
  resolve(): void
  reject(error: unknown): void
}

/**
 * A run that this process writes. One statement is under way at a time; what comes meanwhile, such as the results of parallel calls, goes into the next one together.
 */
export class SqlOpenRun implements OpenRun, WatchedRun {
  readonly runId: string
  readonly epoch: number
  readonly records: readonly LogRecord[]
  readonly #database: RunsDatabase
  readonly #watch: RunWatch
  readonly #fence: Fence
  readonly #listeners: ((reason: AntiphonError) => void)[] = []
  #queue: Waiting[] = []
  #isWriting = false
  #stopped: JournalError | undefined
  #isClosed = false

  constructor(database: RunsDatabase, watch: RunWatch, fence: Fence, records: readonly LogRecord[]) {
    this.runId = fence.runId
    this.epoch = fence.epoch
    this.records = records
    this.#fence = fence
    this.#database = database
    this.#watch = watch
    watch.add(this)
  }

  async append(record: NewRecord): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped
    const made = encodeRecord(this.#database, this.#database.sql, this.runId, record)
    const encoded = Array.isArray(made) ? made : await made
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ record, encoded, resolve, reject })
      if (!this.#isWriting) void this.#write()
    })
  }

  async appendEvents(events: readonly RunEvent[]): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped
    if (events.length === 0) return
    const { sql, presence, transform } = this.#database
    const text = JSON.stringify(events.map((event) => transform(event)))
    const stored = storeLarge(sql, blobOwner(this.runId), text)
    const row = typeof stored === 'string' ? stored : await stored
    if (!(await appendEventRow(sql, this.#fence, events.length, row))) throw await this.#refusal()
    presence.wake(eventTopic(this.runId))
  }

  onStop(stop: (reason: AntiphonError) => void): void {
    if (this.#stopped === undefined) this.#listeners.push(stop)
    else stop(this.#stopped)
  }

  stop(reason: JournalError): void {
    if (this.#stopped !== undefined) return
    this.#stopped = reason
    this.#watch.remove(this)
    for (const listener of this.#listeners) listener(reason)
  }

  async close(status: RunStatus, error?: { code: string; message: string }): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopped ??= runRefusals.taken(this.runId)
    this.#watch.remove(this)
    const { sql, presence } = this.#database
    const facts = error === undefined ? null : JSON.stringify({ code: error.code, message: error.message })
    const now = Date.now()
    await this.#watch.write(() =>
      sql.run(
        `update antiphon_runs set status = case when status = 'cancelled' then status else ? end, error = ?, owner = null, updated_at = ? where run_id = ? and epoch = ?`,
        [status, facts, now, this.runId, this.epoch],
      ),
    )
    presence.wake(eventTopic(this.runId))
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, APPEND_AT_ONCE)
      try {
        await this.#writeBatch(batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isWriting = false
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { sql } = this.#database
    try {
      const records = batch.map(({ encoded }) => encoded)
      if (!(await appendRecords(sql, this.#fence, records))) throw await this.#refusal()
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (!(error instanceof DuplicateRow)) throw error
      // One of them is there already, or a decision came in between: each by itself.
      for (const waiting of batch) await this.#writeOne(waiting)
    }
  }

  async #writeOne({ record, encoded, resolve, reject }: Waiting): Promise<void> {
    try {
      if (!(await appendOne(this.#database.sql, this.#fence, record, encoded))) throw await this.#refusal()
      resolve()
    } catch (error) {
      reject(error)
    }
  }

  /** Why nothing was written. */
  async #refusal(): Promise<JournalError> {
    const row = await findRun(this.#database.sql, this.runId)
    const reason =
      row?.epoch === this.epoch && row.status === 'cancelled'
        ? runRefusals.cancelled(this.runId, row.cancel_reason)
        : runRefusals.taken(this.runId)
    this.stop(reason)
    return reason
  }
}
