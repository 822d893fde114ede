import { type ComponentMigration, migrateComponent, type Sql, type SqlSession } from '@antiphon/store'
import { numbersOf } from './schema.ts'
import type { VectorIndex } from './vector-index.ts'

const COMPONENT = 'file-search-pgvector'

const TABLES: readonly ComponentMigration[] = [
  {
    version: 1,
    statements: [
      `create table antiphon_chunk_halfvecs (
        store_no bigint not null,
        chunk_no bigint not null,
        file_no bigint not null,
        dimensions bigint not null,
        embedding halfvec not null,
        primary key (store_no, chunk_no)
      )`,
      'create index antiphon_chunk_halfvecs_file on antiphon_chunk_halfvecs (file_no)',
    ],
  },
]

/** Most numbers of a vector that its HNSW takes. */
export const MAX_HALFVEC_DIMENSIONS = 4_000

/** Whether the database has pgvector, of a version that goes on searching when a filter leaves too little (0.8); makes its table then. */
export const preparePgVectors = async (sql: Sql): Promise<boolean> => {
  if (sql.dialect !== 'postgres') return false
  const [found] = await sql.all<{ extversion: string }>(
    `select extversion from pg_extension where extname = 'vector' and to_regtype('halfvec') is not null`,
  )
  const [major = 0, minor = 0] = (found?.extversion ?? '0.0').split('.').map(Number)
  if (major === 0 && minor < 8) return false
  await migrateComponent(sql, COMPONENT, TABLES)
  return true
}

/** Vectors in pgvector: numbers of 2 bytes, an HNSW for each length of vectors, the planner chooses between it and looking at all of a store. */
export const pgVectors = (sql: Sql): VectorIndex => ({
  async search(store, { embedding, files, limit }) {
    const type = `halfvec(${whole(embedding.length)})`
    return sql.transaction(async (session) => {
      await session.all(`select set_config('hnsw.iterative_scan', 'strict_order', true)`)
      const rows = await session.all<{ chunk_no: number; distance: number }>(
        `select chunk_no, cast(embedding as ${type}) <=> cast(? as ${type}) as distance from antiphon_chunk_halfvecs
         where store_no = ? and dimensions = ${whole(embedding.length)} ${files === undefined ? '' : `and file_no in ${numbersOf(session)}`}
         order by cast(embedding as ${type}) <=> cast(? as ${type}) limit ?`,
        [
          literal(embedding),
          store.store_no,
          ...(files === undefined ? [] : [JSON.stringify([...files])]),
          literal(embedding),
          limit,
        ],
      )
      return rows.map(({ chunk_no, distance }) => ({ chunkNo: chunk_no, score: Math.min(1 - distance, 1) }))
    })
  },
  forget() {},
})

/** Puts vectors in; the first of a length makes its index. */
export const addPgVectors = async (
  session: SqlSession,
  storeNo: number,
  fileNo: number,
  rows: readonly { readonly chunkNo: number; readonly embedding: Float32Array }[],
): Promise<void> => {
  const dimensions = whole(rows[0]?.embedding.length ?? 0)
  if (dimensions === 0) return
  await session.run(
    `create index if not exists antiphon_chunk_hnsw_${dimensions} on antiphon_chunk_halfvecs
     using hnsw ((cast(embedding as halfvec(${dimensions}))) halfvec_cosine_ops) where dimensions = ${dimensions}`,
  )
  await session.run(
    `insert into antiphon_chunk_halfvecs (store_no, chunk_no, file_no, dimensions, embedding)
     select ?, n, ?, ?, cast(v as halfvec) from json_to_recordset(cast(? as json)) as list(n bigint, v text)`,
    [
      storeNo,
      fileNo,
      dimensions,
      JSON.stringify(rows.map(({ chunkNo, embedding }) => ({ n: chunkNo, v: literal(embedding) }))),
    ],
  )
}

const literal = (vector: Float32Array): string => `[${vector.join(',')}]`

const whole = (length: number): number => {
  if (!Number.isSafeInteger(length)) throw new TypeError(`No length of a vector: ${length}`)
  return length
}
