import type { Annotation, InputItem, OutputItem, ToolDefinition } from '@antiphon/client'
import type { Tool } from '../tools/tool.ts'
import type { BuiltInEndpoint } from './endpoint.ts'

/** Who executes the calls of a built-in tool: this process, the provider behind the model, or the provider where the model says that it can and else this process. */
export type RunsWhere = 'local' | 'hosted' | 'auto'

/** What a built-in tool is opened for. */
export interface BuiltInContext {
  /** Whose run it is; `local` where there is only one. Whatever is kept must not be found under another. */
  readonly tenant: string
  readonly runId: string
  /** Aborted when the run is. Made on first read. */
  readonly signal: AbortSignal
  /** What the request wants to see beside the usual (`include`). */
  readonly include: ReadonlySet<string>
  /** The items that the run begins with. */
  readonly input: readonly InputItem[]
  /** Tells of something that was tolerated. */
  warn(message: string): void
}

/** A built-in tool, as one run has it. */
export interface OpenedBuiltIn {
  /** The functions that the model is offered, each with a `view`. Made by `tool()`. */
  readonly tools: readonly Tool[]
  /** System text behind the agent's own: how to use and to cite. */
  readonly instructions?: string
  /** Items to show before the first answer, such as `mcp_list_tools`. They are not sent to the model. */
  readonly announce?: readonly OutputItem[]
  /** Annotations of a text of the model's, by what its calls have found so far: citations, files. Indexes count UTF-16 code units, as JavaScript does. */
  annotate?(text: string): readonly Annotation[]
  /** The run is over, or could not begin. */
  close?(): void | Promise<void>
}

/** What a server that carries a built-in tool gives it, once, before anything else. */
export interface BuiltInHost {
  /** Where the server keeps things: a `Store` of `@antiphon/store`, or undefined for one that keeps nothing. */
  readonly store: object | undefined
  /** Files of tenants (`/v1/files`): a `FileStore` of `@antiphon/store`; there in memory, too. */
  readonly files?: object
}

/**
 * A type of tool that the wire knows and we run: `web_search`, `file_search`, `code_interpreter`, `mcp`, `shell`, or one of your own. Given to an agent (`tools: [webSearch()]`) it is declared
 * and run there; given to `serve` it answers for every request that declares one of its `types`.
 */
export interface BuiltInTool {
  readonly kind: 'built-in'
  /** For events and errors, such as `web_search`. */
  readonly name: string
  /** Types of wire declarations that it takes; dated variants, too. */
  readonly types: readonly string[]
  /** What an agent that has it declares: sent as it is to a provider that executes it, and given to `open` otherwise. */
  readonly declaration: ToolDefinition
  /** @defaultValue 'auto' */
  readonly runs?: RunsWhere
  /** Types of the items that its calls leave, wherever they are executed. */
  readonly itemTypes: readonly string[]
  /** Values of `include` that it honours. */
  readonly includes?: readonly string[]
  /**
   * Opens it for one run: cheap where nothing has to be asked.
   *
   * @throws WireRefusal for a declaration that it cannot honour, naming the field.
   */
  open(declaration: ToolDefinition, context: BuiltInContext): OpenedBuiltIn | Promise<OpenedBuiltIn>
  /**
   * What stands in the model's history for an item of its types that somebody else made (a provider, another server). Items of its own bring that along.
   *
   * @defaultValue the item is told as text
   */
  replay?(item: InputItem): readonly InputItem[]
  /** What a server offers beside responses when it carries this tool. */
  readonly endpoints?: readonly BuiltInEndpoint[]
  /** Called once by a server that carries it, before any run. */
  attach?(host: BuiltInHost): void | Promise<void>
  /** Called by a server that closes. */
  close?(): Promise<void>
}

/** True for what is a built-in tool that can be run here. */
export const isBuiltIn = (value: unknown): value is BuiltInTool =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'built-in'
