import type { McpListedTool } from '@antiphon/client'

/** The tools that a server offers, in a stable order: by name, whatever order it told them in. */
export interface McpToolList {
  readonly tools: readonly McpListedTool[]
  /** What was left out, and why, in words. */
  readonly problems: readonly string[]
}
