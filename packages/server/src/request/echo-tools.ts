import type { ResponseRequest, ToolDefinition } from '@antiphon/client'
import { toolWithoutSecrets } from './without-secrets.ts'

type Fields = Readonly<Record<string, unknown>>

const wholeFunction = (tool: Fields): Fields => ({
  ...tool,
  description: tool.description ?? null,
  parameters: tool.parameters ?? null,
  strict: tool.strict ?? null,
})

const isFunction = (tool: unknown): tool is Fields => (tool as { type?: unknown } | null)?.type === 'function'

const echoTool = (tool: unknown): unknown => {
  const bare = toolWithoutSecrets(tool)
  return isFunction(bare) ? wholeFunction(bare) : bare
}

/**
 * Tools as a response shows them: without secrets, functions with `description`, `parameters` and `strict`, `null` where the request said nothing. What `strict` then means is
 * the upstream's affair.
 */
export const echoTools = (tools: ResponseRequest['tools'] | null): ToolDefinition[] =>
  (tools ?? []).map(echoTool) as ToolDefinition[]
