import { ConfigError } from 'antiphon'
import { BLOB_FROM_CHARS, loadLarge, storeLarge } from '../blobs.ts'
import { DuplicateRow, forUpdate, type SqlSession, type SqlValue } from '../sql.ts'
import { cleanFrames, framesOf, keptFrames } from './frames-text.ts'
import { areKeys, nameOf } from './keys.ts'
import { damaged } from './response-row.ts'
import type { EventFrames } from './response-store.ts'
import type { ResponsesDatabase } from './responses-database.ts'

/** The response is this process's, and the frames follow what is written. */
const FENCED = `r.tenant = ? and r.id = ? and r.epoch = ? and coalesce(
  (select max(e.seq) + 1 from antiphon_response_events e where e.tenant = r.tenant and e.response_id = r.id),
  cast(? as bigint)
) = cast(? as bigint)`

/** `for share` holds the row of the response against being taken, until what is written is there. */
const appendText = ({ dialect }: SqlSession): string =>
  `insert into antiphon_response_events (tenant, response_id, seq, first, frames) select r.tenant, r.id, cast(? as bigint), cast(? as bigint), cast(? as text) from antiphon_responses r where ${FENCED}${dialect === 'postgres' ? ' for share of r' : ''}`

/** Writes frames in one statement, which writes nothing when the response was taken or is gone. */
export const appendFrames = async (
  { sql, transform }: ResponsesDatabase,
  tenant: string,
  id: string,
  epoch: number,
  { first, last, text }: EventFrames,
): Promise<boolean> => {
  if (!areKeys(tenant, id)) return false
  checkNumbers({ first, last })
  const kept = keptFrames(cleanFrames(text, transform))
  const fence: SqlValue[] = [tenant, id, epoch, first, first]
  const write = async (session: SqlSession, frames: string): Promise<boolean> =>
    (await session.run(appendText(session), [last, first, frames, ...fence])) > 0
  try {
    const isWritten =
      kept.length <= BLOB_FROM_CHARS
        ? await write(sql, kept)
        : await sql.transaction(async (session) => {
            const found = await session.all(
              `select 1 as found from antiphon_responses r where ${FENCED}${forUpdate(session)}`,
              fence,
            )
            return (
              found.length > 0 && (await write(session, await storeLarge(session, nameOf(tenant, id), kept)))
            )
          })
    if (isWritten) return true
  } catch (error) {
    if (!(error instanceof DuplicateRow)) throw error
  }
  return isThere(sql, tenant, id, epoch, { first, last, text: kept })
}

/** Why nothing was written: true when the very same is there already, false when the response is somebody else's. */
const isThere = async (
  sql: SqlSession,
  tenant: string,
  id: string,
  epoch: number,
  { first, last, text }: EventFrames,
): Promise<boolean> => {
  const [row] = await sql.all<{ epoch: number; next: number }>(
    'select r.epoch, (select max(e.seq) + 1 from antiphon_response_events e where e.tenant = r.tenant and e.response_id = r.id) as next from antiphon_responses r where r.tenant = ? and r.id = ?',
    [tenant, id],
  )
  if (row?.epoch !== epoch) return false
  const [known] = await sql.all<{ first: number; frames: string }>(
    'select first, frames from antiphon_response_events where tenant = ? and response_id = ? and seq = ?',
    [tenant, id, last],
  )
  if (known?.first === first && (await loadLarge(sql, known.frames)) === text) return true
  throw notNext(id, row.next, first)
}

/** @throws ConfigError `invalid_config` for what cannot be numbers of events. */
export const checkNumbers = ({ first, last }: Pick<EventFrames, 'first' | 'last'>): void => {
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last))
    throw new ConfigError(
      'invalid_config',
      `Expected the numbers of the first and the last event, got ${first} and ${last}.`,
    )
}

/** Frames that leave a gap, or come a second time. */
export const notNext = (id: string, next: number, first: number): ConfigError =>
  new ConfigError(
    'invalid_config',
    `The events of response "${id}" go on with number ${next}, got ${first}: they are written in order, each once.`,
  )

interface FramesRow {
  readonly first: number
  readonly seq: number
  readonly frames: string
}

/** Rows per query: a log of any length is read in pieces. */
const ROWS = 16

/** Frames whose last is behind a number. */
export async function* readFrames(
  { sql }: Pick<ResponsesDatabase, 'sql'>,
  tenant: string,
  id: string,
  after: number,
): AsyncGenerator<EventFrames, void, undefined> {
  if (!areKeys(tenant, id)) return
  for (let seen = after; ; ) {
    const rows = await sql.all<FramesRow>(
      `select first, seq, frames from antiphon_response_events where tenant = ? and response_id = ? and seq > ? order by seq limit ${ROWS}`,
      [tenant, id, seen],
    )
    for (const row of rows) {
      const text = await loadLarge(sql, row.frames)
      if (text === undefined) {
        if (await isRemoved(sql, tenant, id, row.seq)) return
        throw damaged(id, `the events up to ${row.seq} are gone`)
      }
      yield { first: row.first, last: row.seq, text: framesOf(text) }
      seen = row.seq
    }
    if (rows.length < ROWS) return
  }
}

const isRemoved = async (sql: SqlSession, tenant: string, id: string, seq: number): Promise<boolean> =>
  (
    await sql.all(
      'select 1 as found from antiphon_response_events where tenant = ? and response_id = ? and seq = ?',
      [tenant, id, seq],
    )
  ).length === 0
