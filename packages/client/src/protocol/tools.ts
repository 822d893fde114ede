import type {
  CodeInterpreterTool,
  FileSearchTool,
  ImageGenerationTool,
  WebSearchPreviewTool,
  WebSearchTool,
} from './hosted-tools.ts'
import type { McpTool } from './mcp-tool.ts'
import type { ExtensionType, OpenString } from './open.ts'
import type {
  ApplyPatchTool,
  ComputerTool,
  ComputerUsePreviewTool,
  LocalShellTool,
  ShellTool,
} from './shell-tools.ts'
import type { AllowedCallers } from './tool-callers.ts'

/** JSON Schema as a plain object. */
export type JsonSchema = Record<string, unknown>

/**
 * A function of yours that the model may ask for.
 *
 * Source: Responses API, `FunctionTool`.
 */
export interface FunctionToolDefinition {
  type: 'function'
  /** 1–128 characters (64 in Open Responses) of `a-z A-Z 0-9 _ -`. */
  name: string
  description?: string | null
  /** JSON Schema of the arguments. */
  parameters?: JsonSchema | null
  /** JSON Schema of the output, for programs that call the function. */
  output_schema?: JsonSchema | null
  /**
   * Holds the model to the schema: all properties required, no additional ones.
   *
   * Say it explicitly: left out, OpenAI tries strict and fills optional arguments; other servers do not.
   */
  strict?: boolean | null
  /** Hides the tool until it is searched for. */
  defer_loading?: boolean
  allowed_callers?: AllowedCallers | null
}

/**
 * A tool of yours whose input is free text, or text that follows a grammar.
 *
 * Source: Responses API, `CustomToolParam`.
 */
export interface CustomToolDefinition {
  type: 'custom'
  name: string
  description?: string
  /** @defaultValue `{ type: 'text' }` */
  format?: { type: 'text' } | { type: 'grammar'; syntax: 'lark' | 'regex'; definition: string }
  defer_loading?: boolean
  allowed_callers?: AllowedCallers | null
}

/**
 * A function inside a namespace; the contract leaves its schema open.
 *
 * Source: Responses API, `FunctionToolParam`.
 */
export interface NamespacedFunction extends Omit<FunctionToolDefinition, 'parameters'> {
  parameters?: unknown
}

/** Tools under one name, found together by tool search. Source: Responses API, `NamespaceToolParam`. */
export interface NamespaceTool {
  type: 'namespace'
  name: string
  description: string
  /** At least one. */
  tools: (NamespacedFunction | CustomToolDefinition)[]
}

/** Lets the model look for tools that are not loaded yet. Source: Responses API, `ToolSearchToolParam`. */
export interface ToolSearchTool {
  type: 'tool_search'
  /** Who looks. @defaultValue `'server'` */
  execution?: OpenString<'server' | 'client'>
  description?: string | null
  /** JSON Schema of the search, when you execute it. */
  parameters?: unknown
}

/** Lets the model write programs that call tools. Source: Responses API, `ProgrammaticToolCallingParam`. */
export interface ProgrammaticToolCallingTool {
  type: 'programmatic_tool_calling'
}

/** A tool of a kind that is in no contract; passed on untouched. */
export interface UnknownTool {
  type: ExtensionType
  [field: string]: unknown
}

/** A tool that the contract describes, 16 kinds in all. */
export type KnownToolDefinition =
  | FunctionToolDefinition
  | CustomToolDefinition
  | NamespaceTool
  | ToolSearchTool
  | ProgrammaticToolCallingTool
  | WebSearchTool
  | WebSearchPreviewTool
  | FileSearchTool
  | CodeInterpreterTool
  | ImageGenerationTool
  | McpTool
  | ComputerTool
  | ComputerUsePreviewTool
  | LocalShellTool
  | ShellTool
  | ApplyPatchTool

/**
 * What `tools` may hold. CometAPI documents function, MCP and three hosted tools.
 *
 * Source: Responses API, `Tool`.
 */
export type ToolDefinition = KnownToolDefinition | UnknownTool

/** The `type` of every kind of tool that the contract describes. */
export const TOOL_TYPES = [
  'function',
  'custom',
  'namespace',
  'tool_search',
  'programmatic_tool_calling',
  'web_search',
  'web_search_preview',
  'file_search',
  'code_interpreter',
  'image_generation',
  'mcp',
  'computer',
  'computer_use_preview',
  'local_shell',
  'shell',
  'apply_patch',
] as const satisfies readonly KnownToolDefinition['type'][]

/** Dated names of tools, each with the name it is a version of. */
export const DATED_TOOL_TYPES = {
  web_search_2025_08_26: 'web_search',
  web_search_preview_2025_03_11: 'web_search_preview',
} as const satisfies Partial<Record<KnownToolDefinition['type'], (typeof TOOL_TYPES)[number]>>
