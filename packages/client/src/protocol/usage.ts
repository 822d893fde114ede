/**
 * Tokens spent.
 *
 * The contract requires every counter; servers leave them out or send null. Source: Responses API,
 * `ResponseUsage`.
 */
export interface ResponseUsage {
  input_tokens?: number | null
  input_tokens_details?: {
    /** Read from the prompt cache; part of `input_tokens`. */
    cached_tokens?: number | null
    /** Written to the prompt cache; part of `input_tokens`. */
    cache_write_tokens?: number | null
  } | null
  output_tokens?: number | null
  output_tokens_details?: {
    /** Spent on thinking; part of `output_tokens`. */
    reasoning_tokens?: number | null
  } | null
  total_tokens?: number | null
}
