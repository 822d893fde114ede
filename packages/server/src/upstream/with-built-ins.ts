import type { ResponseRequest } from '@antiphon/client'
import { type BuiltInTool, historyOf, type Model, runsHosted } from 'antiphon'
import type { Upstream } from './upstream.ts'

/**
 * A plain upstream beside one that runs built-in tools: requests that declare one of them, or go on from calls of one, are `running`'s, all others stay as plain as they are.
 */
export const withBuiltIns = (
  plain: Upstream,
  running: Upstream,
  tools: readonly BuiltInTool[],
  capabilities: Model['capabilities'],
): Upstream => ({
  ...plain,
  ...(running.namesMcpServers === true ? { namesMcpServers: true } : {}),
  keepsRuns: (request) => needsLoop(request, tools, capabilities),
  answer: (request, sink, context) =>
    (needsLoop(request, tools, capabilities) ? running : plain).answer(request, sink, context),
})

const needsLoop = (
  { tools, input }: ResponseRequest,
  carried: readonly BuiltInTool[],
  capabilities: Model['capabilities'],
): boolean =>
  (tools ?? []).some((declared) =>
    carried.some((tool) => tool.types.includes(declared.type) && !runsHosted(tool, declared, capabilities)),
  ) ||
  (Array.isArray(input) && input.some((item) => historyOf(item as object) !== undefined))
