import { createHash } from 'node:crypto'
import type { Sql, SqlSession } from './sql.ts'

/** Texts of JSON that are longer than this are kept once, by what they are, and referred to. */
export const BLOB_FROM_CHARS = 256 * 1_024

/** How a reference begins; the JSON that a store keeps never begins so, its outermost names are our own. */
const REFERENCE = '{"$blob":"'

/** A number that is the same everywhere: who writes blobs shares it, who removes them has it alone. */
const BLOB_LOCK = 7_264_101_951

/**
 * Keeps a long text apart and returns a reference to it; a short one is returned as it is, at once.
 *
 * @param sql - the database, or a transaction that is open
 * @param owner - who refers to it, such as `run:<id>`: it is kept as long as an owner is
 */
export const storeLarge = (sql: Sql | SqlSession, owner: string, text: string): string | Promise<string> =>
  text.length <= BLOB_FROM_CHARS ? text : storeApart(sql, owner, text)

const storeApart = async (sql: Sql | SqlSession, owner: string, text: string): Promise<string> => {
  const sha256 = createHash('sha256').update(text).digest('hex')
  const write = async (session: SqlSession): Promise<void> => {
    await lock(session, '_shared')
    await session.run(
      'insert into antiphon_blobs (sha256, body) values (?, ?) on conflict (sha256) do nothing',
      [sha256, text],
    )
    await session.run(
      'insert into antiphon_blob_uses (owner, sha256) values (?, ?) on conflict (owner, sha256) do nothing',
      [owner, sha256],
    )
  }
  await ('transaction' in sql ? sql.transaction(write) : write(sql))
  return `${REFERENCE}${sha256}","chars":${text.length}}`
}

/** The text itself, when this is a reference; undefined when what it refers to is not there. */
export const loadLarge = async (sql: SqlSession, text: string): Promise<string | undefined> => {
  if (!text.startsWith(REFERENCE)) return text
  const sha256 = text.slice(REFERENCE.length, REFERENCE.length + 64)
  const [row] = await sql.all<{ body: string }>('select body from antiphon_blobs where sha256 = ?', [sha256])
  return row?.body
}

/** True for what {@link loadLarge} has to look up. */
export const isReference = (text: string): boolean => text.startsWith(REFERENCE)

/** Lets `owner` refer to everything that `from` refers to, too. Within a transaction. */
export const shareBlobs = async (session: SqlSession, from: string, owner: string): Promise<void> => {
  await lock(session, '_shared')
  await session.run(
    'insert into antiphon_blob_uses (owner, sha256) select cast(? as text), sha256 from antiphon_blob_uses where owner = ? on conflict (owner, sha256) do nothing',
    [owner, from],
  )
}

/** Removes what nobody but `owner` refers to, and its references. Within a transaction. */
export const releaseBlobs = async (session: SqlSession, owner: string): Promise<void> => {
  const uses = await session.all<{ sha256: string }>(
    'select sha256 from antiphon_blob_uses where owner = ?',
    [owner],
  )
  if (uses.length === 0) return
  await lock(session, '')
  await session.run('delete from antiphon_blob_uses where owner = ?', [owner])
  for (const { sha256 } of uses)
    await session.run(
      'delete from antiphon_blobs where sha256 = ? and not exists (select 1 from antiphon_blob_uses u where u.sha256 = antiphon_blobs.sha256)',
      [sha256],
    )
}

const lock = async (session: SqlSession, shared: '' | '_shared'): Promise<void> => {
  if (session.dialect === 'postgres')
    await session.all(`select pg_advisory_xact_lock${shared}(?)`, [BLOB_LOCK])
}
