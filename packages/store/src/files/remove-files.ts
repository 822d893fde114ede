import type { Presence } from '../presence.ts'
import { areKeys } from '../responses/keys.ts'
import type { Sql } from '../sql.ts'

/** Pieces that are removed in one step: nobody else waits for long. */
const PIECES = 16
/** How many files are looked up at once. */
const ROWS = 100

/** Removes a file: at once for whoever looks, then piece by piece. False when there was none. */
export const removeFile = async (sql: Sql, tenant: string, id: string): Promise<boolean> => {
  if (!areKeys(tenant, id)) return false
  const isThere = await sql.run(
    `update antiphon_files set status = 'going' where tenant = ? and id = ? and status = 'ready'`,
    [tenant, id],
  )
  if (isThere === 0) return false
  await removePieces(sql, tenant, id)
  return true
}

/** Removes what nobody can find: pieces first, so that whoever stops on the way can be followed by another. */
export const removePieces = async (sql: Sql, tenant: string, id: string): Promise<void> => {
  await sql.run(`update antiphon_files set status = 'going' where tenant = ? and id = ?`, [tenant, id])
  for (;;) {
    const removed = await sql.run(
      `delete from antiphon_file_pieces where tenant = ? and file_id = ? and n in
        (select n from antiphon_file_pieces where tenant = ? and file_id = ? order by n limit ${PIECES})`,
      [tenant, id, tenant, id],
    )
    if (removed < PIECES) break
  }
  await sql.transaction(async (session) => {
    const [row] = await session.all<{ bytes: number }>(
      'select bytes from antiphon_files where tenant = ? and id = ?',
      [tenant, id],
    )
    const removed = await session.run('delete from antiphon_files where tenant = ? and id = ?', [tenant, id])
    if (row === undefined || removed === 0) return
    await session.run(
      'update antiphon_file_usage set files = files - 1, bytes = bytes - ? where tenant = ?',
      [row.bytes, tenant],
    )
  })
}

/** Removes what has expired, and what processes that are gone have left. Returns how many have expired. */
export const removeExpiredFiles = async (
  { sql, presence }: { readonly sql: Sql; readonly presence: Presence },
  now: number,
): Promise<number> => {
  let expired = 0
  for (;;) {
    const rows = await sql.all<{ tenant: string; id: string }>(
      `select tenant, id from antiphon_files where expires_at <= ? and status = 'ready' order by expires_at limit ${ROWS}`,
      [now],
    )
    for (const { tenant, id } of rows) if (await removeFile(sql, tenant, id)) expired += 1
    if (rows.length < ROWS) break
  }
  const left = await sql.all<{ tenant: string; id: string; status: string; owner: string | null }>(
    `select tenant, id, status, owner from antiphon_files where status <> 'ready' limit ${ROWS}`,
  )
  const alive = new Map<string, boolean>()
  for (const { tenant, id, status, owner } of left) {
    if (status === 'coming' && owner !== null) {
      if (!alive.has(owner)) alive.set(owner, await presence.isAlive(owner, sql))
      if (alive.get(owner) === true) continue
    }
    await removePieces(sql, tenant, id)
  }
  return expired
}
