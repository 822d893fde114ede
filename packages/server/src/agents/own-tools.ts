import type { ToolDefinition } from '@antiphon/client'
import type { Agent, OpenBuiltIn, Tool } from 'antiphon'

type Spec = Agent<unknown>['spec']

/** What an agent has to call, and all that it can hand over to. */
export interface OwnTools {
  readonly byName: ReadonlyMap<string, Tool>
  /** Declarations of tools that its provider executes. */
  readonly hosted: readonly ToolDefinition[]
  /** Built-in tools that are open, by the types that name them, with their functions. */
  readonly builtIns?: readonly OpenBuiltIn[]
}

/** The agent, and every agent that hand-offs lead to. */
export const reachable = (spec: Spec): Spec[] => {
  const seen = new Set([spec])
  for (const each of seen) for (const next of each.handoffs.values()) seen.add(next)
  return [...seen]
}

/** The tools of an agent and of those it can hand over to; of two with one name, the first. */
export const ownTools = (spec: Spec): OwnTools => {
  const byName = new Map<string, Tool>()
  const hosted: ToolDefinition[] = []
  for (const { tools, wireTools } of reachable(spec)) {
    for (const [name, tool] of tools) if (!byName.has(name)) byName.set(name, tool)
    for (const wire of wireTools) if (!('name' in wire && tools.has(String(wire.name)))) hosted.push(wire)
  }
  return { byName, hosted }
}

/** The tools of an agent, with the functions of the built-in ones that are open. */
export const withOpenTools = ({ byName, hosted }: OwnTools, list: readonly OpenBuiltIn[]): OwnTools => ({
  byName: new Map([
    ...byName,
    ...list.flatMap(({ opened }) => opened.tools.map((tool) => [tool.name, tool] as const)),
  ]),
  hosted,
  builtIns: list,
})

/** The name of the agent that runs a tool; undefined when none does. */
export const agentWith = (spec: Spec, toolName: string): string | undefined =>
  reachable(spec).find(({ tools }) => tools.get(toolName)?.execute !== undefined)?.name
