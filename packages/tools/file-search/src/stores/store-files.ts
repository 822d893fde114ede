import { attachFiles } from './attach.ts'
import { attachSchema, contentSchema, listFilesSchema, updateFileSchema } from './bodies.ts'
import {
  attributesText,
  type FileRow,
  fileResource,
  findFile,
  type VectorStoreFile,
} from './file-resource.ts'
import { type Page, pageOfRows, readQuery } from './page.ts'
import { checked, refuse } from './refuse.ts'
import { findStore } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

/** `POST /vector_stores/{id}/files` */
export const attachFile = async (
  host: StoresHost,
  tenant: string,
  storeId: string,
  body: unknown,
): Promise<VectorStoreFile> => {
  const given = checked(attachSchema, body ?? {})
  const store = await findStore(host.sql, tenant, storeId)
  await attachFiles(host, store, [given], undefined, () => 'file_id')
  return fileResource(await findFile(host.sql, tenant, storeId, given.file_id))
}

/** `GET /vector_stores/{id}/files`, and of a batch. */
export const listFiles = async (
  { sql }: StoresHost,
  tenant: string,
  storeId: string,
  query: URLSearchParams,
  batchId?: string,
): Promise<Page<VectorStoreFile>> => {
  const { filter, ...page } = readQuery(listFilesSchema, query)
  await findStore(sql, tenant, storeId)
  const text = [
    'tenant = ? and store_id = ?',
    ...(batchId === undefined ? [] : ['batch_id = ?']),
    ...(filter === undefined ? [] : ['status = ?']),
  ]
  const values = [
    tenant,
    storeId,
    ...(batchId === undefined ? [] : [batchId]),
    ...(filter === undefined ? [] : [filter]),
  ]
  return pageOfRows<FileRow, VectorStoreFile>(
    sql,
    'antiphon_vector_store_files',
    { text: text.join(' and '), values },
    page,
    async (rows) => rows.map(fileResource),
  )
}

/** `GET /vector_stores/{id}/files/{file_id}` */
export const getFile = async (
  { sql }: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
): Promise<VectorStoreFile> => {
  await findStore(sql, tenant, storeId)
  return fileResource(await findFile(sql, tenant, storeId, id))
}

/** `POST /vector_stores/{id}/files/{file_id}`: its attributes, found by from here on. */
export const updateFile = async (
  host: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
  body: unknown,
): Promise<VectorStoreFile> => {
  const { attributes } = checked(updateFileSchema, body ?? {})
  await findStore(host.sql, tenant, storeId)
  const changed = await host.sql.run(
    'update antiphon_vector_store_files set attributes = ? where tenant = ? and store_id = ? and id = ?',
    [attributesText(attributes), tenant, storeId, id],
  )
  if (changed === 0) throw refuse.noFile(id)
  await host.index.setAttributes(tenant, storeId, id, attributes ?? {})
  return getFile(host, tenant, storeId, id)
}

/** `DELETE /vector_stores/{id}/files/{file_id}`: out of the store; the file itself stays. */
export const detachFile = async (
  { sql, index }: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
): Promise<{ readonly id: string; readonly object: 'vector_store.file.deleted'; readonly deleted: true }> => {
  await findStore(sql, tenant, storeId)
  const removed = await sql.run(
    'delete from antiphon_vector_store_files where tenant = ? and store_id = ? and id = ?',
    [tenant, storeId, id],
  )
  if (removed === 0) throw refuse.noFile(id)
  await index.remove(tenant, storeId, id)
  return { id, object: 'vector_store.file.deleted', deleted: true }
}

/** Chunks of one page of content. */
const CHUNKS = 500

/** `GET /vector_stores/{id}/files/{file_id}/content`: what was read of it, chunk by chunk; neighbours overlap. */
export const fileContent = async (
  host: StoresHost,
  tenant: string,
  storeId: string,
  id: string,
  query: URLSearchParams,
): Promise<object> => {
  const { page } = readQuery(contentSchema, query)
  await getFile(host, tenant, storeId, id)
  const chunks = await host.index.chunks(tenant, storeId, id, {
    ...(page === undefined ? {} : { after: page }),
    limit: CHUNKS + 1,
  })
  const hasMore = chunks.length > CHUNKS
  return {
    object: 'vector_store.file_content.page',
    data: chunks.slice(0, CHUNKS).map(({ text }) => ({ type: 'text', text })),
    has_more: hasMore,
    next_page: hasMore ? String(chunks[CHUNKS - 1]?.ordinal) : null,
  }
}
