import type { ExtensionType } from './open.ts'

/** `none`: no call. `auto`: as the model sees fit. `required`: at least one call. */
export type ToolChoiceMode = 'none' | 'auto' | 'required'

/**
 * Holds the model to some of the tools; a hard limit, while the declared tools (and the prompt cache) stay
 * the same.
 *
 * Open Responses: 1–128 entries, `mode` may be `none` and may be left out. Source: Responses API,
 * `ToolChoiceAllowed`.
 */
export interface ToolChoiceAllowed {
  type: 'allowed_tools'
  mode: 'auto' | 'required'
  /**
   * Such as `{ type: 'function', name }`, `{ type: 'mcp', server_label }`, `{ type: 'image_generation' }`.
   */
  tools: Record<string, unknown>[]
}

/** Makes the model call one function. Source: Responses API, `ToolChoiceFunction`. */
export interface ToolChoiceFunction {
  type: 'function'
  name: string
}

/** Makes the model call one custom tool. Source: Responses API, `ToolChoiceCustom`. */
export interface ToolChoiceCustom {
  type: 'custom'
  name: string
}

/** Makes the model call a tool of an MCP server. Source: Responses API, `ToolChoiceMCP`. */
export interface ToolChoiceMcp {
  type: 'mcp'
  server_label: string
  name?: string | null
}

/**
 * Makes the model use a built-in tool.
 *
 * Source: Responses API, `ToolChoiceTypes` and the three specific forms.
 */
export interface ToolChoiceHosted {
  type:
    | 'file_search'
    | 'web_search'
    | 'web_search_preview'
    | 'web_search_preview_2025_03_11'
    | 'computer'
    | 'computer_use_preview'
    | 'computer_use'
    | 'image_generation'
    | 'code_interpreter'
    | 'apply_patch'
    | 'shell'
    | 'programmatic_tool_calling'
    | 'mcp'
    | ExtensionType
}

/**
 * Which tools the model calls.
 *
 * A choice that forces a call must go back to `auto` after the first turn, or a loop never ends. Source:
 * Responses API, `tool_choice`.
 */
export type ToolChoice =
  | ToolChoiceMode
  | ToolChoiceAllowed
  | ToolChoiceFunction
  | ToolChoiceCustom
  | ToolChoiceMcp
  | ToolChoiceHosted
