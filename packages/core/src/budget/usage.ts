import type { ResponseUsage } from '@antiphon/client'

/** Tokens spent, summed over model calls. Counters a server leaves out count as 0. */
export interface Usage {
  inputTokens: number
  /** Part of `inputTokens` that came from the provider's cache. */
  cachedTokens: number
  outputTokens: number
  /** Part of `outputTokens` spent on reasoning. */
  reasoningTokens: number
  totalTokens: number
  /** Model calls made. */
  requests: number
}

/** A usage of nothing. */
export const noUsage = (): Usage => ({
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  totalTokens: 0,
  requests: 0,
})

/** Reads the usage of one response. A counter that is missing, or no count at all, is 0: a server's mistake must neither give budget back nor spoil the sum. */
export const usageOf = (wire: ResponseUsage | null | undefined): Usage => {
  const inputTokens = countOf(wire?.input_tokens)
  const outputTokens = countOf(wire?.output_tokens)
  return {
    inputTokens,
    cachedTokens: Math.min(inputTokens, countOf(wire?.input_tokens_details?.cached_tokens)),
    outputTokens,
    reasoningTokens: countOf(wire?.output_tokens_details?.reasoning_tokens),
    totalTokens: isCount(wire?.total_tokens) ? wire.total_tokens : inputTokens + outputTokens,
    requests: 1,
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY

const countOf = (value: unknown): number => (isCount(value) ? value : 0)

/** Adds `more` to `sum` in place. */
export const addUsage = (sum: Usage, more: Usage): void => {
  sum.inputTokens += more.inputTokens
  sum.cachedTokens += more.cachedTokens
  sum.outputTokens += more.outputTokens
  sum.reasoningTokens += more.reasoningTokens
  sum.totalTokens += more.totalTokens
  sum.requests += more.requests
}
