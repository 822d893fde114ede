import type { OpenString } from './open.ts'

/** How hard the model thinks; not every model knows every value. */
export type ReasoningEffort = OpenString<'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'>

/** How much of its thoughts the model sums up. */
export type ReasoningSummary = OpenString<'auto' | 'concise' | 'detailed'>

/**
 * How the model thinks; reasoning models only.
 *
 * Source: Responses API, `Reasoning`; CometAPI; Open Responses (effort, summary).
 */
export interface ReasoningOptions {
  /** Open Responses ends at `xhigh`. @defaultValue depends on the model */
  effort?: ReasoningEffort | null
  /** At OpenAI some models want a verified organisation for it. @defaultValue `null`, no summary */
  summary?: ReasoningSummary | null
  /** Since 2026; not at CometAPI. */
  mode?: OpenString<'standard' | 'pro'>
  /**
   * Which earlier reasoning items the model sees again; since 2026, not at CometAPI. @defaultValue `'auto'`
   */
  context?: OpenString<'auto' | 'current_turn' | 'all_turns'> | null
  /** The older name of `summary`. @deprecated */
  generate_summary?: ReasoningSummary | null
}
