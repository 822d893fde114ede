import {
  createMcpPool,
  type McpCallOptions,
  type McpCallResult,
  type McpPoolOptions,
  type McpSession,
  type McpTarget,
} from '@antiphon/mcp'
import { onTestFinished } from 'vitest'

/** A pool that is closed after the test. */
export const newPool = (options: McpPoolOptions = {}) => {
  const pool = createMcpPool(options)
  onTestFinished(() => pool.close())
  return pool
}

/** A session of a pool of its own. */
export const sessionWith = (target: McpTarget, options: McpPoolOptions = {}): McpSession =>
  newPool(options).open(target)

/** Calls a tool by its name. */
export const callByName = async (
  session: McpSession,
  name: string,
  args: Record<string, unknown> = {},
  options: McpCallOptions = {},
): Promise<McpCallResult> => {
  const { tools } = await session.tools()
  const tool = tools.find((one) => one.name === name)
  if (tool === undefined) throw new Error(`no tool ${name} among ${tools.map((one) => one.name).join(', ')}`)
  return session.call(tool, args, options)
}

/** The text of a call that went well. */
export const textOf = async (...args: Parameters<typeof callByName>): Promise<string> => {
  const result = await callByName(...args)
  if (result.outcome !== 'ok' || typeof result.content !== 'string') throw new Error(JSON.stringify(result))
  return result.content
}
