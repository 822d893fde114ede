import type { Sql } from '@antiphon/store'
import { refuse } from './refuse.ts'

/** A row of `antiphon_vector_stores`. */
export interface StoreRow {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly metadata: string
  readonly expires_days: number | null
  readonly created_at: number
  readonly active_at: number
  readonly expires_at: number | null
  /** Model that made its vectors; null as long as it has none. */
  readonly embedder: string | null
}

/** How many files stand how. */
export interface FileCounts {
  readonly in_progress: number
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  readonly total: number
}

/** A vector store as the wire has it. */
export interface VectorStore {
  readonly id: string
  readonly object: 'vector_store'
  readonly created_at: number
  readonly name: string
  readonly description?: string
  readonly usage_bytes: number
  readonly file_counts: FileCounts
  readonly status: 'expired' | 'in_progress' | 'completed'
  readonly expires_after?: { readonly anchor: 'last_active_at'; readonly days: number }
  readonly expires_at: number | null
  readonly last_active_at: number
  readonly metadata: Readonly<Record<string, string>>
}

/** The row of a store. @throws WireRefusal 404. */
export const findStore = async (sql: Sql, tenant: string, id: string): Promise<StoreRow> => {
  const [row] = await sql.all<StoreRow>('select * from antiphon_vector_stores where tenant = ? and id = ?', [
    tenant,
    id,
  ])
  if (row === undefined) throw refuse.noStore(id)
  return row
}

export const hasExpired = ({ expires_at: at }: Pick<StoreRow, 'expires_at'>, now = Date.now()): boolean =>
  at !== null && at <= now

interface CountRow {
  readonly owner_id: string
  readonly status: string
  readonly n: number
  readonly bytes: number
}

/** Counts of the files of stores, or of batches, by their ids. */
export const countFiles = async (
  sql: Sql,
  tenant: string,
  by: 'store_id' | 'batch_id',
  ids: readonly string[],
): Promise<(id: string) => { readonly counts: FileCounts; readonly bytes: number }> => {
  const rows =
    ids.length === 0
      ? []
      : await sql.all<CountRow>(
          `select ${by} as owner_id, status, count(*) as n, cast(sum(usage_bytes) as bigint) as bytes from antiphon_vector_store_files
            where tenant = ? and ${by} in (${ids.map(() => '?').join(', ')}) group by ${by}, status`,
          [tenant, ...ids],
        )
  return (id) => {
    const counts = { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 }
    let bytes = 0
    for (const row of rows) {
      if (row.owner_id !== id) continue
      counts[row.status as keyof typeof counts] += row.n
      counts.total += row.n
      bytes += row.bytes
    }
    return { counts, bytes }
  }
}

/** Stores as the wire has them. */
export const storeResources = async (sql: Sql, rows: readonly StoreRow[]): Promise<VectorStore[]> => {
  const [first] = rows
  if (first === undefined) return []
  const countsOf = await countFiles(
    sql,
    first.tenant,
    'store_id',
    rows.map(({ id }) => id),
  )
  return rows.map((row) => {
    const { counts, bytes } = countsOf(row.id)
    return {
      id: row.id,
      object: 'vector_store',
      created_at: seconds(row.created_at),
      name: row.name,
      ...(row.description === null ? {} : { description: row.description }),
      usage_bytes: bytes,
      file_counts: counts,
      status: hasExpired(row) ? 'expired' : counts.in_progress > 0 ? 'in_progress' : 'completed',
      ...(row.expires_days === null
        ? {}
        : { expires_after: { anchor: 'last_active_at', days: row.expires_days } }),
      expires_at: row.expires_at === null ? null : seconds(row.expires_at),
      last_active_at: seconds(row.active_at),
      metadata: JSON.parse(row.metadata) as Record<string, string>,
    }
  })
}

export const seconds = (ms: number): number => Math.floor(ms / 1_000)
