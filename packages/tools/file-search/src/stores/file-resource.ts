import type { Sql } from '@antiphon/store'
import { DEFAULT_MAX_TOKENS } from '../chunk/chunk-text.ts'
import type { Attributes } from '../index-of-chunks/chunk-index.ts'
import { refuse } from './refuse.ts'
import { seconds } from './store-resource.ts'
import type { FileStatus } from './stores-host.ts'

/** A row of `antiphon_vector_store_files`. */
export interface FileRow {
  readonly tenant: string
  readonly store_id: string
  readonly id: string
  readonly batch_id: string | null
  readonly status: FileStatus
  readonly epoch: number
  readonly owner: string | null
  readonly attempts: number
  readonly filename: string
  readonly attributes: string
  readonly max_tokens: number | null
  readonly overlap_tokens: number | null
  readonly usage_bytes: number
  readonly error_code: string | null
  readonly error_message: string | null
  readonly created_at: number
}

/** A file of a vector store as the wire has it. */
export interface VectorStoreFile {
  readonly id: string
  readonly object: 'vector_store.file'
  readonly created_at: number
  readonly usage_bytes: number
  readonly vector_store_id: string
  readonly status: FileStatus
  readonly last_error: { readonly code: string; readonly message: string } | null
  readonly chunking_strategy: object
  readonly attributes: Attributes
}

export const fileResource = (row: FileRow): VectorStoreFile => ({
  id: row.id,
  object: 'vector_store.file',
  created_at: seconds(row.created_at),
  usage_bytes: row.usage_bytes,
  vector_store_id: row.store_id,
  status: row.status,
  last_error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  chunking_strategy: {
    type: 'static',
    static: {
      max_chunk_size_tokens: row.max_tokens ?? DEFAULT_MAX_TOKENS,
      chunk_overlap_tokens: row.overlap_tokens ?? DEFAULT_MAX_TOKENS / 2,
    },
  },
  attributes: JSON.parse(row.attributes) as Attributes,
})

/** The row of a file in a store. @throws WireRefusal 404. */
export const findFile = async (sql: Sql, tenant: string, storeId: string, id: string): Promise<FileRow> => {
  const [row] = await sql.all<FileRow>(
    'select * from antiphon_vector_store_files where tenant = ? and store_id = ? and id = ?',
    [tenant, storeId, id],
  )
  if (row === undefined) throw refuse.noFile(id)
  return row
}

/** Attributes as they are kept: none are an empty object. */
export const attributesText = (attributes: Attributes | null | undefined): string =>
  JSON.stringify(attributes ?? {})
