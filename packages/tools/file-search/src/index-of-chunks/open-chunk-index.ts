import { setImmediate as breathe } from 'node:timers/promises'
import { DuplicateRow, forUpdate, migrateComponent, type Sql, type SqlSession } from '@antiphon/store'
import { ConfigError } from 'antiphon'
import type { Attributes, ChunkIndex, NewChunk } from './chunk-index.ts'
import {
  addChunkRows,
  beginFile,
  type ChunkRow,
  finishFile,
  newVersion,
  removeFileRows,
  removeStoreRows,
  writeAttributes,
} from './chunk-rows.ts'
import { MAX_HALFVEC_DIMENSIONS, pgVectors, preparePgVectors } from './pg-vectors.ts'
import { plainText } from './plain-text.ts'
import { postgresWords } from './postgres-words.ts'
import { COMPONENT, TABLES } from './schema.ts'
import { searchChunks } from './search-chunks.ts'
import { sqliteWords } from './sqlite-words.ts'
import { type StoreRow, storeRows } from './store-row.ts'
import { unitVector } from './vector-bytes.ts'
import { vectorCache } from './vector-cache.ts'
import type { VectorIndex } from './vector-index.ts'
import { MAX_DIMENSIONS } from './vector-matrix.ts'
import { wordsOf } from './words.ts'

/** Options of {@link createChunkIndex}. */
export interface ChunkIndexOptions {
  /** Most memory for vectors that are searched in the process, in bytes. @defaultValue 256 MiB */
  readonly maxVectorBytes?: number
}

/** Chunks that are written in one transaction: others can write in between. */
const CHUNKS_AT_ONCE = 128

