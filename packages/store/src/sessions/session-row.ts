import type { HistoryPoint, SessionSummary } from 'antiphon'
import { forUpdate, type SqlSession } from '../sql.ts'

/** A session as the table has it. */
export interface SessionRow {
  readonly id: string
  readonly line: string | null
  readonly n: number
  readonly total: number
  readonly created_at: number
  readonly updated_at: number
  /** The run that holds it; null with the next two. */
  readonly run_id: string | null
  readonly owner: string | null
  readonly token: string | null
}

const COLUMNS = 'id, line, n, total, created_at, updated_at, run_id, owner, token'

/** A session; undefined when there is none. */
export const findSession = async (
  sql: SqlSession,
  id: string,
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<SessionRow | undefined> => {
  // Postgres refuses a zero byte, which no id has.
  if (id.includes('\0')) return undefined
  const [row] = await sql.all<SessionRow>(
    `select ${COLUMNS} from antiphon_sessions where id = ?${lock ? forUpdate(sql) : ''}`,
    [id],
  )
  return row
}

/** Sessions after an id, in the order of the database. */
export const listSessions = (sql: SqlSession, after: string, limit: number): Promise<SessionRow[]> =>
  sql.all<SessionRow>(`select ${COLUMNS} from antiphon_sessions where id > ? order by id limit ?`, [
    after,
    limit,
  ])

/** Makes a session whose history ends at `at`. False when there is one of that id. */
export const insertSession = async (
  sql: SqlSession,
  id: string,
  at?: { readonly line: string; readonly n: number; readonly total: number },
): Promise<boolean> => {
  const now = Date.now()
  const values = [id, at?.line ?? null, at?.n ?? 0, at?.total ?? 0, now, now]
  return (
    (await sql.run(
      'insert into antiphon_sessions (id, line, n, total, created_at, updated_at) values (?, ?, ?, ?, ?, ?) on conflict (id) do nothing',
      values,
    )) === 1
  )
}

/** Where a row says that a history ends. */
export const pointOf = ({ line, n }: { line: string | null; n: number }): HistoryPoint | undefined =>
  line === null ? undefined : { line, n }

/** A session as a list shows it. */
export const summaryOf = (row: SessionRow): SessionSummary => {
  const at = pointOf(row)
  return {
    id: row.id,
    turns: row.n,
    items: row.total,
    ...(at === undefined ? {} : { at }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.run_id === null ? {} : { runId: row.run_id }),
  }
}
