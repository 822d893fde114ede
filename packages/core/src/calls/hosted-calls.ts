import type { OutputItem, ToolDefinition } from '@antiphon/client'

/** How hosted tools are declared (their types have dated variants), and the items that their calls leave. */
const HOSTED: readonly (readonly [declared: string, item: string])[] = [
  ['web_search', 'web_search_call'],
  ['file_search', 'file_search_call'],
  ['code_interpreter', 'code_interpreter_call'],
  ['image_generation', 'image_generation_call'],
  ['mcp', 'mcp_call'],
]
const ITEM_TYPES = new Set(HOSTED.map(([, item]) => item))

/** True for a call that the provider executed itself, inside its response. */
export const isHostedCall = (item: OutputItem): boolean =>
  ITEM_TYPES.has(item.type) || (item.type === 'shell_call' && isInContainer(item))

const isInContainer = (item: OutputItem): boolean =>
  (item as { environment?: { type?: string } | null }).environment?.type === 'container_reference'

/** Type of the items that calls of a declared tool leave, when the provider executes them; undefined for every other tool. */
export const hostedItemType = (tool: ToolDefinition): string | undefined => {
  const { type, environment } = tool as { type: string; environment?: { type?: string } | null }
  if (type === 'shell') return environment?.type?.startsWith('container') ? 'shell_call' : undefined
  return HOSTED.find(([declared]) => type === declared || type.startsWith(`${declared}_`))?.[1]
}
