import { releaseBlobs } from '../blobs.ts'
import type { SqlSession } from '../sql.ts'
import { areKeys, nameOf } from './keys.ts'
import type { ResponsesDatabase } from './responses-database.ts'

/** Removes a response with all that is its own. False when there is none. */
export const removeResponse = async (
  { sql }: ResponsesDatabase,
  tenant: string,
  id: string,
): Promise<boolean> =>
  areKeys(tenant, id) && (await sql.transaction((session) => remove(session, tenant, id)))

/** How many are looked up at once. */
const ROWS = 100

/** Removes what has expired. Returns how many responses. */
export const removeExpiredResponses = async ({ sql }: ResponsesDatabase, now: number): Promise<number> => {
  await sql.run('delete from antiphon_approvals where expires_at <= ?', [now])
  let removed = 0
  for (;;) {
    const rows = await sql.all<{ tenant: string; id: string }>(
      `select tenant, id from antiphon_responses where expires_at <= ? order by expires_at limit ${ROWS}`,
      [now],
    )
    for (const { tenant, id } of rows)
      if (await sql.transaction((session) => remove(session, tenant, id, now))) removed++
    if (rows.length < ROWS) return removed
  }
}

/** With `expiredAt`, only what still expires by then. */
const remove = async (
  session: SqlSession,
  tenant: string,
  id: string,
  expiredAt?: number,
): Promise<boolean> => {
  const removed =
    expiredAt === undefined
      ? await session.run('delete from antiphon_responses where tenant = ? and id = ?', [tenant, id])
      : await session.run('delete from antiphon_responses where tenant = ? and id = ? and expires_at <= ?', [
          tenant,
          id,
          expiredAt,
        ])
  if (removed === 0) return false
  for (const table of ['antiphon_response_events', 'antiphon_response_items', 'antiphon_idempotency'])
    await session.run(`delete from ${table} where tenant = ? and response_id = ?`, [tenant, id])
  await releaseBlobs(session, nameOf(tenant, id))
  return true
}
