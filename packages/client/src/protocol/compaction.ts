import type { OutputItem } from './output-items.ts'
import type { ResponseRequest } from './request.ts'
import type { PromptCacheOptions } from './request-delivery.ts'
import type { ResponseUsage } from './usage.ts'

/** Body of `POST /responses/compact`. Source: Responses API; Open Responses. */
export interface CompactRequest
  extends Pick<
    ResponseRequest,
    'instructions' | 'previous_response_id' | 'prompt_cache_key' | 'prompt_cache_retention' | 'service_tier'
  > {
  /** Required here, though it may be null. */
  model: string | null
  input?: ResponseRequest['input'] | null
  prompt_cache_options?: PromptCacheOptions | null
}

/**
 * A history in short: to be sent as it is, whole and in order, in place of the history.
 *
 * No response: its id cannot be a `previous_response_id`. Source: Responses API, `CompactResource`.
 */
export interface CompactedResponse {
  id: string
  object: 'response.compaction'
  /** Unix time in seconds. */
  created_at: number
  /** Holds one `compaction` item, and what was kept as it was. */
  output: OutputItem[]
  usage?: ResponseUsage | null
}
