import type { Sql } from '@antiphon/store'
import type { ChunkIndex } from './chunk-index.ts'

/** Options of {@link createChunkIndex}. */
export interface ChunkIndexOptions {
  /** Most memory for vectors that are searched in the process, in bytes. @defaultValue 256 MiB */
  readonly maxVectorBytes?: number
}

/** An index over the database of a store; its tables are made at the first use. */
export const createChunkIndex = (_sql: Sql, _options: ChunkIndexOptions = {}): ChunkIndex => {
  throw new Error('Not yet.')
}
