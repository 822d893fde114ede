import type { Sql } from '@antiphon/store'
import { sqlite } from '@antiphon/store/sqlite'
import type { ChunkIndex, NewChunk } from '../src/index-of-chunks/chunk-index.ts'
import { createChunkIndex } from '../src/index-of-chunks/open-chunk-index.ts'

/** A database of a test, and an index over it. */
export interface OpenIndex {
  readonly sql: Sql
  readonly index: ChunkIndex
  /** Another handle on the same tables, as another process has it. */
  other(options?: { maxVectorBytes?: number }): ChunkIndex
  close(): Promise<void>
}

/** An index in a file of its own. */
export const openSqliteIndex = async (file: string): Promise<OpenIndex> => {
  const store = sqlite(file)
  const index = createChunkIndex(store.sql)
  return {
    sql: store.sql,
    index,
    other: (options) => createChunkIndex(store.sql, options),
    close: async () => {
      index.close()
      await store.close()
    },
  }
}

/** Chunks of some texts, with vectors when they are given. */
export const chunksFrom = (texts: readonly string[], vectors?: readonly (readonly number[])[]): NewChunk[] =>
  texts.map((text, ordinal) => ({
    text,
    ordinal,
    ...(vectors?.[ordinal] === undefined ? {} : { embedding: Float32Array.from(vectors[ordinal]) }),
  }))
