import { type FollowedEvent, JournalError, type RunEvent } from 'antiphon'
import { loadLarge } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import { needRun } from './run-row.ts'
import { eventTopic, type RunsDatabase } from './runs-database.ts'

/** What a reader asks for. */
export interface FollowOptions {
  /** Number of the last event that is known already. @defaultValue 0 */
  readonly after?: number
  /** Ends the reading, without an error. */
  readonly signal?: AbortSignal
}

/** Rows per query: an answer of any length is read in pieces. */
const ROWS = 64
/** How long the end of a run may be announced before its status says so; its process may be gone since. */
const END_MS = 1_000

/** Events of a run, as they come, until it waits, ends or fails. */
export async function* followRun(
  { sql, presence }: RunsDatabase,
  runId: string,
  { after = 0, signal }: FollowOptions = {},
): AsyncGenerator<FollowedEvent, void, undefined> {
  let seq = after
  let endedAt: number | undefined
  const news = new News()
  const forget = presence.onWake(eventTopic(runId), news.come)
  signal?.addEventListener('abort', news.come, { once: true })
  try {
    let isOver = false
    while (!isAborted(signal)) {
      news.expect()
      const events = await eventsAfter(sql, runId, seq)
      for (const followed of events) {
        if (isAborted(signal)) return
        yield followed
        seq = followed.seq
        endedAt = followed.event.type === 'run.ended' ? performance.now() : undefined
      }
      if (events.length > 0) continue
      // It was over before the events were read: no more will come.
      if (isOver) return
      isOver = (await needRun(sql, runId)).status !== 'running'
      if (isOver) continue
      if (endedAt !== undefined && performance.now() - endedAt > END_MS) return
      await news.wait(endedAt === undefined ? presence.pollMs : Math.min(presence.pollMs, 100))
    }
  } finally {
    signal?.removeEventListener('abort', news.come)
    forget()
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

/** Whether there is something new since it was last asked. */
class News {
  #isNew = false
  #wake: (() => void) | undefined

  expect(): void {
    this.#isNew = false
  }

  readonly come = (): void => {
    this.#isNew = true
    this.#wake?.()
  }

  async wait(atMostMs: number): Promise<void> {
    if (this.#isNew) return
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      timer = setTimeout(resolve, atMostMs)
    })
    clearTimeout(timer)
    this.#wake = undefined
  }
}

interface EventRow {
  readonly seq: number
  readonly count: number
  readonly events: string
}

const eventsAfter = async (sql: SqlSession, runId: string, after: number): Promise<FollowedEvent[]> => {
  const rows = await sql.all<EventRow>(
    `select seq, count, events from antiphon_events where run_id = ? and seq > ? order by seq limit ${ROWS}`,
    [runId, after],
  )
  const events: FollowedEvent[] = []
  for (const row of rows) {
    const batch = await parse(sql, runId, row)
    for (const [index, event] of batch.entries()) {
      const seq = row.seq - row.count + 1 + index
      if (seq > after) events.push({ seq, event })
    }
  }
  return events
}

const parse = async (sql: SqlSession, runId: string, { seq, events }: EventRow): Promise<RunEvent[]> => {
  const text = await loadLarge(sql, events)
  try {
    return JSON.parse(text ?? '') as RunEvent[]
  } catch (cause) {
    throw new JournalError(
      'log_damaged',
      `The events of run "${runId}" are damaged at seq ${seq}. Its records are kept apart: read them with store.read.`,
      { cause },
    )
  }
}
