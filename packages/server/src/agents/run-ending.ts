import type { ResponseUsage } from '@antiphon/client'
import type { RunResult, Usage } from 'antiphon'
import type { Ended } from '../upstream/output-line.ts'

/** How a response ends that a run has answered. A limit of the agent's is its reason to be incomplete. */
export const endingOf = ({ stop, usage }: RunResult<unknown>): Ended => {
  const reason =
    stop.reason === 'limit' ? stop.limit : stop.reason === 'incomplete' ? stop.details : undefined
  return reason === undefined
    ? { status: 'completed', usage: wireUsage(usage) }
    : { status: 'incomplete', usage: wireUsage(usage), incomplete_details: { reason } }
}

/** What a run has used, as the wire counts it. */
export const wireUsage = (usage: Usage): ResponseUsage => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cachedTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.totalTokens,
})
