import { releaseBlobs } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import { findSession, type SessionRow } from './session-row.ts'

/** A number that is the same everywhere: two that delete at once would each leave what they share to the other. */
const DELETE_LOCK = 7_264_101_952

/** Deletes a session and what only it had, unless somebody has taken it since `token` was read: then false. Within a transaction. */
export const deleteSession = async (
  session: SqlSession,
  { id, token }: Pick<SessionRow, 'id' | 'token'>,
): Promise<boolean> => {
  if (session.dialect === 'postgres') await session.all('select pg_advisory_xact_lock(?)', [DELETE_LOCK])
  // Another run may have had it meanwhile, and moved it to another line.
  const row = await findSession(session, id, { lock: true })
  if (row === undefined || row.token !== token) return false
  await session.run('delete from antiphon_sessions where id = ?', [id])
  await session.run('delete from antiphon_session_runs where session_id = ?', [id])
  let next = row.line
  while (next !== null) next = await trimLine(session, next)
  return true
}

/** Deletes the turns of a line behind the last one that a session or another line needs. Returns the line it branched from when nothing of it is left. */
const trimLine = async (session: SqlSession, line: string): Promise<string | null> => {
  const [found] = await session.all<{ parent: string | null; session: number; needed: number | null }>(
    `select l.parent, l.session, (
      select max(u.n) from (
        select s.n as n from antiphon_sessions s where s.line = l.line
        union all select c.fork_at from antiphon_lines c where c.parent = l.line
      ) u
    ) as needed from antiphon_lines l where l.line = ?`,
    [line],
  )
  if (found === undefined || found.session === 0) return null
  const needed = found.needed ?? 0
  const large = await session.all<{ large: string }>(
    'select large from antiphon_turns where line = ? and n > ? and large is not null',
    [line, needed],
  )
  for (const one of large) await releaseBlobs(session, one.large)
  await session.run('delete from antiphon_turns where line = ? and n > ?', [line, needed])
  if (found.needed !== null) return null
  await session.run('delete from antiphon_lines where line = ?', [line])
  return found.parent
}
