import type { McpListedTool } from '@antiphon/client'
import { type JsonObject, jsonSchema, type Tool, tool, toolOutput } from 'antiphon'
import { failedCall } from '../call/call-tool.ts'
import type { McpLimits } from '../connection/limits.ts'
import { functionNames } from '../list/function-names.ts'
import { McpError } from '../mcp-error.ts'
import type { McpSession } from '../session/pool.ts'
import { callView } from './call-view.ts'
import { framed } from './framed-output.ts'
import type { McpServerPolicy } from './mcp-options.ts'
import { isReadOnly, needsApproval } from './tool-filter.ts'

/** The tools of a server as functions that a model is offered. */
export const serverFunctions = (
  session: McpSession,
  tools: readonly McpListedTool[],
  policies: readonly McpServerPolicy[],
  limits: Pick<Required<McpLimits>, 'maxCallMs'>,
): Tool[] => {
  const { label } = session
  const names = functionNames(
    label,
    tools.map(({ name }) => name),
  )
  return tools.flatMap((listed) => {
    const name = names.get(listed.name)
    if (name === undefined) return []
    return [
      serverFunction(session, listed, {
        name,
        waits: policies.some(({ requireApproval }) => needsApproval(listed, requireApproval)),
        // Beyond the call's own limit: that one says more.
        timeoutMs: limits.maxCallMs + 60_000,
      }),
    ]
  })
}

const serverFunction = (
  session: McpSession,
  listed: McpListedTool,
  { name, waits, timeoutMs }: { readonly name: string; readonly waits: boolean; readonly timeoutMs: number },
): Tool => {
  const { annotations } = listed as { annotations?: { idempotentHint?: unknown } }
  const made = tool({
    name,
    ...(listed.description ? { description: listed.description } : {}),
    inputSchema: ANY_OBJECT,
    strict: false,
    effect: isReadOnly(listed) ? 'read' : 'write',
    idempotent: annotations?.idempotentHint === true,
    needsApproval: waits,
    timeoutMs,
    maxOutputChars: Number.MAX_SAFE_INTEGER,
    view: callView(session.label, listed.name),
    execute: (args, ctx) => runCall(session, listed, args, ctx.signal, (progress) => ctx.progress(progress)),
  })
  // Its own schema, as it came: the server holds the arguments against it, and a stranger's patterns are not run here.
  return { ...made, wire: { ...made.wire, parameters: parametersOf(listed) } as Tool['wire'] } as Tool
}

const ANY_OBJECT = jsonSchema<Record<string, unknown>>({
  type: 'object',
  properties: {},
  additionalProperties: true,
})

/** Calls a tool for a model: what it gives, in a frame. Throws what the model is told of a failure. */
const runCall = async (
  session: McpSession,
  listed: McpListedTool,
  args: Record<string, unknown>,
  signal: AbortSignal,
  onProgress: (progress: unknown) => void,
): Promise<ReturnType<typeof toolOutput>> => {
  const result = await session.call(listed, args, { signal, onProgress }).catch((error: unknown) => {
    if (error instanceof McpError) return failedCall(error)
    throw error
  })
  if (result.outcome === 'failed') throw new Error(String(framed(result.text)))
  const { structured } = result
  return toolOutput({
    content: framed(result.content),
    ...(structured === undefined ? {} : { details: { structured } }),
  })
}

/** Some endpoints refuse an object schema that names no properties. */
const parametersOf = ({ input_schema }: McpListedTool): JsonObject => {
  const schema = input_schema as JsonObject
  return 'properties' in schema ? schema : { ...schema, properties: {} }
}