/** An index over the database of a store (`store.sql`); its tables are made at the first use. */
export const createChunkIndex = (sql: Sql, options: ChunkIndexOptions = {}): ChunkIndex => {
  const { maxVectorBytes = 256 * 1024 * 1024 } = options
  const words = sql.dialect === 'postgres' ? postgresWords() : sqliteWords()
  const inProcess = vectorCache(sql, maxVectorBytes)
  const inDatabase = pgVectors(sql)
  const vectorsOf = (store: StoreRow): VectorIndex => (store.vectors === 'pgvector' ? inDatabase : inProcess)
  let prepared: Promise<{ hasPgVector: boolean }> | undefined
  const ready = (): Promise<{ hasPgVector: boolean }> => {
    prepared ??= prepare(sql).catch((error: unknown) => {
      prepared = undefined
      throw error
    })
    return prepared
  }

  /** The store, made where there is none; with the length of its vectors. */
  const storeFor = async (tenant: string, storeId: string, dimensions: number | null): Promise<StoreRow> => {
    const { hasPgVector } = await ready()
    const vectors = hasPgVector && (dimensions ?? 0) <= MAX_HALFVEC_DIMENSIONS ? 'pgvector' : 'process'
    const find = async (session: SqlSession): Promise<StoreRow | undefined> =>
      (await storeRows(session, tenant, [storeId]))[0]
    const make = (): Promise<StoreRow> =>
      sql.transaction(async (session) => {
        if ((await find(session)) === undefined) {
          const [row] = await session.all<{ store_no: number }>(
            'insert into antiphon_chunk_stores (tenant, store_id, vectors) values (?, ?, ?) returning store_no',
            [plainText(tenant), plainText(storeId), vectors],
          )
          await words.create(session, row?.store_no as number)
        }
        if (dimensions !== null)
          await session.run(
            'update antiphon_chunk_stores set dimensions = ?, vectors = ? where tenant = ? and store_id = ? and dimensions is null',
            [dimensions, vectors, plainText(tenant), plainText(storeId)],
          )
        return (await find(session)) as StoreRow
      })
    const there = await find(sql)
    let store = there
    if (store === undefined || (dimensions !== null && store.dimensions === null))
      store = await make().catch((error: unknown) => {
        // Somebody else has made it at the same time.
        if (error instanceof DuplicateRow) return make()
        throw error
      })
    if (dimensions !== null && store.dimensions !== dimensions)
      throw new ConfigError(
        'invalid_config',
        `The vectors of store "${storeId}" have ${store.dimensions} numbers, these have ${dimensions}. Use the embedding model that the store was filled with, or make a new store.`,
      )
    return store
  }

  const readyFile = async (
    session: SqlSession,
    tenant: string,
    storeId: string,
    fileId: string,
  ): Promise<{ store_no: number; file_no: number } | undefined> => {
    const [row] = await session.all<{ store_no: number; file_no: number }>(
      `select f.store_no, f.file_no from antiphon_chunk_files f join antiphon_chunk_stores s on s.store_no = f.store_no
       where s.tenant = ? and s.store_id = ? and f.file_id = ? and f.ready = 1${forUpdate(session)}`,
      [tenant, storeId, fileId].map(plainText),
    )
    return row
  }

  return {
    async add(tenant, storeId, fileId, chunks, attributes) {
      const { store_no: storeNo, vectors } = await storeFor(tenant, storeId, dimensionsOf(chunks))
      const fileNo = await sql.transaction((session) =>
        beginFile(session, storeNo, plainText(fileId), { chunks: chunks.length, attributes, words }),
      )
      for (let first = 0; first < chunks.length; first += CHUNKS_AT_ONCE) {
        const rows = chunks.slice(first, first + CHUNKS_AT_ONCE).map(toRow)
        await sql.transaction((session) => addChunkRows(session, { storeNo, fileNo, vectors }, rows, words))
        await breathe()
      }
      if (
        !(await sql.transaction((session) => finishFile(session, storeNo, plainText(fileId), fileNo, words)))
      )
        throw new ConfigError(
          'invalid_config',
          `File "${fileId}" was added to store "${storeId}" once more, or the store was removed, while it was being added. Add a file once at a time.`,
        )
    },

    async remove(tenant, storeId, fileId) {
      await ready()
      return sql.transaction(async (session) => {
        const file = await readyFile(session, tenant, storeId, fileId)
        if (file === undefined) return false
        await removeFileRows(session, file.store_no, file.file_no, words)
        await newVersion(session, file.store_no)
        return true
      })
    },

    async removeStore(tenant, storeId) {
      await ready()
      const [store] = await storeRows(sql, tenant, [storeId])
      if (store === undefined) return false
      await sql.transaction((session) => removeStoreRows(session, store, words))
      inProcess.forget(store.store_no)
      return true
    },

    async setAttributes(tenant, storeId, fileId, attributes: Attributes) {
      await ready()
      return sql.transaction(async (session) => {
        const file = await readyFile(session, tenant, storeId, fileId)
        if (file === undefined) return false
        await writeAttributes(session, file.store_no, file.file_no, attributes)
        return true
      })
    },

    async chunks(tenant, storeId, fileId, { after = -1, limit = 100 } = {}) {
      await ready()
      const rows = await sql.all<{ body: string; ordinal: number }>(
        `select c.body, c.ordinal from antiphon_chunks c join antiphon_chunk_files f on f.file_no = c.file_no
         join antiphon_chunk_stores s on s.store_no = f.store_no
         where s.tenant = ? and s.store_id = ? and f.file_id = ? and f.ready = 1 and c.ordinal > ? order by c.ordinal limit ?`,
        [...[tenant, storeId, fileId].map(plainText), after, limit],
      )
      return rows.map(({ body, ordinal }) => ({ text: body, ordinal }))
    },

    async search(tenant, storeIds, query) {
      await ready()
      const stores = await storeRows(sql, tenant, [...new Set(storeIds)])
      return searchChunks({ sql, words, vectorsOf }, stores, query)
    },

    close() {
      inProcess.forget()
    },
  }
}

const prepare = async (sql: Sql): Promise<{ hasPgVector: boolean }> => {
  await migrateComponent(sql, COMPONENT, TABLES)
  return { hasPgVector: await preparePgVectors(sql) }
}

const toRow = ({ text, ordinal, embedding }: NewChunk): ChunkRow => ({
  ordinal,
  body: plainText(text),
  words: wordsOf(text),
  ...(embedding === undefined ? {} : { embedding: unitVector(embedding) }),
})

/** The length that all vectors have; null when there is none. */
const dimensionsOf = (chunks: readonly NewChunk[]): number | null => {
  const lengths = new Set(chunks.map(({ embedding }) => embedding?.length ?? null))
  const [length = null] = lengths
  if (lengths.size > 1)
    throw new ConfigError(
      'invalid_config',
      `Expected all chunks of a file to have vectors of one length, got ${[...lengths].join(', ')}.`,
    )
  if (length !== null && (length === 0 || length > MAX_DIMENSIONS))
    throw new ConfigError(
      'invalid_config',
      `Expected vectors of 1 to ${MAX_DIMENSIONS} numbers, got ${length}.`,
    )
  if (chunks.some(({ embedding }) => embedding?.some((one) => !Number.isFinite(one))))
    throw new ConfigError('invalid_config', 'Expected vectors of finite numbers.')
  return length
}
