import { z } from 'zod'
import { anyObject, chars, fields, TEXT_CHARS, text } from './schema-parts.ts'

const flag = z.boolean().nullish()
const number = (minimum: number, maximum: number): z.ZodType => z.number().min(minimum).max(maximum).nullish()
const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodType =>
  z.int().min(minimum).max(maximum).nullish()
const id = chars(4096, 1)

/** What `include` may ask for. */
const INCLUDABLE = [
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
  'message.output_text.logprobs',
] as const

/** Values of `include`. */
export const includeSchema = z.array(z.enum(INCLUDABLE))

const summary = z.enum(['auto', 'concise', 'detailed']).nullish()

const reasoning = fields({
  effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  summary,
  generate_summary: summary,
  mode: text.nullish(),
  context: z.enum(['auto', 'current_turn', 'all_turns']).nullish(),
})

/** The name of a schema that an answer has to fit. */
const formatName = chars(64, 1).regex(/^[a-zA-Z0-9_-]+$/)

const textFormat = z.discriminatedUnion('type', [
  fields({ type: z.literal('text') }),
  fields({ type: z.literal('json_object') }),
  fields({
    type: z.literal('json_schema'),
    name: formatName,
    schema: anyObject,
    description: text.nullish(),
    strict: flag,
  }),
])

const textOptions = fields({
  format: textFormat.nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
})

const promptCacheOptions = fields({
  ttl: z.enum(['30m']).nullish(),
  mode: z.enum(['implicit', 'explicit']).nullish(),
})

const moderationMode = fields({ mode: z.enum(['score', 'block']) }).nullish()

const conversation = z.union([id, fields({ id })]).nullish()
const serviceTier = z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast']).nullish()
const cacheRetention = z.enum(['in_memory', 'in-memory', '24h']).nullish()

/** What belongs to the context, in every request that has one. Input and tools are checked one by one. */
const context = {
  instructions: chars(TEXT_CHARS).nullish(),
  previous_response_id: id.nullish(),
}

/** Body of `POST /responses`, but `input`, `tools`, `tool_choice` and `metadata`, which have checks of their own. */
export const createSchema = fields({
  model: chars(4096, 1).nullish(),
  ...context,
  conversation,
  store: flag,
  background: flag,
  stream: flag,
  stream_options: fields({ include_obfuscation: flag }).nullish(),
  include: includeSchema.nullish(),
  max_output_tokens: integer(16),
  max_tool_calls: integer(1),
  parallel_tool_calls: flag,
  temperature: number(0, 2),
  top_p: number(0, 1),
  top_logprobs: integer(0, 20),
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  text: textOptions.nullish(),
  reasoning: reasoning.nullish(),
  prompt: fields({ id, version: text.nullish(), variables: anyObject.nullish() }).nullish(),
  context_management: z
    .array(fields({ type: z.literal('compaction'), compact_threshold: integer(1000) }))
    .min(1)
    .nullish(),
  prompt_cache_key: chars(4096).nullish(),
  prompt_cache_retention: cacheRetention,
  prompt_cache_options: promptCacheOptions.nullish(),
  safety_identifier: chars(64).nullish(),
  user: chars(4096).nullish(),
  service_tier: serviceTier,
  moderation: fields({
    model: text,
    policy: fields({ input: moderationMode, output: moderationMode }).nullish(),
  }).nullish(),
  multi_agent: fields({ enabled: z.boolean(), max_concurrent_subagents: integer(1) }).nullish(),
})

/** Body of `POST /responses/compact`, but `input`. */
export const compactSchema = fields({
  model: chars(4096, 1).nullish(),
  ...context,
  prompt_cache_key: chars(64).nullish(),
  prompt_cache_retention: cacheRetention,
  prompt_cache_options: promptCacheOptions.nullish(),
  service_tier: serviceTier,
})

/** Body of `POST /responses/input_tokens`, but `input`, `tools` and `tool_choice`. */
export const inputTokensSchema = fields({
  model: chars(4096, 1).nullish(),
  ...context,
  conversation,
  text: textOptions.nullish(),
  reasoning: reasoning.nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  parallel_tool_calls: flag,
  personality: text.nullish(),
})
