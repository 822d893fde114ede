/**
 * Who may call a tool: the model itself, programs it wrote, or both; at least one.
 *
 * Source: Responses API, programmatic tool calling.
 */
export type AllowedCallers = ('direct' | 'programmatic')[]
