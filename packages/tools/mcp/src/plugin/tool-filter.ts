import type { McpListedTool, McpTool, McpToolFilter } from '@antiphon/client'

/** True for a tool whose server says that it changes nothing. */
export const isReadOnly = ({ annotations }: McpListedTool): boolean =>
  (annotations as { readOnlyHint?: unknown } | undefined)?.readOnlyHint === true

/** True for what a filter chooses: by name, by being read-only, and by both where it says both. */
const matches = (tool: McpListedTool, filter: McpToolFilter): boolean => {
  const { tool_names, read_only } = filter
  if ((tool_names ?? undefined) === undefined && (read_only ?? undefined) === undefined) return false
  return (
    (tool_names?.includes(tool.name) ?? true) &&
    ((read_only ?? undefined) === undefined || isReadOnly(tool) === read_only)
  )
}

/** True for a tool that may be offered. */
export const isAllowed = (tool: McpListedTool, allowed: McpTool['allowed_tools']): boolean => {
  if (allowed === undefined || allowed === null) return true
  return Array.isArray(allowed) ? allowed.includes(tool.name) : matches(tool, allowed)
}

/** True for a tool whose calls wait for a person: all of them, unless it is said otherwise; `always` wins over `never`. */
export const needsApproval = (tool: McpListedTool, required: McpTool['require_approval']): boolean => {
  if (required === undefined || required === null || required === 'always') return true
  if (required === 'never') return false
  const { always, never } = required
  if (always && matches(tool, always)) return true
  return !(never && matches(tool, never))
}
