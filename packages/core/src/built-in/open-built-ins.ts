import type { Annotation, InputItem, OutputItem, ToolDefinition } from '@antiphon/client'
import { ConfigError } from '../errors.ts'
import type { ModelCapabilities } from '../model.ts'
import type { Tool } from '../tools/tool.ts'
import type { BuiltInContext, BuiltInTool, OpenedBuiltIn } from './built-in.ts'
import { historyOf } from './item-history.ts'

/** A built-in tool with the declaration that it is to be opened with. */
export interface DeclaredBuiltIn {
  readonly tool: BuiltInTool
  readonly declaration: ToolDefinition
  /** It was asked for by a caller, and is not the agent's. */
  readonly ofCaller?: boolean
}

/** One that is open. */
export interface OpenBuiltIn {
  readonly tool: BuiltInTool
  readonly declaration: ToolDefinition
  readonly opened: OpenedBuiltIn
  /** It was asked for by a caller, and is not the agent's. */
  readonly ofCaller?: boolean
}

/** All built-in tools of a run, open. */
export interface BuiltInSet {
  readonly list: readonly OpenBuiltIn[]
  readonly tools: readonly Tool[]
  readonly instructions: string | undefined
  readonly announced: readonly OutputItem[]
  annotate(text: string): readonly Annotation[]
  close(): Promise<void>
}

/** True when the provider behind the model is to execute it. */
export const runsHosted = (
  { runs = 'auto', types }: BuiltInTool,
  declared: ToolDefinition,
  capabilities: ModelCapabilities | undefined,
): boolean => {
  if (runs !== 'auto') return runs === 'hosted'
  const { hostedTools } = capabilities ?? {}
  if (hostedTools === undefined) return false
  return hostedTools.includes(declared.type) || types.some((type) => hostedTools.includes(type))
}

/**
 * Opens built-in tools for a run, all at once; when one fails, those that are open are closed again.
 *
 * @throws WireRefusal of a tool; ConfigError `duplicate_tool` when two functions have one name, `taken` ones among them.
 */
export const openBuiltIns = async (
  declared: readonly DeclaredBuiltIn[],
  context: BuiltInContext,
  taken: ReadonlySet<string> = new Set(),
): Promise<BuiltInSet> => {
  const opening = await Promise.allSettled(
    declared.map(async ({ tool, declaration, ofCaller }) => ({
      tool,
      declaration,
      ...(ofCaller === true ? { ofCaller } : {}),
      opened: await tool.open(declaration, context),
    })),
  )
  const list = opening.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const set = setOf(list)
  try {
    for (const each of opening) if (each.status === 'rejected') throw each.reason
    checkNames(list, taken)
  } catch (error) {
    await set.close()
    throw error
  }
  return set
}

const setOf = (list: readonly OpenBuiltIn[]): BuiltInSet => {
  const texts = list.flatMap(({ opened }) => opened.instructions ?? [])
  return {
    list,
    tools: list.flatMap(({ opened }) => opened.tools),
    instructions: texts.length === 0 ? undefined : texts.join('\n\n'),
    announced: list.flatMap(({ opened }) => opened.announce ?? []),
    annotate: (text) => list.flatMap(({ opened }) => opened.annotate?.(text) ?? []),
    // What does not close must not keep the others open.
    close: async () => {
      await Promise.allSettled(list.map(async ({ opened }) => opened.close?.()))
    },
  }
}

const checkNames = (list: readonly OpenBuiltIn[], taken: ReadonlySet<string>): void => {
  const names = new Set(taken)
  for (const { tool, opened } of list)
    for (const { name } of opened.tools) {
      if (names.has(name))
        throw new ConfigError(
          'duplicate_tool',
          `Tool ${tool.name} offers the model a function "${name}", and there is one of that name already. Rename the other one, or leave one of them out.`,
        )
      names.add(name)
    }
}

/**
 * Items as the history of a model that is offered functions: what an item carries stands in its place; items of the given tools that somebody else made are told by the tool. Everything
 * else stays as it is, the very objects.
 */
export const replayItems = (
  items: readonly InputItem[],
  tools: readonly BuiltInTool[] = [],
): readonly InputItem[] => {
  if (!items.some((item) => isReplayed(item, tools))) return items
  return items.flatMap((item) => {
    const carried = historyOf(item as object)
    if (carried !== undefined) return carried
    const tool = toolOf(item, tools)
    return tool === undefined ? [item] : (tool.replay?.(item) ?? [asText(item)])
  })
}

const isReplayed = (item: InputItem, tools: readonly BuiltInTool[]): boolean =>
  historyOf(item as object) !== undefined || toolOf(item, tools) !== undefined

const toolOf = (item: InputItem, tools: readonly BuiltInTool[]): BuiltInTool | undefined => {
  const { type } = item as { type?: string }
  return type === undefined ? undefined : tools.find(({ itemTypes }) => itemTypes.includes(type))
}

/** As much of an item as a note in the history may be. */
const MAX_NOTE_CHARS = 4_000

/** A foreign item whose tool does not know better: no model takes the item itself, and what it found may be in it. */
const asText = (item: InputItem): InputItem => {
  const { id: _, ...facts } = item as unknown as Record<string, unknown>
  const text = `[An earlier tool call, as data: ${JSON.stringify(facts).slice(0, MAX_NOTE_CHARS)}]`
  return {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  } as unknown as InputItem
}
