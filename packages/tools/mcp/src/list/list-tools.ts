import type { McpListedTool } from '@antiphon/client'
import type { Client } from '@modelcontextprotocol/client'
import { z } from 'zod'
import type { McpLimits } from '../connection/limits.ts'
import { readListedTool } from './read-listed-tool.ts'
import type { McpToolList } from './tool-list.ts'

/** Looser than the protocol, so that one bad tool costs that tool alone. */
const Page = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().nullish() })

/**
 * Asks for all pages of the list of tools, up to the limits; what is over them is left out and told.
 *
 * @throws what the SDK throws when a page cannot be had
 */
export const listTools = async (
  client: Client,
  limits: Required<McpLimits>,
  signal?: AbortSignal,
): Promise<McpToolList> => {
  const problems: string[] = []
  const found = new Map<string, McpListedTool>()
  const cursors = new Set<string>()
  let chars = 0
  let cursor: string | undefined
  for (let page = 1; ; page++) {
    const { tools, nextCursor } = await client.request(
      { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
      Page,
      { timeout: limits.connectTimeoutMs, ...(signal === undefined ? {} : { signal }) },
    )
    for (const raw of tools) {
      const read = readListedTool(raw, limits)
      if ('problem' in read) {
        if (problems.length < MAX_PROBLEMS) problems.push(read.problem)
        continue
      }
      const { tool } = read
      const known = found.get(tool.name)
      if (known !== undefined) {
        if (problems.length < MAX_PROBLEMS) problems.push(`${tool.name}: the server has two of this name`)
        // Which one is told first may change from list to list.
        if (JSON.stringify(tool) < JSON.stringify(known)) found.set(tool.name, tool)
        continue
      }
      chars += JSON.stringify(tool).length
      if (found.size >= limits.maxTools || chars > limits.maxListChars)
        return ordered(found, [
          ...problems,
          `the list is longer than its limits: ${found.size} tools were taken`,
        ])
      found.set(tool.name, tool)
    }
    if (nextCursor === undefined || nextCursor === null) return ordered(found, problems)
    if (cursors.has(nextCursor)) return ordered(found, [...problems, 'its pages go round in a circle'])
    if (page >= limits.maxPages)
      return ordered(found, [...problems, `it has more than ${limits.maxPages} pages: the rest was left out`])
    cursors.add(nextCursor)
    cursor = nextCursor
  }
}

const MAX_PROBLEMS = 20

/** By code units, not by language: the same everywhere. */
const ordered = (found: ReadonlyMap<string, McpListedTool>, problems: readonly string[]): McpToolList => ({
  tools: [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  problems,
})
