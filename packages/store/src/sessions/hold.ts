import { randomUUID } from 'node:crypto'
import {
  type HistoryPoint,
  type OpenSession,
  type SessionOpenOptions,
  type SessionOptions,
  sessionRefusals,
} from 'antiphon'
import { News } from './news.ts'
import { openedSession, overSession } from './opened-session.ts'
import { findSession, insertSession, pointOf, type SessionRow } from './session-row.ts'
import { type SessionsDatabase, sessionTopic } from './sessions-database.ts'

/** Opens a session for a run: finds it, waits for it, takes it. */
export class SessionHolder {
  readonly #database: SessionsDatabase
  /** Tokens in use. One of this process that is not among them was left behind, by a write whose answer was lost. */
  readonly #tokens = new Set<string>()

  constructor(database: SessionsDatabase) {
    this.#database = database
  }

  async open(
    id: string,
    { onBusy = 'error', waitMs = 60_000 }: SessionOptions,
    runId: string,
    options: SessionOpenOptions,
  ): Promise<OpenSession> {
    const { sql, presence } = this.#database
    const started = performance.now()
    let news: News | undefined
    try {
      for (;;) {
        const row = await findSession(sql, id)
        if (row === undefined) {
          await insertSession(sql, id)
          continue
        }
        const begun = await this.#added(id, runId)
        if (begun !== undefined) {
          if (options.resumed !== true) throw sessionRefusals.conflict(id, runId)
          return await overSession(sql, begun.at)
        }
        const own = options.takeOver === true && row.run_id === runId
        if (own || !(await this.isHeld(row))) {
          const opened = await this.#take(row, runId, options.resumed === true)
          if (opened !== undefined) return opened
          continue
        }
        const holder = row.run_id ?? ''
        if (onBusy === 'error') throw sessionRefusals.busy(id, holder)
        const leftMs = waitMs - (performance.now() - started)
        if (leftMs <= 0) throw sessionRefusals.busy(id, holder, waitMs)
        // Looked at once more after that: it may have been let go just before.
        if (news === undefined) news = new News(presence, sessionTopic(id))
        else await news.next(Math.min(presence.pollMs, leftMs), options.signal)
      }
    } finally {
      news?.close()
    }
  }

  /** Whether a run of a process that is alive has the session. */
  async isHeld({ token, owner }: SessionRow): Promise<boolean> {
    if (token === null || owner === null) return false
    const { sql, presence } = this.#database
    return (
      this.#tokens.has(token) || (owner !== (await presence.owner()) && (await presence.isAlive(owner, sql)))
    )
  }

  /** Where a run began that has added its items; undefined for every other. */
  async #added(id: string, runId: string): Promise<{ readonly at: HistoryPoint | undefined } | undefined> {
    const [row] = await this.#database.sql.all<{ line: string | null; n: number }>(
      'select line, n from antiphon_session_runs where session_id = ? and run_id = ? and added = 1',
      [id, runId],
    )
    return row === undefined ? undefined : { at: pointOf(row) }
  }

  /** Undefined when somebody was faster. */
  async #take(row: SessionRow, runId: string, resumed: boolean): Promise<OpenSession | undefined> {
    const { sql, presence } = this.#database
    const token = randomUUID()
    this.#tokens.add(token)
    try {
      const taken = await sql.run(
        `update antiphon_sessions set run_id = ?, owner = ?, token = ? where id = ? and coalesce(token, '') = ?`,
        [runId, await presence.owner(), token, row.id, row.token ?? ''],
      )
      if (taken === 0) {
        this.#tokens.delete(token)
        return undefined
      }
      return await openedSession(this.#database, {
        id: row.id,
        runId,
        token,
        resumed,
        released: () => this.#tokens.delete(token),
      })
    } catch (error) {
      this.#tokens.delete(token)
      throw error
    }
  }
}
