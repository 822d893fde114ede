import type { ResponseUsage } from '@antiphon/client'
import type { ChatUsage } from './chat-types.ts'
import { objectIn } from './chat-values.ts'

const count = (...values: readonly (number | null | undefined)[]): number =>
  values.find((value) => typeof value === 'number') ?? 0

/** The tokens spent, as the Responses API counts them; null when the server told nothing. */
export const fromChatUsage = (usage: ChatUsage | null | undefined): ResponseUsage | null => {
  if (!usage) return null
  const input = objectIn(usage.prompt_tokens_details)
  const output = objectIn(usage.completion_tokens_details)
  const input_tokens = count(usage.prompt_tokens)
  const output_tokens = count(usage.completion_tokens)
  return {
    input_tokens,
    input_tokens_details: {
      cached_tokens: count(input?.cached_tokens, usage.prompt_cache_hit_tokens, usage.cached_tokens),
      cache_write_tokens: count(input?.cache_write_tokens),
    },
    output_tokens,
    output_tokens_details: { reasoning_tokens: count(output?.reasoning_tokens) },
    total_tokens: count(usage.total_tokens, input_tokens + output_tokens),
  }
}
