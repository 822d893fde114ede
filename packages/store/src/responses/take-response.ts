import { areKeys } from './keys.ts'
import { readResponse, UNDER_WAY } from './response-row.ts'
import type { StoredResponse } from './response-store.ts'
import type { ResponsesDatabase } from './responses-database.ts'

/** Takes a response under way whose process is gone. Whoever had it before can write nothing after that. */
export const takeResponse = async (
  { sql, presence }: ResponsesDatabase,
  tenant: string,
  id: string,
): Promise<StoredResponse | undefined> => {
  if (!areKeys(tenant, id)) return undefined
  const [row] = await sql.all<{ epoch: number; owner: string | null }>(
    `select epoch, owner from antiphon_responses where tenant = ? and id = ? and ${UNDER_WAY}`,
    [tenant, id],
  )
  if (row === undefined || (row.owner !== null && (await presence.isAlive(row.owner, sql)))) return undefined
  // A name is never used a second time: who was gone when it was looked at is gone.
  const isTaken = await sql.run(
    `update antiphon_responses set epoch = epoch + 1, owner = ?, updated_at = ? where tenant = ? and id = ? and epoch = ? and ${UNDER_WAY}`,
    [await presence.owner(), Date.now(), tenant, id, row.epoch],
  )
  if (isTaken === 0) return undefined
  const stored = await readResponse(sql, tenant, id)
  return stored?.epoch === row.epoch + 1 ? stored : undefined
}

/** Responses under way in processes that are gone, the oldest first of each. */
export const abandonedResponses = async (
  { sql, presence }: ResponsesDatabase,
  limit: number,
): Promise<{ tenant: string; id: string }[]> => {
  const owners = await sql.all<{ owner: string }>(
    `select distinct owner from antiphon_responses where owner is not null and ${UNDER_WAY}`,
  )
  const gone: { tenant: string; id: string }[] = []
  for (const { owner } of owners) {
    if (gone.length >= limit) break
    if (await presence.isAlive(owner, sql)) continue
    const rows = await sql.all<{ tenant: string; id: string }>(
      `select tenant, id from antiphon_responses where owner = ? and ${UNDER_WAY} order by created_at, tenant, id limit ?`,
      [owner, limit - gone.length],
    )
    for (const { tenant, id } of rows) gone.push({ tenant, id })
  }
  return gone
}
