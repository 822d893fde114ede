import { refuse } from './refuse.ts'
import { hasExpired, type StoreRow } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

export const DAY_MS = 86_400_000
/** Being asked is written down at most this often. */
const ACTIVE_MS = 60_000

/** Writes down that a store was used, which puts off its end. @throws WireRefusal 404 for one that has ended. */
export const touchStore = async ({ sql }: StoresHost, row: StoreRow): Promise<void> => {
  const now = Date.now()
  if (hasExpired(row, now)) throw refuse.expired(row.id)
  if (now - row.active_at < ACTIVE_MS) return
  await sql.run(
    'update antiphon_vector_stores set active_at = ?, expires_at = ? where tenant = ? and id = ?',
    [now, row.expires_days === null ? null : now + row.expires_days * DAY_MS, row.tenant, row.id],
  )
}

/** Takes out what lies in stores that have ended; they themselves stay, as `expired`. */
export const emptyExpiredStores = async (
  { sql, index }: Pick<StoresHost, 'sql' | 'index'>,
  now = Date.now(),
): Promise<void> => {
  const rows = await sql.all<StoreRow>(
    'select * from antiphon_vector_stores where expires_at <= ? and emptied = 0 order by expires_at limit 100',
    [now],
  )
  for (const { tenant, id } of rows) {
    await index.removeStore(tenant, id)
    await sql.run('delete from antiphon_vector_store_files where tenant = ? and store_id = ?', [tenant, id])
    await sql.run('update antiphon_vector_stores set emptied = 1 where tenant = ? and id = ?', [tenant, id])
  }
}
