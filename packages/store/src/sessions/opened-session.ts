import { type HistoryPoint, type OpenSession, sessionRefusals, withOwnIds } from 'antiphon'
import type { SqlSession } from '../sql.ts'
import { appendAtEnd, appendInNewLine, dropTurn, encodeTurn } from './append-turn.ts'
import { readItems } from './read-turns.ts'
import { findSession, pointOf } from './session-row.ts'
import { type SessionsDatabase, sessionTopic } from './sessions-database.ts'

/** A run that has a session, until `released`. */
export interface Holding {
  readonly id: string
  readonly runId: string
  readonly token: string
  /** The run may have begun before. */
  readonly resumed: boolean
  released(): void
}

/** What a run sees that has added its items: it needs to hold nothing any more. */
export const overSession = async (sql: SqlSession, at: HistoryPoint | undefined): Promise<OpenSession> => ({
  items: at === undefined ? [] : await readItems(sql, at),
  ...(at === undefined ? {} : { at }),
  append: async () => undefined,
  release: async () => undefined,
})

/** The session of a run that has it: reads where the run began. Lets go again when that fails. */
export const openedSession = async (database: SessionsDatabase, held: Holding): Promise<OpenSession> => {
  const { sql } = database
  const { id, runId } = held
  try {
    const row = await findSession(sql, id)
    if (row?.token !== held.token) throw sessionRefusals.taken(id, runId)
    const head = pointOf(row)
    const at = await beginning(sql, held, head)
    const items = at === undefined ? [] : await readItems(sql, at)
    let added = false
    return {
      items,
      ...(at === undefined ? {} : { at }),
      async append(own) {
        if (added) return
        // What others have added since the run began, it has not seen.
        const between =
          head === undefined || head.n === (at?.n ?? 0) ? [] : await readItems(sql, head, at?.n ?? 0)
        const turn = await encodeTurn(database, withOwnIds(own, between))
        try {
          await sql.transaction(async (session) => {
            const end =
              (head === undefined ? undefined : await appendAtEnd(session, head, turn, 'session')) ??
              (await appendInNewLine(session, head, turn, 'session'))
            const moved = await session.run(
              'update antiphon_sessions set line = ?, n = ?, total = total + ?, updated_at = ? where id = ? and token = ?',
              [end.line, end.n, turn.count, Date.now(), id, held.token],
            )
            if (moved === 0) throw sessionRefusals.taken(id, runId)
            await session.run(
              'update antiphon_session_runs set added = 1 where session_id = ? and run_id = ?',
              [id, runId],
            )
          })
        } catch (error) {
          await dropTurn(database, turn)
          throw error
        }
        added = true
      },
      release: () => release(database, held),
    }
  } catch (error) {
    await release(database, held)
    throw error
  }
}

/** Where the run begins: at the end of the session, or where it began before. */
const beginning = async (
  sql: SqlSession,
  { id, runId, resumed }: Holding,
  head: HistoryPoint | undefined,
): Promise<HistoryPoint | undefined> => {
  await sql.run(
    `insert into antiphon_session_runs (session_id, run_id, line, n, added) values (?, ?, ?, ?, 0) on conflict (session_id, run_id) do ${resumed ? 'nothing' : 'update set line = excluded.line, n = excluded.n'}`,
    [id, runId, head?.line ?? null, head?.n ?? 0],
  )
  if (!resumed) return head
  const [row] = await sql.all<{ line: string | null; n: number }>(
    'select line, n from antiphon_session_runs where session_id = ? and run_id = ?',
    [id, runId],
  )
  return row === undefined ? head : pointOf(row)
}

/** Done a second time when the first one failed: it changes nothing then. */
const release = async ({ sql, presence }: SessionsDatabase, held: Holding): Promise<void> => {
  const letGo = (): Promise<number> =>
    sql.run(
      'update antiphon_sessions set run_id = null, owner = null, token = null where id = ? and token = ?',
      [held.id, held.token],
    )
  held.released()
  await letGo().catch(letGo)
  presence.wake(sessionTopic(held.id))
}
