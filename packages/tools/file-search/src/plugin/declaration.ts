import type { ToolDefinition } from '@antiphon/client'
import { z } from 'zod'
import type { Ranking } from '../index-of-chunks/chunk-index.ts'
import type { Filter } from '../index-of-chunks/filter.ts'
import { rankingSchema } from '../stores/bodies.ts'
import { checked } from '../stores/refuse.ts'
import { filterOf, rankingOf } from '../stores/search-stores.ts'

/** What a declaration asks of file search. */
export interface WantedSearch {
  readonly storeIds: readonly string[]
  readonly limit: number
  readonly filter?: Filter | undefined
  readonly ranking: Ranking
}

/** Results that a model gets when nothing is said: 8,000 tokens of usual chunks. */
const DEFAULT_RESULTS = 10

const schema = z.strictObject({
  type: z.literal('file_search'),
  vector_store_ids: z.array(z.string().min(1).max(255)).min(1, 'name at least one vector store').max(20),
  max_num_results: z.int().min(1).max(50).nullish(),
  ranking_options: rankingSchema.nullish(),
  filters: z.unknown().optional(),
})

/**
 * Reads the wire's declaration, and refuses what cannot be honoured.
 *
 * @throws WireRefusal 400 with the field at fault.
 */
export const readDeclaration = (declaration: ToolDefinition): WantedSearch => {
  const given = checked(schema, declaration)
  return {
    storeIds: [...new Set(given.vector_store_ids)],
    limit: given.max_num_results ?? DEFAULT_RESULTS,
    filter: filterOf(given.filters),
    ranking: rankingOf(given.ranking_options),
  }
}
