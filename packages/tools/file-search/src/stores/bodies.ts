import { z } from 'zod'

/** A text that any database takes: neither NUL nor half a character. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((given) => !/\0|\p{Surrogate}/u.test(given), 'no NUL and no half of a character')

const id = text(255).min(1)
const metadata = z
  .record(text(64), text(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 pairs')

/** What files of a store are described by. */
const attributesSchema = z
  .record(text(64).min(1), z.union([text(512), z.number(), z.boolean()]))
  .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 keys')

const chunking = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auto') }),
  z.strictObject({
    type: z.literal('static'),
    static: z
      .strictObject({
        max_chunk_size_tokens: z.int().min(100).max(4_096),
        chunk_overlap_tokens: z.int().min(0),
      })
      .refine(
        (given) => given.chunk_overlap_tokens <= given.max_chunk_size_tokens / 2,
        'chunk_overlap_tokens must be at most half of max_chunk_size_tokens',
      ),
  }),
])

/** How a file is cut, in the wire's words. */
export type ChunkingBody = z.infer<typeof chunking>

const expiresAfter = z.strictObject({ anchor: z.literal('last_active_at'), days: z.int().min(1).max(365) })

export const createStoreSchema = z.strictObject({
  name: text(256).nullish(),
  description: text(2_048).nullish(),
  file_ids: z.array(id).max(500).nullish(),
  expires_after: expiresAfter.nullish(),
  chunking_strategy: chunking.nullish(),
  metadata: metadata.nullish(),
})

export const updateStoreSchema = z.strictObject({
  name: text(256).nullish(),
  expires_after: expiresAfter.nullish(),
  metadata: metadata.nullish(),
})

export const attachSchema = z.strictObject({
  file_id: id,
  attributes: attributesSchema.nullish(),
  chunking_strategy: chunking.nullish(),
})

export const updateFileSchema = z.strictObject({ attributes: attributesSchema.nullable() })

export const batchSchema = z
  .strictObject({
    file_ids: z.array(id).min(1).max(500).nullish(),
    files: z.array(attachSchema).min(1).max(500).nullish(),
    attributes: attributesSchema.nullish(),
    chunking_strategy: chunking.nullish(),
  })
  .refine(
    (given) => ((given.file_ids ?? undefined) === undefined) !== ((given.files ?? undefined) === undefined),
    'expected either file_ids or files',
  )

export const rankingSchema = z.strictObject({
  ranker: z.string().max(64).optional(),
  score_threshold: z.number().min(0).max(1).optional(),
  hybrid_search: z
    .strictObject({ embedding_weight: z.number().min(0), text_weight: z.number().min(0) })
    .refine((given) => given.embedding_weight + given.text_weight > 0, 'one weight must be above 0')
    .optional(),
})

export const searchSchema = z.strictObject({
  query: z.union([z.string().min(1).max(4_096), z.array(z.string().min(1).max(4_096)).min(1).max(10)]),
  rewrite_query: z.literal(false, 'queries are not rewritten here').nullish(),
  max_num_results: z.int().min(1).max(50).nullish(),
  filters: z.unknown().optional(),
  ranking_options: rankingSchema.nullish(),
})

const number = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number)

export const listSchema = z.strictObject({
  limit: number.pipe(z.int().min(1).max(100)).optional(),
  order: z.enum(['asc', 'desc']).optional(),
  after: id.optional(),
  before: id.optional(),
})

export const listFilesSchema = listSchema.extend({
  filter: z.enum(['in_progress', 'completed', 'failed', 'cancelled']).optional(),
})

export const contentSchema = z.strictObject({ page: number.optional() })
