import { randomUUID } from 'node:crypto'
import type { HistoryPoint } from 'antiphon'
import { BLOB_FROM_CHARS, releaseBlobs, storeLarge } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import type { Item } from './item.ts'
import { findTurn, type TurnPlace } from './read-turns.ts'
import type { HistoryDatabase } from './sessions-database.ts'

/** A turn as it will be written. */
export interface EncodedTurn {
  readonly text: string
  readonly count: number
  /** Who refers to its blob; null when the text is the turn itself. */
  readonly large: string | null
}

/** Makes a turn ready to be written; what is large is written already. */
export const encodeTurn = async (
  { sql, transform }: HistoryDatabase,
  items: readonly Item[],
): Promise<EncodedTurn> => {
  const text = JSON.stringify(items.map((item) => transform(item)))
  const count = items.length
  if (text.length <= BLOB_FROM_CHARS) return { text, count, large: null }
  const large = `turn:${randomUUID()}`
  return { text: await storeLarge(sql, large, text), count, large }
}

/** Takes back what was written of a turn that will not be. */
export const dropTurn = async ({ sql }: HistoryDatabase, { large }: EncodedTurn): Promise<void> => {
  if (large !== null) await sql.transaction((session) => releaseBlobs(session, large))
}

/** Who may add to a line: sessions, or whoever has its point. */
export type LineKind = 'session' | 'free'

const AT_END = `insert into antiphon_turns (line, n, items, count, total, large)
select t.line, t.n + 1, cast(? as text), cast(? as bigint), t.total + cast(? as bigint), cast(? as text)
from antiphon_turns t join antiphon_lines l on l.line = t.line
where t.line = ? and t.n = ? and l.session = ?
on conflict (line, n) do nothing`

const flagOf = (kind: LineKind): number => (kind === 'session' ? 1 : 0)

/** Adds a turn where a line ends, in one statement. Undefined when the line does not end there, or is of another kind. */
export const appendAtEnd = async (
  sql: SqlSession,
  { line, n }: HistoryPoint,
  { text, count, large }: EncodedTurn,
  kind: LineKind,
): Promise<HistoryPoint | undefined> =>
  (await sql.run(AT_END, [text, count, count, large, line, n, flagOf(kind)])) === 1
    ? { line, n: n + 1 }
    : undefined

/**
 * Adds a turn as the first one of a new line. Within a transaction.
 *
 * @throws JournalError `point_unknown`.
 */
export const appendInNewLine = async (
  session: SqlSession,
  at: HistoryPoint | undefined,
  { text, count, large }: EncodedTurn,
  kind: LineKind,
): Promise<HistoryPoint> => {
  const before: Pick<TurnPlace, 'n' | 'total'> & { readonly line: string | null } =
    at === undefined ? { line: null, n: 0, total: 0 } : await findTurn(session, at, at.n)
  const line = randomUUID()
  await session.run('insert into antiphon_lines (line, parent, fork_at, session) values (?, ?, ?, ?)', [
    line,
    before.line,
    before.n,
    flagOf(kind),
  ])
  await session.run(
    'insert into antiphon_turns (line, n, items, count, total, large) values (?, ?, ?, ?, ?, ?)',
    [line, before.n + 1, text, count, before.total + count, large],
  )
  return { line, n: before.n + 1 }
}
