import type { SqlSession } from '@antiphon/store'
import { plainText } from './plain-text.ts'
import { textsOf } from './schema.ts'

/** Where the vectors of a store are searched: in this process, or by pgvector. */
export type VectorsIn = 'process' | 'pgvector'

/** A vector store, as the index keeps it. */
export interface StoreRow {
  readonly store_no: number
  readonly store_id: string
  /** Length of its vectors; null while it has none. */
  readonly dimensions: number | null
  readonly vectors: VectorsIn
  /** Chunks that are in it, those of replaced files included until they are gone. */
  readonly chunks: number
  /** Counted up when files come or go. */
  readonly version: number
}

const COLUMNS = 'store_no, store_id, dimensions, vectors, chunks, version'

/** The stores of a tenant that are there, of those that are asked for. */
export const storeRows = (
  sql: SqlSession,
  tenant: string,
  storeIds: readonly string[],
): Promise<StoreRow[]> =>
  sql.all<StoreRow>(
    `select ${COLUMNS} from antiphon_chunk_stores where tenant = ? and store_id in ${textsOf(sql)} order by store_id`,
    [plainText(tenant), JSON.stringify(storeIds.map(plainText))],
  )
