import type { InputContent, McpCallError } from '@antiphon/client'

/** What a call of a tool came to. */
export type McpCallResult =
  | {
      readonly outcome: 'ok'
      /** For the model: text, or parts where there are images. */
      readonly content: string | readonly InputContent[]
      /** What the tool gave beside its text, for programs. */
      readonly structured?: unknown
    }
  | {
      readonly outcome: 'failed'
      /** For the model. */
      readonly text: string
      /** For the item of the call. */
      readonly error: Exclude<McpCallError, string>
    }
