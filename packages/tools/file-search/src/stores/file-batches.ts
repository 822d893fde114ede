import type { Sql } from '@antiphon/store'
import { attachFiles } from './attach.ts'
import { batchSchema } from './bodies.ts'
import type { VectorStoreFile } from './file-resource.ts'
import { newId } from './new-id.ts'
import type { Page } from './page.ts'
import { checked, refuse } from './refuse.ts'
import { listFiles } from './store-files.ts'
import { countFiles, type FileCounts, findStore, seconds } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

/** A batch as the wire has it. */
export interface FileBatch {
  readonly id: string
  readonly object: 'vector_store.files_batch'
  readonly created_at: number
  readonly vector_store_id: string
  readonly status: 'in_progress' | 'completed' | 'cancelled' | 'failed'
  readonly file_counts: FileCounts
}

interface BatchRow {
  readonly tenant: string
  readonly id: string
  readonly store_id: string
  readonly cancelled: number
  readonly created_at: number
}

const findBatch = async (sql: Sql, tenant: string, storeId: string, id: string): Promise<BatchRow> => {
  await findStore(sql, tenant, storeId)
  const [row] = await sql.all<BatchRow>(
    'select * from antiphon_vector_store_batches where tenant = ? and id = ? and store_id = ?',
    [tenant, id, storeId],
  )
  if (row === undefined) throw refuse.noBatch(id)
  return row
}

const resource = async (sql: Sql, row: BatchRow): Promise<FileBatch> => {
  const { counts } = (await countFiles(sql, row.tenant, 'batch_id', [row.id]))(row.id)
  return {
    id: row.id,
    object: 'vector_store.files_batch',
    created_at: seconds(row.created_at),
    vector_store_id: row.store_id,
    status: statusOf(row, counts),
    file_counts: counts,
  }
}

const statusOf = ({ cancelled }: BatchRow, counts: FileCounts): FileBatch['status'] => {
  if (cancelled === 1) return 'cancelled'
  if (counts.in_progress > 0) return 'in_progress'
  return counts.total > 0 && counts.failed === counts.total ? 'failed' : 'completed'
}

/** `POST /vector_stores/{id}/file_batches` */
export const createBatch = async (
  host: StoresHost,
  tenant: string,
  storeId: string,
  body: unknown,
): Promise<FileBatch> => {
  const given = checked(batchSchema, body ?? {})
  const store = await findStore(host.sql, tenant, storeId)
  const { attributes, chunking_strategy } = given
  const files =
    given.files ?? (given.file_ids ?? []).map((file_id) => ({ file_id, attributes, chunking_strategy }))
  const row: BatchRow = { tenant, id: newId('vsfb'), store_id: storeId, cancelled: 0, created_at: Date.now() }
  await attachFiles(host, store, files, row.id, (n) =>
    given.files == null ? `file_ids[${n}]` : `files[${n}].file_id`,
  )
  await host.sql.run(
    'insert into antiphon_vector_store_batches (tenant, id, store_id, created_at) values (?, ?, ?, ?)',
    [tenant, row.id, storeId, row.created_at],
  )
  return resource(host.sql, row)
}

/** `GET /vector_stores/{id}/file_batches/{batch_id}` */
export const getBatch = async (
  { sql }: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
): Promise<FileBatch> => resource(sql, await findBatch(sql, tenant, storeId, id))

/** `POST …/cancel`: what is not read yet is not read any more; what is in the store stays there. */
export const cancelBatch = async (
  { sql }: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
): Promise<FileBatch> => {
  const row = await findBatch(sql, tenant, storeId, id)
  const stopped = await sql.run(
    `update antiphon_vector_store_files set status = 'cancelled', owner = null where tenant = ? and batch_id = ? and status = 'in_progress'`,
    [tenant, id],
  )
  if (stopped === 0) return resource(sql, row)
  await sql.run('update antiphon_vector_store_batches set cancelled = 1 where tenant = ? and id = ?', [
    tenant,
    id,
  ])
  return resource(sql, { ...row, cancelled: 1 })
}

/** `GET …/files` */
export const listBatchFiles = async (
  host: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
  query: URLSearchParams,
): Promise<Page<VectorStoreFile>> => {
  await findBatch(host.sql, tenant, storeId, id)
  return listFiles(host, tenant, storeId, query, id)
}
