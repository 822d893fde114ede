import { type FileStore, migrateComponent, type Store } from '@antiphon/store'
import type { Embedder } from '../embed/embedder.ts'
import { createChunkIndex } from '../index-of-chunks/open-chunk-index.ts'
import type { ParseLimits } from '../parse/parsed-file.ts'
import { createIngestor, type Ingestor } from '../stores/ingestor.ts'
import { COMPONENT, TABLES } from '../stores/schema.ts'
import { DEFAULT_BOUNDS, type StoreBounds, type StoresHost } from '../stores/stores-host.ts'

/** What the engine is made of. */
export interface EngineOptions {
  /** Where vector stores are kept; undefined for a place in memory. */
  readonly store: Store | undefined
  /** Where files are kept. @defaultValue those of the store */
  readonly files: FileStore | undefined
  readonly embedder: Embedder | undefined
  readonly limits: ParseLimits | undefined
  readonly concurrency: number | undefined
  readonly maxVectorBytes: number | undefined
  readonly bounds: Partial<StoreBounds>
  readonly onError: ((error: unknown) => void) | undefined
}

/** Vector stores, open. */
export interface Engine {
  readonly host: StoresHost
  /** All files, where they can be written. */
  readonly files: FileStore
  readonly ingestor: Ingestor
  close(): Promise<void>
}

/** Opens the tables, the index and what reads files in the background. */
export const openEngine = async (options: EngineOptions): Promise<Engine> => {
  const own = options.store === undefined ? await inMemory() : undefined
  const store = options.store ?? (own as Store)
  const { sql } = store
  const files = options.files ?? store.files
  await migrateComponent(sql, COMPONENT, TABLES)
  const { embedder, limits, concurrency, maxVectorBytes, onError } = options
  const index = createChunkIndex(sql, maxVectorBytes === undefined ? {} : { maxVectorBytes })
  const ingestor = createIngestor({ sql, files, index, embedder }, store.owners, {
    ...(limits === undefined ? {} : { limits }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(onError === undefined ? {} : { onError }),
  })
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds }
  const host: StoresHost = { sql, files, index, embedder, bounds, wake: () => ingestor.wake() }
  // What was left by a process that is gone.
  ingestor.wake()
  return {
    host,
    files,
    ingestor,
    async close() {
      await ingestor.close()
      index.close()
      await own?.close()
    },
  }
}

/** Loaded when it is needed: it brings a database. */
const inMemory = async (): Promise<Store> => {
  const { sqlite } = await import('@antiphon/store/sqlite')
  return sqlite(':memory:')
}
