import type { Model } from '../model.ts'
import type { Tool } from '../tools/tool.ts'
import type { ToolContext } from '../tools/tool-context.ts'

/** A call on its way to its tool: parsed and valid. */
export interface ToolCall {
  readonly callId: string
  readonly name: string
  readonly tool: Tool
  /** What the schema made of the arguments. */
  readonly input: unknown
  /** The arguments as the model wrote them. */
  readonly arguments: string
}

/** Runs one call. What it returns becomes the output; what it throws is told to the model. */
export type ToolHandler = (call: ToolCall, context: ToolContext) => unknown

/**
 * The one extension point: wraps the two calls that matter. The first in `use` is the outermost. Both are composed once per agent, so state of a
 * run belongs into a WeakMap keyed by the context, which is the same object for all model calls of a run.
 */
export interface Middleware {
  /** For people: shown in errors and warnings. */
  readonly name: string
  model?(next: Model): Model
  tool?(next: ToolHandler): ToolHandler
}
