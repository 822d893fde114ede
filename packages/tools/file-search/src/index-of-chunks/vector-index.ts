import type { StoreRow } from './store-row.ts'
import type { Hit } from './top-hits.ts'

/** A question as a vector. */
interface VectorQuery {
  /** Of length 1, and as long as those of the store. */
  readonly embedding: Float32Array
  /** Only chunks of these files, when given. */
  readonly files?: ReadonlySet<number>
  readonly limit: number
  /** Lets others work in between; throws when the search was ended. */
  readonly pause: () => Promise<void>
}

/** Chunks by the direction of their vectors: the cosine is the score. */
export interface VectorIndex {
  search(store: StoreRow, query: VectorQuery): Promise<Hit[]>
  /** Lets go of what is kept in memory of a store, or of all. */
  forget(storeNo?: number): void
}
