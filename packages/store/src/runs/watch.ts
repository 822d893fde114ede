import { JournalError, runRefusals } from 'antiphon'
import type { RunsDatabase } from './runs-database.ts'

/** A run that this store has opened. */
export interface WatchedRun {
  readonly runId: string
  readonly epoch: number
  /** Tells it that it may not go on. */
  stop(reason: JournalError): void
}

/** How often is asked whether open runs were cancelled or taken. */
const EVERY_MS = 500

/**
 * Looks after all open runs of a store with one query: whether somebody else has cancelled or taken them. Also writes how runs have ended when the database was away
 * at that moment.
 */
export class RunWatch {
  readonly #database: RunsDatabase
  readonly #open = new Set<WatchedRun>()
  readonly #unwritten = new Set<() => Promise<unknown>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(database: RunsDatabase) {
    this.#database = database
  }

  add(run: WatchedRun): void {
    this.#open.add(run)
    this.#schedule()
  }

  remove(run: WatchedRun): void {
    this.#open.delete(run)
  }

  /** Says at once to the runs of this store with that id what was done to them; `except` did it. */
  tell(runId: string, reason: JournalError, except?: WatchedRun): void {
    for (const run of this.#open) if (run.runId === runId && run !== except) run.stop(reason)
  }

  /** Writes something that no caller waits for: now, or when the database is back. */
  async write(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'store_failed') throw error
      this.#unwritten.add(work)
      this.#schedule()
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closed = true
    await this.#writeAll()
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== undefined) return
    if (this.#open.size === 0 && this.#unwritten.size === 0) return
    this.#timer = setTimeout(() => void this.#look(), EVERY_MS)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    await this.#writeAll()
    // When the database is away, the next look or the next write tells.
    await this.#check().catch(() => undefined)
    this.#timer = undefined
    this.#schedule()
  }

  async #check(): Promise<void> {
    const { sql, presence } = this.#database
    const asked = [...this.#open]
    if (asked.length === 0) return
    const rows = await sql.all<{
      run_id: string
      epoch: number
      status: string
      cancel_reason: string | null
    }>('select run_id, epoch, status, cancel_reason from antiphon_runs where owner = ?', [
      await presence.owner(),
    ])
    const byId = new Map(rows.map((row) => [row.run_id, row]))
    for (const run of asked) {
      const row = byId.get(run.runId)
      // Closed or opened again since the question was asked.
      if (!this.#open.has(run)) continue
      if (row?.epoch !== run.epoch) run.stop(runRefusals.taken(run.runId))
      else if (row.status === 'cancelled') run.stop(runRefusals.cancelled(run.runId, row.cancel_reason))
    }
  }

  async #writeAll(): Promise<void> {
    for (const work of this.#unwritten) {
      try {
        await work()
        this.#unwritten.delete(work)
      } catch {
        // The next look tries again; without one, the run's holder is gone, and whoever resumes it finds all that was recorded.
        return
      }
    }
  }
}
