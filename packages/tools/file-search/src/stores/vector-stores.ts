import { attachFiles } from './attach.ts'
import { createStoreSchema, listSchema, updateStoreSchema } from './bodies.ts'
import { newId } from './new-id.ts'
import { type Page, pageOfRows, readQuery } from './page.ts'
import { checked, refuse } from './refuse.ts'
import { DAY_MS } from './store-life.ts'
import { findStore, type StoreRow, storeResources, type VectorStore } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

const resource = async (host: StoresHost, row: StoreRow): Promise<VectorStore> => {
  const [one] = await storeResources(host.sql, [row])
  return one as VectorStore
}

/** `POST /vector_stores` */
export const createStore = async (host: StoresHost, tenant: string, body: unknown): Promise<VectorStore> => {
  const given = checked(createStoreSchema, body ?? {})
  const { sql, bounds } = host
  const now = Date.now()
  const days = given.expires_after?.days ?? null
  const row: StoreRow = {
    tenant,
    id: newId('vs'),
    name: given.name ?? '',
    description: given.description ?? null,
    metadata: JSON.stringify(given.metadata ?? {}),
    expires_days: days,
    created_at: now,
    active_at: now,
    expires_at: days === null ? null : now + days * DAY_MS,
    embedder: null,
  }
  // Refused before anything is made.
  for (const [n, id] of (given.file_ids ?? []).entries())
    if ((await host.files.get(tenant, id)) === undefined) throw refuse.noSuchUpload(id, `file_ids[${n}]`)
  const [there] = await sql.all<{ n: number }>(
    'select count(*) as n from antiphon_vector_stores where tenant = ?',
    [tenant],
  )
  if ((there?.n ?? 0) >= bounds.maxStores) throw refuse.tooMany('vector stores', bounds.maxStores)
  await sql.run(
    `insert into antiphon_vector_stores (tenant, id, name, description, metadata, expires_days, created_at, active_at, expires_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      tenant,
      row.id,
      row.name,
      row.description,
      row.metadata,
      row.expires_days,
      row.created_at,
      row.active_at,
      row.expires_at,
    ],
  )
  if (given.file_ids != null)
    await attachFiles(
      host,
      row,
      given.file_ids.map((file_id) => ({ file_id, chunking_strategy: given.chunking_strategy })),
    )
  return resource(host, row)
}

/** `GET /vector_stores` */
export const listStores = (
  { sql }: StoresHost,
  tenant: string,
  query: URLSearchParams,
): Promise<Page<VectorStore>> =>
  pageOfRows<StoreRow, VectorStore>(
    sql,
    'antiphon_vector_stores',
    { text: 'tenant = ?', values: [tenant] },
    readQuery(listSchema, query),
    (rows) => storeResources(sql, rows),
  )

/** `GET /vector_stores/{id}` */
export const getStore = async (host: StoresHost, tenant: string, id: string): Promise<VectorStore> =>
  resource(host, await findStore(host.sql, tenant, id))

/** `POST /vector_stores/{id}` */
export const updateStore = async (
  host: StoresHost,
  tenant: string,
  id: string,
  body: unknown,
): Promise<VectorStore> => {
  const given = checked(updateStoreSchema, body ?? {})
  const row = await findStore(host.sql, tenant, id)
  const days = given.expires_after === undefined ? row.expires_days : (given.expires_after?.days ?? null)
  await host.sql.run(
    'update antiphon_vector_stores set name = ?, metadata = ?, expires_days = ?, expires_at = ? where tenant = ? and id = ?',
    [
      given.name ?? row.name,
      given.metadata == null ? row.metadata : JSON.stringify(given.metadata),
      days,
      days === null ? null : row.active_at + days * DAY_MS,
      tenant,
      id,
    ],
  )
  return getStore(host, tenant, id)
}

/** `DELETE /vector_stores/{id}`: the store with all that is in it; the files themselves stay. */
export const deleteStore = async (
  { sql, index }: StoresHost,
  tenant: string,
  id: string,
): Promise<{ readonly id: string; readonly object: 'vector_store.deleted'; readonly deleted: true }> => {
  await sql.transaction(async (session) => {
    const removed = await session.run('delete from antiphon_vector_stores where tenant = ? and id = ?', [
      tenant,
      id,
    ])
    if (removed === 0) throw refuse.noStore(id)
    for (const table of ['files', 'batches'])
      await session.run(`delete from antiphon_vector_store_${table} where tenant = ? and store_id = ?`, [
        tenant,
        id,
      ])
  })
  await index.removeStore(tenant, id)
  return { id, object: 'vector_store.deleted', deleted: true }
}
