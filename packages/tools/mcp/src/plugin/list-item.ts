import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { InputItem, McpListedTool, McpListTools } from '@antiphon/client'

/** The tools of a server as the item that tells them. Its id is the same whenever this run tells it. */
export const listItem = (
  runId: string,
  label: string,
  tools: readonly McpListedTool[],
  error?: string,
): McpListTools => ({
  type: 'mcp_list_tools',
  id: `mcpl_${createHash('sha256')
    .update(JSON.stringify([runId, label]))
    .digest('hex')
    .slice(0, 32)}`,
  server_label: label,
  tools: [...tools],
  ...(error === undefined ? {} : { error }),
})

/** True where the history has this very list already, and no later one of the server: it is not told again. */
export const isKnown = (item: McpListTools, input: readonly InputItem[]): boolean => {
  const last = input.findLast(
    (one) =>
      (one as { type?: string }).type === 'mcp_list_tools' &&
      (one as { server_label?: string }).server_label === item.server_label,
  ) as McpListTools | undefined
  if (last === undefined || (last.error ?? null) !== null || item.error !== undefined) return false
  return isDeepStrictEqual(plain(last.tools), plain(item.tools))
}

/** Clients write what is absent as null, or leave it out. */
const plain = (tools: readonly McpListedTool[]): unknown =>
  JSON.parse(JSON.stringify(tools, (_, value: unknown) => value ?? undefined))
