import type { Filter } from './filter.ts'

/** What a file is described by: at most 16 keys, as the wire has them. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A chunk of a file, as it goes into the index. */
export interface NewChunk {
  readonly text: string
  /** Its place in the file, from 0. */
  readonly ordinal: number
  /** What an embedder made of its text. All chunks of a store have one of the same length, or none has one. */
  readonly embedding?: Float32Array
}

/** How hits are ordered, and which are left out. */
export interface Ranking {
  /**
   * `auto` and dated names fuse words and vectors; `none` takes vectors alone where there are any, else words.
   *
   * @defaultValue 'auto'
   */
  readonly ranker?: string
  /** Hits below it are left out; 0 to 1. @defaultValue 0 */
  readonly scoreThreshold?: number
  /** What the two lists weigh when they are fused; 0 leaves one out. */
  readonly weights?: { readonly embedding: number; readonly text: number }
}

/** A question to the index. */
export interface ChunkQuery {
  /** Words of the question; anything may stand in it. */
  readonly text: string
  /** What the embedder of the stores made of the text. Without one, words alone decide. */
  readonly embedding?: Float32Array
  /** Which files count, by their attributes. */
  readonly filter?: Filter
  /** Most hits, 1 to 1,000. */
  readonly limit: number
  readonly ranking?: Ranking
  /** Ends the search between its steps. */
  readonly signal?: AbortSignal
}

/** A chunk that was found. */
export interface FoundChunk {
  readonly storeId: string
  readonly fileId: string
  readonly ordinal: number
  readonly text: string
  readonly attributes: Attributes
  /** 0 to 1, the best first: of fused lists 1 is the first of both; of vectors alone the cosine; of words alone the part of what the best possible chunk would score. */
  readonly score: number
}

/**
 * Chunks of files, found by words and by vectors. A file is in a store once: adding it again replaces its chunks. The tenant is part of every key: what one tenant adds
 * is never found, counted or weighed for another.
 */
export interface ChunkIndex {
  /**
   * Puts the chunks of a file into a store, all or none.
   *
   * @throws ConfigError `invalid_config` when the embeddings are not as long as those that the store has.
   */
  add(
    tenant: string,
    storeId: string,
    fileId: string,
    chunks: readonly NewChunk[],
    attributes: Attributes,
  ): Promise<void>
  /** Takes a file out of a store. False when it was not there. */
  remove(tenant: string, storeId: string, fileId: string): Promise<boolean>
  /** Takes a whole store out. False when there was none. */
  removeStore(tenant: string, storeId: string): Promise<boolean>
  /** Replaces the attributes of a file. False when it is not in the store. */
  setAttributes(tenant: string, storeId: string, fileId: string, attributes: Attributes): Promise<boolean>
  /** The chunks of a file in their order, from `after` on; for whoever shows its content. */
  chunks(
    tenant: string,
    storeId: string,
    fileId: string,
    page?: { readonly after?: number; readonly limit?: number },
  ): Promise<{ readonly text: string; readonly ordinal: number }[]>
  /** The best chunks of some stores, the best first; equal scores by store, file and place. Unknown stores have none. */
  search(tenant: string, storeIds: readonly string[], query: ChunkQuery): Promise<FoundChunk[]>
  /** Lets go of what is kept in memory. The database stays open. */
  close(): void
}
