import type { SqlSession } from '@antiphon/store'
import type { StoreRow } from './store-row.ts'
import type { Hit } from './top-hits.ts'

/** The words of one chunk, in their order. */
export interface ChunkWords {
  readonly chunkNo: number
  readonly words: readonly string[]
}

/** What of a question is looked for. */
interface WordQuery {
  readonly words: readonly string[]
  /** Only chunks of these files, when given. */
  readonly files?: ReadonlySet<number>
  readonly limit: number
}

/** Chunks by their words, ranked by BM25. One for each database. */
export interface WordIndex {
  /** Makes room for a store. */
  create(session: SqlSession, storeNo: number): Promise<void>
  drop(session: SqlSession, storeNo: number): Promise<void>
  add(session: SqlSession, storeNo: number, fileNo: number, chunks: readonly ChunkWords[]): Promise<void>
  /** Called while the chunks of the file are still there. */
  remove(session: SqlSession, storeNo: number, fileNo: number): Promise<void>
  /** The best chunks, by scores of 0 to 1: the part of what a chunk would score that has every word many times. */
  search(sql: SqlSession, store: StoreRow, query: WordQuery): Promise<Hit[]>
}

/** Saturation and length in BM25, as SQLite's FTS5 has them. */
export const K1 = 1.2
export const B = 0.75

/** What a word weighs that is in `inChunks` of `chunks`; as FTS5 has it. */
export const weightOf = (inChunks: number, chunks: number): number =>
  Math.max(Math.log((chunks - inChunks + 0.5) / (inChunks + 0.5)), 1e-6)

/** A word of a question, and in how many chunks it is. */
export interface Term {
  readonly word: string
  readonly chunks: number
}

/**
 * The words that chunks are looked for by: the rarest first, until those that have them are too many. What is left out weighs least; it costs most.
 */
export const tellingTerms = (terms: readonly Term[], maxChunks: number): Term[] => {
  const kept: Term[] = []
  let sum = 0
  for (const term of [...terms].sort((a, b) => a.chunks - b.chunks)) {
    if (term.chunks === 0) continue
    sum += term.chunks
    if (kept.length > 0 && sum > maxChunks) break
    kept.push(term)
  }
  return kept
}

/** The most that a chunk can score for the words of a question, also those that no chunk has. */
export const mostPossible = (words: readonly string[], terms: readonly Term[], chunks: number): number => {
  const found = new Map(terms.map((term) => [term.word, term.chunks]))
  return words.reduce((sum, word) => sum + weightOf(found.get(word) ?? 0, chunks), 0) * (K1 + 1)
}
