/** How the requests of one endpoint are written. */
export interface ChatDialect {
  /** Role of `instructions`, and of system and developer messages. */
  readonly systemRole: 'system' | 'developer'
  /** The name `max_output_tokens` gets. */
  readonly maxTokensParameter: 'max_tokens' | 'max_completion_tokens'
  /** The field that reasoning goes back in; undefined leaves it out. */
  readonly reasoningField: 'reasoning_content' | 'reasoning' | undefined
  /** What becomes of tools, and of their items, that only a Responses endpoint executes. */
  readonly hostedTools: 'refuse' | 'drop'
}
