import { type HistoryPoint, JournalError } from 'antiphon'
import { loadLarge } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import type { Item } from './item.ts'
import { checkPoint, pointUnknown } from './point-unknown.ts'

/** A turn without its items. */
export interface TurnPlace {
  readonly line: string
  readonly n: number
  /** Items of the turn. */
  readonly count: number
  /** Items up to its end. */
  readonly total: number
}

/** A turn as the table has it. */
interface TurnRow extends TurnPlace {
  readonly items: string
}

const COLUMNS = 't.line, t.n, t.items, t.count, t.total'

/** Most histories lie in one line: a range of its key. */
const IN_LINE = `select ${COLUMNS} from antiphon_turns t where t.line = ? and t.n > ? and t.n <= ? order by t.n`

/** The rows that belong to each row of the path. Postgres is kept from reading a whole table for a few rows of which it cannot tell how few they are. */
const each = (dialect: SqlSession['dialect'], table: string, name: string, on: string): string =>
  dialect === 'postgres'
    ? `cross join lateral (select * from ${table} ${name} where ${on} offset 0) ${name}`
    : `join ${table} ${name} on ${on}`

/** Up the lines, as far as they are needed; of each the turns before the branch. */
const inLines = (dialect: SqlSession['dialect']): string => `with recursive path (line, up_to) as (
  select cast(? as text), cast(? as bigint)
  union all
  select l.parent, case when l.fork_at < p.up_to then l.fork_at else p.up_to end
  from path p ${each(dialect, 'antiphon_lines', 'l', 'l.line = p.line')}
  where l.parent is not null and l.fork_at > ?
)
select ${COLUMNS} from path p ${each(dialect, 'antiphon_turns', 't', 't.line = p.line and t.n > ? and t.n <= p.up_to')} order by t.n`

const IN_LINES = { sqlite: inLines('sqlite'), postgres: inLines('postgres') }

/**
 * The turns of a history after turn `after` up to the point, in order: as many rows are read, and none before them.
 *
 * @throws JournalError `point_unknown`, `log_damaged`.
 */
const readRows = async (sql: SqlSession, at: HistoryPoint, after: number): Promise<TurnRow[]> => {
  const { line, n } = at
  checkPoint(at)
  const rows = await sql.all<TurnRow>(IN_LINE, [line, after, n])
  const missing = n - after - rows.length
  if (missing === 0) return rows
  // A line has no gaps: what it lacks lies before its beginning.
  if (rows.length > 0 && rows.at(-1)?.n !== n) throw pointUnknown(at)
  const before = await sql.all<TurnRow>(IN_LINES[sql.dialect], [line, after + missing, after, after])
  if (before.length !== missing) throw pointUnknown(at)
  return [...before, ...rows]
}

/** Items after turn `after` up to the point, in order. */
export const readItems = async (sql: SqlSession, at: HistoryPoint, after = 0): Promise<Item[]> => {
  const items: Item[] = []
  for (const row of await readRows(sql, at, after))
    for (const item of await itemsOf(sql, row)) items.push(item)
  return items
}

/** One turn: that of the point. */
export const readTurn = async (
  sql: SqlSession,
  at: HistoryPoint,
): Promise<TurnPlace & { readonly list: Item[] }> => {
  const [row] = await readRows(sql, at, at.n - 1)
  if (row === undefined) throw pointUnknown(at)
  return { ...row, list: await itemsOf(sql, row) }
}

/** Where a turn of a history lies: in the line of the point, or in one that it branched from. */
export const findTurn = async (sql: SqlSession, at: HistoryPoint, n: number): Promise<TurnPlace> => {
  const [row] = await readRows(sql, { line: at.line, n }, n - 1)
  if (row === undefined) throw pointUnknown(at)
  return row
}

const itemsOf = async (sql: SqlSession, row: TurnRow): Promise<Item[]> => {
  const text = await loadLarge(sql, row.items)
  if (text === undefined) throw damaged(row, 'a large value of it is gone')
  try {
    return JSON.parse(text) as Item[]
  } catch (cause) {
    throw damaged(row, 'it is not JSON', cause)
  }
}

const damaged = ({ line, n }: TurnRow, reason: string, cause?: unknown): JournalError =>
  new JournalError(
    'log_damaged',
    `History "${line}" is damaged at turn ${n}: ${reason}. Go on from a turn before that.`,
    { cause },
  )
