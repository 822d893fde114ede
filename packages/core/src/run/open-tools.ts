import type { Annotation } from '@antiphon/client'
import type { BuiltInContext } from '../built-in/built-in.ts'
import { type BuiltInSet, openBuiltIns } from '../built-in/open-built-ins.ts'
import type { AgentSpec } from '../context/agent-spec.ts'
import { instructionsWith } from '../context/instructions-with.ts'
import type { RunContext } from '../context/run-context.ts'

/** Opens the built-in tools of the agent that speaks now, once per run, and tells who executes them. */
export const openTools = async (run: RunContext): Promise<void> => {
  const spec = run.agent
  run.builtIns ??= new Map()
  let known = run.builtIns.get(spec)
  if (known === undefined) {
    const set = await openBuiltIns(spec.builtIns ?? [], contextOf(run), new Set(spec.tools.keys()))
    known = { agent: withOpen(spec, set), set }
    run.builtIns.set(spec, known)
    tell(run, spec, set)
    run.toolItems.push(...set.announced)
  }
  run.agent = known.agent
  if (run.rootAgent === spec) run.rootAgent = known.agent
}

/** Closes what the run has opened. */
export const closeTools = async ({ builtIns }: RunContext): Promise<void> => {
  await Promise.all([...(builtIns?.values() ?? [])].map(({ set }) => set.close()))
}

/** What a text points to, by all that is open. */
export const annotationsOf = ({ builtIns }: RunContext, text: string): Annotation[] =>
  [...(builtIns?.values() ?? [])].flatMap(({ set }) => set.annotate(text))

const contextOf = (run: RunContext): BuiltInContext => ({
  tenant: run.options.tenant ?? 'local',
  runId: run.runId,
  get signal() {
    return run.signal
  },
  include: new Set(run.agent.settings.include ?? []),
  input: run.history.items.slice(0, run.start),
  warn: (message) => run.warn('built_in', message),
})

/** The agent with the functions of its open tools. */
const withOpen = (spec: AgentSpec, { tools, instructions }: BuiltInSet): AgentSpec => {
  const { instructions: own } = spec
  return {
    ...spec,
    builtIns: undefined,
    hostedBuiltIns: undefined,
    tools: new Map([...spec.tools, ...tools.map((tool) => [tool.name, tool] as const)]),
    wireTools: tools.length === 0 ? spec.wireTools : [...spec.wireTools, ...tools.map(({ wire }) => wire)],
    instructions: instructions === undefined ? own : instructionsWith(own, instructions),
    // Agents that name each other: asked for when needed.
    get handoffs() {
      return spec.handoffs
    },
  }
}

const tell = (run: RunContext, { hostedBuiltIns = [] }: AgentSpec, { list }: BuiltInSet): void => {
  for (const { tool, opened } of list)
    run.emit({
      type: 'built_in.opened',
      tool: tool.name,
      runs: 'local',
      functions: opened.tools.map(({ name }) => name),
      items: opened.announce ?? [],
    })
  for (const { tool } of hostedBuiltIns)
    run.emit({ type: 'built_in.opened', tool: tool.name, runs: 'hosted', functions: [], items: [] })
}
