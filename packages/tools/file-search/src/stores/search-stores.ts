import { isAntiphonError } from 'antiphon'
import type { z } from 'zod'
import type { Attributes, FoundChunk, Ranking } from '../index-of-chunks/chunk-index.ts'
import { checkFilter, type Filter } from '../index-of-chunks/filter.ts'
import { type rankingSchema, searchSchema } from './bodies.ts'
import { checked, refuse } from './refuse.ts'
import { touchStore } from './store-life.ts'
import { findStore } from './store-resource.ts'
import type { StoresHost } from './stores-host.ts'

/** A question to some stores of a tenant. */
export interface StoresQuery {
  /** One or several ways to ask; the best of all counts. */
  readonly queries: readonly string[]
  readonly filter?: Filter | undefined
  /** 1 to 50. */
  readonly limit: number
  readonly ranking?: Ranking | undefined
  readonly signal?: AbortSignal | undefined
}

/** A chunk that was found, with the name of its file. */
export interface StoreHit {
  readonly storeId: string
  readonly fileId: string
  readonly filename: string
  readonly text: string
  readonly attributes: Attributes
  /** 0 to 1, the best first. */
  readonly score: number
}

/**
 * Searches stores. What belongs to files that were deleted since is left out, and taken out.
 *
 * @throws WireRefusal 404 for a store that is not there or has expired.
 */
export const searchStores = async (
  host: StoresHost,
  tenant: string,
  storeIds: readonly string[],
  { queries, filter, limit, ranking, signal }: StoresQuery,
): Promise<StoreHit[]> => {
  const { embedder } = host
  let isComparable = embedder !== undefined
  for (const id of new Set(storeIds)) {
    const store = await findStore(host.sql, tenant, id)
    await touchStore(host, store)
    // Vectors of another model say nothing about these; words do.
    if (store.embedder !== null && store.embedder !== embedder?.model) isComparable = false
  }
  const asks = [...new Set(queries)]
  const vectors = isComparable ? await embedder?.embed(asks, signal) : undefined
  const best = new Map<string, FoundChunk>()
  for (const [n, text] of asks.entries()) {
    const embedding = vectors?.[n]
    const found = await host.index.search(tenant, storeIds, {
      text,
      limit,
      ...(embedding === undefined ? {} : { embedding }),
      ...(filter === undefined ? {} : { filter }),
      ...(ranking === undefined ? {} : { ranking }),
      ...(signal === undefined ? {} : { signal }),
    })
    for (const chunk of found) {
      const key = `${chunk.storeId}\n${chunk.fileId}\n${chunk.ordinal}`
      if ((best.get(key)?.score ?? -1) < chunk.score) best.set(key, chunk)
    }
  }
  const order = [...best.values()].sort((a, b) => b.score - a.score).slice(0, limit)
  return withNames(host, tenant, order)
}

const withNames = async (
  { files, index, sql }: StoresHost,
  tenant: string,
  chunks: readonly FoundChunk[],
): Promise<StoreHit[]> => {
  const names = new Map<string, string | undefined>()
  const hits: StoreHit[] = []
  for (const { storeId, fileId, text, attributes, score } of chunks) {
    if (!names.has(fileId)) names.set(fileId, (await files.get(tenant, fileId))?.filename)
    const filename = names.get(fileId)
    if (filename !== undefined) hits.push({ storeId, fileId, filename, text, attributes, score })
    else {
      await sql.run('delete from antiphon_vector_store_files where tenant = ? and store_id = ? and id = ?', [
        tenant,
        storeId,
        fileId,
      ])
      await index.remove(tenant, storeId, fileId)
    }
  }
  return hits
}

/** Ranking options of the wire, as the index has them. */
export const rankingOf = (given: z.infer<typeof rankingSchema> | null | undefined): Ranking => ({
  ...(given?.ranker === undefined ? {} : { ranker: given.ranker }),
  ...(given?.score_threshold === undefined ? {} : { scoreThreshold: given.score_threshold }),
  ...(given?.hybrid_search === undefined
    ? {}
    : {
        weights: {
          embedding: given.hybrid_search.embedding_weight,
          text: given.hybrid_search.text_weight,
        },
      }),
})

/** A filter of the wire. @throws WireRefusal 400 with its place. */
export const filterOf = (given: unknown): Filter | undefined => {
  if (given === undefined || given === null) return undefined
  try {
    return checkFilter(given)
  } catch (error) {
    if (!isAntiphonError(error)) throw error
    throw refuse.value(/^[\w.[\]]+/.exec(error.message)?.[0] ?? 'filters', error.message)
  }
}

/** `POST /vector_stores/{id}/search` */
export const searchStore = async (
  host: StoresHost,
  tenant: string,
  id: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<object> => {
  const given = checked(searchSchema, body ?? {})
  const queries = typeof given.query === 'string' ? [given.query] : given.query
  const hits = await searchStores(host, tenant, [id], {
    queries,
    limit: given.max_num_results ?? 10,
    filter: filterOf(given.filters),
    ranking: rankingOf(given.ranking_options),
    signal,
  })
  return {
    object: 'vector_store.search_results.page',
    search_query: queries,
    data: hits.map(({ fileId, filename, score, attributes, text }) => ({
      file_id: fileId,
      filename,
      score,
      attributes,
      content: [{ type: 'text', text }],
    })),
    has_more: false,
    next_page: null,
  }
}
