import type { ResponseUsage } from '@antiphon/client'

/** Every counter as an integer: readers fail on `null`. */
export const wholeUsage = (usage: ResponseUsage): ResponseUsage => {
  const input_tokens = usage.input_tokens ?? 0
  const output_tokens = usage.output_tokens ?? 0
  return {
    ...usage,
    input_tokens,
    input_tokens_details: {
      ...usage.input_tokens_details,
      cached_tokens: usage.input_tokens_details?.cached_tokens ?? 0,
      cache_write_tokens: usage.input_tokens_details?.cache_write_tokens ?? 0,
    },
    output_tokens,
    output_tokens_details: {
      ...usage.output_tokens_details,
      reasoning_tokens: usage.output_tokens_details?.reasoning_tokens ?? 0,
    },
    total_tokens: usage.total_tokens ?? input_tokens + output_tokens,
  }
}
