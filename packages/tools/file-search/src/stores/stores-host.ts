import type { FileStore, Sql } from '@antiphon/store'
import type { Embedder } from '../embed/embedder.ts'
import type { ChunkIndex } from '../index-of-chunks/chunk-index.ts'

/** Bounds of what one tenant may have. */
export interface StoreBounds {
  /** @defaultValue 1,000 */
  readonly maxStores: number
  /** @defaultValue 10,000 */
  readonly maxFilesPerStore: number
}

export const DEFAULT_BOUNDS: StoreBounds = { maxStores: 1_000, maxFilesPerStore: 10_000 }

/** What everything about vector stores works with. */
export interface StoresHost {
  readonly sql: Sql
  /** Where the files themselves are. */
  readonly files: Pick<FileStore, 'get' | 'read'>
  readonly index: ChunkIndex
  /** Without one, words alone are searched. */
  readonly embedder?: Embedder | undefined
  readonly bounds: StoreBounds
  /** There is something to be read into a store. */
  readonly wake: () => void
}

/** The status of a file in a store. */
export type FileStatus = 'in_progress' | 'completed' | 'failed' | 'cancelled'
