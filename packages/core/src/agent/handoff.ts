import type { HandoffTarget } from '../context/agent-spec.ts'
import { type Tool, tool } from '../tools/tool.ts'

/**
 * The tool by which a model hands the conversation to another agent. The items stay; from the next turn on the other agent's instructions,
 * tools and model are used. Of several hand-offs in one response only the first counts.
 */
export const handoffTool = (target: HandoffTarget): Tool => {
  // Not of its spec: agents that name each other are made ready one by one.
  const { name, description } = target
  return {
    ...tool({
      name: `transfer_to_${name}`,
      description: `Hand the conversation to the agent "${name}".${description === '' ? '' : ` ${description}`}`,
      effect: 'write',
    }),
    handoffTo: name,
  } as Tool
}
