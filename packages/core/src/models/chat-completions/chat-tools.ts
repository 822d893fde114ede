import { createHash } from 'node:crypto'
import {
  type CustomToolDefinition,
  type FunctionToolDefinition,
  ParameterError,
  type ToolDefinition,
} from '@antiphon/client'
import type { ChatDialect } from './chat-dialect.ts'
import type { ChatTool } from './chat-types.ts'

/** What a name in an answer stands for. */
export interface NamedTool {
  readonly name: string
  /** Declared as a custom tool: its input is text, wrapped for the wire as `{ "input": … }`. */
  readonly custom: boolean
}

/** The tools of a request in the dialect, and their names both ways. */
export interface ChatTools {
  readonly declared: readonly (ChatTool & { readonly of: NamedTool })[]
  /** The tool behind a name that the model used. */
  named(chatName: string): NamedTool
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/
const HASH_CHARS = 8
const NAME_CHARS = 64

/**
 * The name of a tool as the dialect allows it: 1–64 of `[a-zA-Z0-9_-]`. A longer one, or one with dots or slashes, is cut and gets a hash of the whole,
 * so that the same name always becomes the same, in declarations and in the history.
 */
export const toChatName = (name: string): string => {
  if (NAME.test(name)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS)
  return `${name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, NAME_CHARS - HASH_CHARS - 1)}_${hash}`
}

const NO_PARAMETERS = { type: 'object', properties: {} }

const functionTool = (tool: FunctionToolDefinition): ChatTool['function'] => ({
  name: toChatName(tool.name),
  ...(tool.description ? { description: tool.description } : {}),
  // Templates of local models read `parameters` unasked.
  parameters: tool.parameters ?? NO_PARAMETERS,
  // False is the dialect's default, and servers exist that do not know the field.
  ...(tool.strict ? { strict: true } : {}),
})

const customTool = (tool: CustomToolDefinition): ChatTool['function'] => {
  const { format } = tool
  const input =
    format?.type === 'grammar'
      ? `Text that follows this ${format.syntax} grammar:\n${format.definition}`
      : 'The input, as plain text.'
  return {
    name: toChatName(tool.name),
    ...(tool.description ? { description: tool.description } : {}),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: input } },
      required: ['input'],
      additionalProperties: false,
    },
  }
}

const NO_TOOLS: ChatTools = { declared: [], named: (name) => ({ name, custom: false }) }

/** By the list itself: an agent has one for its life. */
const made = new WeakMap<readonly ToolDefinition[], Map<ChatDialect['hostedTools'], ChatTools>>()

/**
 * Translates the tools of a request, once per list.
 *
 * @throws ParameterError `invalid_parameter`, naming the tool, for one that is executed by the provider of a Responses endpoint.
 */
export const toChatTools = (
  tools: readonly ToolDefinition[] | null | undefined,
  hostedTools: ChatDialect['hostedTools'],
): ChatTools => {
  if (!tools || tools.length === 0) return NO_TOOLS
  const before = made.get(tools)
  const found = before?.get(hostedTools)
  if (found !== undefined) return found
  const translated = translate(tools, hostedTools)
  if (before === undefined) made.set(tools, new Map([[hostedTools, translated]]))
  else before.set(hostedTools, translated)
  return translated
}

const translate = (tools: readonly ToolDefinition[], hostedTools: ChatDialect['hostedTools']): ChatTools => {
  const declared: ChatTools['declared'][number][] = []
  const byName = new Map<string, NamedTool>()
  for (const [i, tool] of tools.entries()) {
    if (tool.type !== 'function' && tool.type !== 'custom') {
      if (hostedTools === 'drop') continue
      throw hostedTool(`tools[${i}]`, tool.type)
    }
    const of = { name: tool.name, custom: tool.type === 'custom' }
    const fn = tool.type === 'custom' ? customTool(tool) : functionTool(tool)
    byName.set(fn.name, of)
    declared.push({ type: 'function', function: fn, of })
  }
  return { declared, named: (name) => byName.get(name) ?? { name, custom: false } }
}

/** The error for a tool, a choice or an item that only a Responses endpoint can serve. */
export const hostedTool = (param: string, type: string): ParameterError =>
  new ParameterError(
    param,
    `Expected \`${param}\` to be something a Chat Completions endpoint knows, got \`${type}\`, which the provider of a Responses endpoint executes. Use a tool of yours or responses(), or leave it out with \`hostedTools: 'drop'\`.`,
  )
