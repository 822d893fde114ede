import type { InputItem } from './input-items.ts'
import type { Metadata } from './metadata.ts'
import type { ModerationResult } from './moderation.ts'
import type { OpenString } from './open.ts'
import type { OutputItem } from './output-items.ts'
import type { ReasoningOptions } from './reasoning-options.ts'
import type { PromptTemplate } from './request-context.ts'
import type { PromptCacheOptions, PromptCacheRetention, ServiceTier } from './request-delivery.ts'
import type { TextOptions } from './text-options.ts'
import type { ToolChoice } from './tool-choice.ts'
import type { ToolDefinition } from './tools.ts'
import type { ResponseUsage } from './usage.ts'

/**
 * State of a response.
 *
 * Source: Responses API, `Response.status`; CometAPI does not list `incomplete`, which occurs.
 */
export type ResponseStatus = OpenString<
  'completed' | 'failed' | 'in_progress' | 'cancelled' | 'queued' | 'incomplete'
>

/** Kind of failure of a response. Source: Responses API, `ResponseErrorCode`. */
export type ResponseErrorCode = OpenString<
  | 'server_error'
  | 'rate_limit_exceeded'
  | 'invalid_prompt'
  | 'data_residency_mismatch'
  | 'bio_policy'
  | 'vector_store_timeout'
  | 'invalid_image'
  | 'invalid_image_format'
  | 'invalid_base64_image'
  | 'invalid_image_url'
  | 'image_too_large'
  | 'image_too_small'
  | 'image_parse_error'
  | 'image_content_policy_violation'
  | 'invalid_image_mode'
  | 'image_file_too_large'
  | 'unsupported_image_media_type'
  | 'empty_image_file'
  | 'failed_to_download_image'
  | 'image_file_not_found'
>

/** Why a response failed. */
export interface ResponseError {
  code: ResponseErrorCode
  message: string
}

/** Why a response was cut off. */
export interface IncompleteDetails {
  reason?: OpenString<'max_output_tokens' | 'content_filter'>
}

/**
 * The answer to a request.
 *
 * The contract requires more than is required here: servers leave fields out, and a client that insists
 * fails.
 * Other fields of a server stay on the object. Source: Responses API, `Response`; CometAPI; Open Responses.
 */
export interface Response {
  /** `resp_…` */
  id: string
  object: 'response'
  /** Unix time in seconds. */
  created_at: number
  /** Judge a response by it, not by the name of its last event. */
  status?: ResponseStatus
  /** The model that answered; may differ from the one asked for. */
  model: string
  /** What the model made, in order. */
  output: OutputItem[]
  /** Unix time in seconds; null until completed. */
  completed_at?: number | null
  error?: ResponseError | null
  incomplete_details?: IncompleteDetails | null
  /** Null or absent until the response has ended. */
  usage?: ResponseUsage | null
  /** All text in one; from some servers only. Use `outputText(response)`. */
  output_text?: string | null

  // What the request asked for, with defaults filled in.
  instructions?: string | InputItem[] | null
  previous_response_id?: string | null
  conversation?: { id: string } | null
  prompt?: PromptTemplate | null
  truncation?: OpenString<'auto' | 'disabled'> | null
  tools?: ToolDefinition[]
  tool_choice?: ToolChoice
  parallel_tool_calls?: boolean | null
  max_tool_calls?: number | null
  max_output_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  top_logprobs?: number | null
  presence_penalty?: number | null
  frequency_penalty?: number | null
  text?: TextOptions
  reasoning?: ReasoningOptions | null
  store?: boolean | null
  background?: boolean | null
  metadata?: Metadata | null
  /** The tier that was used. */
  service_tier?: ServiceTier | null
  prompt_cache_key?: string | null
  prompt_cache_retention?: PromptCacheRetention | null
  prompt_cache_options?: PromptCacheOptions
  safety_identifier?: string | null
  user?: string | null

  // Results of filters.
  moderation?: { input: ModerationResult; output: ModerationResult } | null
  /** Azure's, also behind gateways. */
  content_filters?: unknown[] | null
  /** Another name of the same. */
  content_filter_results?: unknown
  /** Another name of the same. */
  prompt_filter_results?: unknown
}
