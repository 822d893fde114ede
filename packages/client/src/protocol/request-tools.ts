import type { ToolChoice } from './tool-choice.ts'
import type { ToolDefinition } from './tools.ts'

/** What the model may use: parameters of `ResponseRequest` about tools. */
export interface ToolParameters {
  /**
   * Tools the model may call.
   *
   * @defaultValue `[]`
   * Source: Responses API; CometAPI (functions, MCP, hosted search and code); Open Responses (functions).
   */
  tools?: readonly ToolDefinition[]
  /**
   * Whether, and which, tools the model calls; a tool that it names must be in `tools`.
   *
   * @defaultValue `'auto'`
   * Source: Responses API; CometAPI; Open Responses (modes, function, allowed tools).
   */
  tool_choice?: ToolChoice
  /**
   * Whether one response may hold several calls.
   *
   * @defaultValue `true`
   * Source: Responses API; CometAPI; Open Responses.
   */
  parallel_tool_calls?: boolean | null
  /**
   * Bound of the calls to built-in tools in this response, over all of them; at least 1 in Open Responses.
   *
   * Further attempts are ignored, which is no error. Calls of functions do not count.
   * @defaultValue `null`, no bound
   * Source: Responses API; CometAPI; Open Responses.
   */
  max_tool_calls?: number | null
}
