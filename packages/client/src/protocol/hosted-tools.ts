import type { NetworkPolicy } from './containers.ts'
import type { OpenString } from './open.ts'
import type { AllowedCallers } from './tool-callers.ts'

/** Roughly where the user is. */
export interface ApproximateLocation {
  type?: 'approximate'
  /** Two letters, ISO 3166-1. */
  country?: string | null
  region?: string | null
  city?: string | null
  /** IANA name. */
  timezone?: string | null
}

/** Search of the web. Source: Responses API, `WebSearchTool`. */
export interface WebSearchTool {
  type: 'web_search' | 'web_search_2025_08_26'
  /** Whether live pages may be fetched. @defaultValue `true` */
  external_web_access?: boolean
  filters?: { allowed_domains?: string[] | null } | null
  user_location?: ApproximateLocation | null
  /** How much of what is found goes to the model. @defaultValue `'medium'` */
  search_context_size?: OpenString<'low' | 'medium' | 'high'>
}

/** Search of the web, first version. Source: Responses API, `WebSearchPreviewTool`; CometAPI. */
export interface WebSearchPreviewTool {
  type: 'web_search_preview' | 'web_search_preview_2025_03_11'
  user_location?: (ApproximateLocation & { type: 'approximate' }) | null
  /** @defaultValue `'medium'` */
  search_context_size?: OpenString<'low' | 'medium' | 'high'>
  search_content_types?: OpenString<'text' | 'image'>[]
}

/** Compares one attribute of a file. */
export interface ComparisonFilter {
  type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'nin'
  key: string
  value: string | number | boolean | (string | number)[]
}

/** Joins filters. */
export interface CompoundFilter {
  type: 'and' | 'or'
  /** Each a `ComparisonFilter` or a `CompoundFilter`; open, as the contract leaves it. */
  filters: unknown[]
}

/** How the chunks that were found are ordered and cut. */
export interface FileRankingOptions {
  ranker?: OpenString<'auto' | 'default-2024-11-15'>
  /** Drops chunks below it; 0–1. */
  score_threshold?: number
  /** Weights of meaning and of words. */
  hybrid_search?: { embedding_weight: number; text_weight: number }
}

/** Search of vector stores. Source: Responses API, `FileSearchTool`; CometAPI. */
export interface FileSearchTool {
  type: 'file_search'
  vector_store_ids: string[]
  /** 1–50. */
  max_num_results?: number
  ranking_options?: FileRankingOptions
  filters?: ComparisonFilter | CompoundFilter | null
}

/** A container made for the request and reused over a chain of responses. */
export interface CodeInterpreterContainer {
  type: 'auto'
  /** At most 50. */
  file_ids?: string[]
  memory_limit?: OpenString<'1g' | '4g' | '16g' | '64g'> | null
  network_policy?: NetworkPolicy
}

/** Code in a container of the provider. Source: Responses API, `CodeInterpreterTool`; CometAPI. */
export interface CodeInterpreterTool {
  type: 'code_interpreter'
  /** Id of a container, or how to make one. */
  container: string | CodeInterpreterContainer
  allowed_callers?: AllowedCallers | null
}

/** Makes and edits images. Source: Responses API, `ImageGenTool`. */
export interface ImageGenerationTool {
  type: 'image_generation'
  /** @defaultValue `'gpt-image-1'` */
  model?: OpenString<
    | 'gpt-image-1'
    | 'gpt-image-1-mini'
    | 'gpt-image-1.5'
    | 'gpt-image-2'
    | 'gpt-image-2-2026-04-21'
    | 'chatgpt-image-latest'
  >
  /** @defaultValue `'auto'` */
  quality?: OpenString<'low' | 'medium' | 'high' | 'auto'>
  /** Width and height in pixels. @defaultValue `'auto'` */
  size?: OpenString<'1024x1024' | '1024x1536' | '1536x1024' | 'auto'>
  /** @defaultValue `'png'` */
  output_format?: OpenString<'png' | 'webp' | 'jpeg'>
  /** 0–100. @defaultValue `100` */
  output_compression?: number
  /** @defaultValue `'auto'` */
  moderation?: OpenString<'auto' | 'low'>
  /** @defaultValue `'auto'` */
  background?: OpenString<'transparent' | 'opaque' | 'auto'>
  /** How closely an edit keeps to the given images. @defaultValue `'low'` */
  input_fidelity?: OpenString<'high' | 'low'> | null
  input_image_mask?: { image_url?: string; file_id?: string }
  /** Images to stream on the way, 0–3. @defaultValue `0` */
  partial_images?: number
  /** @defaultValue `'auto'` */
  action?: OpenString<'generate' | 'edit' | 'auto'>
}
