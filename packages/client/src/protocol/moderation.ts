/** What moderation found, or why it failed. Source: Responses API, `Moderation`. */
export type ModerationResult =
  | {
      type: 'moderation_result'
      model: string
      flagged: boolean
      categories: Record<string, boolean>
      /** 0–1 for each category. */
      category_scores: Record<string, number>
      category_applied_input_types: Record<string, string[]>
    }
  | { type: 'error'; code: string; message: string }
