import { setImmediate as breathe } from 'node:timers/promises'
import type { SqlSession } from '@antiphon/store'
import { ConfigError } from 'antiphon'
import type { Attributes, ChunkQuery, FoundChunk } from './chunk-index.ts'
import { checkFilter } from './filter.ts'
import { fuse } from './fuse.ts'
import { matchFiles } from './match-files.ts'
import { numbersOf } from './schema.ts'
import type { StoreRow } from './store-row.ts'
import type { Hit } from './top-hits.ts'
import { unitVector } from './vector-bytes.ts'
import type { VectorIndex } from './vector-index.ts'
import type { WordIndex } from './word-index.ts'
import { queryWords } from './words.ts'

/** Where is searched. */
export interface Searched {
  readonly sql: SqlSession
  readonly words: WordIndex
  readonly vectorsOf: (store: StoreRow) => VectorIndex
}

/** Hits of each list that are fused, at least. */
const LEAST_FUSED = 50
const MOST_HITS = 1_000

/** A hit with its store. */
interface StoreHit extends Hit {
  readonly store: StoreRow
  /** Names the chunk among all stores. */
  readonly key: string
}

/** The best chunks of some stores. */
export const searchChunks = async (
  { sql, words, vectorsOf }: Searched,
  stores: readonly StoreRow[],
  query: ChunkQuery,
): Promise<FoundChunk[]> => {
  const { limit, ranking = {}, signal } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_HITS)
    throw new ConfigError('invalid_config', `Expected \`limit\` to be 1 to ${MOST_HITS}, got \`${limit}\`.`)
  const filter = query.filter === undefined ? undefined : checkFilter(query.filter)
  const weights = weightsOf(query)
  const embedding = query.embedding === undefined ? undefined : unitVector(query.embedding)
  const asked = weights.text > 0 ? queryWords(query.text) : []
  const wanted = Math.max(limit * 2, LEAST_FUSED)
  const pause = async (): Promise<void> => {
    await breathe()
    signal?.throwIfAborted()
  }

  const byWords: StoreHit[] = []
  const byVectors: StoreHit[] = []
  for (const store of stores) {
    signal?.throwIfAborted()
    const files = filter === undefined ? undefined : await matchFiles(sql, store.store_no, filter)
    if (files?.size === 0) continue
    const some = files === undefined ? {} : { files }
    const keyed = (hit: Hit): StoreHit => ({ ...hit, store, key: `${store.store_no}:${hit.chunkNo}` })
    byWords.push(...(await words.search(sql, store, { words: asked, ...some, limit: wanted })).map(keyed))
    if (embedding === undefined || weights.embedding === 0 || store.dimensions === null) continue
    if (embedding.length !== store.dimensions)
      throw new ConfigError(
        'invalid_config',
        `The vectors of store "${store.store_id}" have ${store.dimensions} numbers, that of the question has ${embedding.length}. Use the embedding model that the store was filled with.`,
      )
    byVectors.push(
      ...(await vectorsOf(store).search(store, { embedding, ...some, limit: wanted, pause })).map(keyed),
    )
  }
  const scored = scoresOf(byWords.sort(best), byVectors.sort(best), weights)
  const kept = [...scored.values()].filter(({ score }) => score >= (ranking.scoreThreshold ?? 0))
  return (await firstWithTexts(sql, kept, limit)).sort(inOrder).slice(0, limit)
}

const weightsOf = ({ embedding, ranking = {} }: ChunkQuery): { embedding: number; text: number } => {
  const { ranker, weights = { embedding: 1, text: 1 } } = ranking
  for (const [name, weight] of Object.entries(weights))
    if (!Number.isFinite(weight) || weight < 0)
      throw new ConfigError(
        'invalid_config',
        `Expected the weight of \`${name}\` to be 0 or more, got \`${weight}\`.`,
      )
  if (embedding === undefined) return { embedding: 0, text: 1 }
  if (ranker === 'none') return { embedding: 1, text: 0 }
  return weights
}

/** Scores by chunk. One list keeps its own scores; two are fused by their places. */
const scoresOf = (
  byWords: readonly StoreHit[],
  byVectors: readonly StoreHit[],
  weights: { embedding: number; text: number },
): Map<string, Scored> => {
  const hits = new Map([...byWords, ...byVectors].map((hit) => [hit.key, hit]))
  if (byWords.length > 0 && byVectors.length > 0) {
    const fused = fuse([
      { keys: byWords.map(({ key }) => key), weight: weights.text },
      { keys: byVectors.map(({ key }) => key), weight: weights.embedding },
    ])
    return new Map([...fused].map(([key, score]) => [key, { hit: hits.get(key) as StoreHit, score }]))
  }
  return new Map([...hits].map(([key, hit]) => [key, { hit, score: Math.max(hit.score, 0) }]))
}

const best = (a: StoreHit, b: StoreHit): number =>
  b.score - a.score || compare(a.store.store_id, b.store.store_id) || a.chunkNo - b.chunkNo

const inOrder = (a: FoundChunk, b: FoundChunk): number =>
  b.score - a.score || compare(a.storeId, b.storeId) || compare(a.fileId, b.fileId) || a.ordinal - b.ordinal

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface TextRow {
  readonly chunk_no: number
  readonly ordinal: number
  readonly body: string
  readonly file_id: string
  readonly attributes: string
}

/** A hit with the score that is shown. */
interface Scored {
  readonly hit: StoreHit
  readonly score: number
}

/** The first of the hits with their texts, and all that are equal to the last of them: texts are the larger part. */
const firstWithTexts = async (
  sql: SqlSession,
  scored: readonly Scored[],
  limit: number,
): Promise<FoundChunk[]> => {
  const ordered = [...scored].sort((a, b) => b.score - a.score)
  const found: FoundChunk[] = []
  for (let first = 0; first < ordered.length && found.length < limit; ) {
    let end = Math.min(first + limit, ordered.length)
    while (end < ordered.length && ordered[end]?.score === ordered[end - 1]?.score) end += 1
    found.push(...(await withTexts(sql, ordered.slice(first, end))))
    first = end
  }
  return found
}

/** The chunks themselves; what is being added, or has gone meanwhile, is left out. */
const withTexts = async (sql: SqlSession, scored: readonly Scored[]): Promise<FoundChunk[]> => {
  const found: FoundChunk[] = []
  const stores = new Map<StoreRow, Map<number, number>>()
  for (const { hit, score } of scored) {
    const scores = stores.get(hit.store) ?? new Map<number, number>()
    stores.set(hit.store, scores.set(hit.chunkNo, score))
  }
  for (const [store, scores] of stores) {
    const rows = await sql.all<TextRow>(
      `select c.chunk_no, c.ordinal, c.body, f.file_id, f.attributes
       from antiphon_chunks c join antiphon_chunk_files f on f.file_no = c.file_no
       where c.store_no = ? and f.ready = 1 and c.chunk_no in ${numbersOf(sql)}`,
      [store.store_no, JSON.stringify([...scores.keys()])],
    )
    for (const row of rows)
      found.push({
        storeId: store.store_id,
        fileId: row.file_id,
        ordinal: row.ordinal,
        text: row.body,
        attributes: JSON.parse(row.attributes) as Attributes,
        score: scores.get(row.chunk_no) ?? 0,
      })
  }
  return found
}
