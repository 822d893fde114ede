import type {
  CustomToolDefinition,
  FunctionToolDefinition,
  ResponseRequest,
  ToolChoice,
  ToolChoiceAllowed,
  ToolDefinition,
} from '@antiphon/client'
import type { OpenBuiltIn } from '../built-in/open-built-ins.ts'
import type { AgentSpec } from '../context/agent-spec.ts'
import type { CallGate } from '../context/call-gate.ts'
import { instructionsWith } from '../context/instructions-with.ts'
import { ConfigError } from '../errors.ts'
import { describeIssue } from '../schema/describe-issue.ts'
import type { JsonObject } from '../schema/json.ts'
import { jsonSchema } from '../schema/json-schema.ts'
import { parseFailure } from '../schema/parse-result.ts'
import type { WireSchema } from '../schema/wire-schema.ts'
import type { Tool } from '../tools/tool.ts'
import { type Agent, agentOf } from './agent.ts'

/** What one caller asks of an agent, beside the input. */
export interface AgentChanges {
  /** System text after the agent's own. */
  readonly instructions?: string
  /** Tools of the caller, as declared on the wire. Their calls are not run: the run stops and waits for their outputs. They do not count in `limits`. */
  readonly tools?: readonly (FunctionToolDefinition | CustomToolDefinition)[]
  /** Parameters of each model call, over the agent's own `settings`. */
  readonly settings?: Partial<ResponseRequest>
  /** In the place of the agent's own. */
  readonly toolChoice?: ToolChoice
  /** In the place of the agent's own. */
  readonly parallelToolCalls?: boolean
  /** Shape of the final answer: sent as it is; an answer of another shape is repaired once, as with `output`. The result's `output` is the value. */
  readonly format?: NonNullable<ResponseRequest['text']>['format']
  /** Built-in tools that are open: those of the agent, and of every agent that it can hand over to, and those that the caller has asked for. */
  readonly builtIns?: readonly OpenBuiltIn[]
  /** Wire declarations of the caller's that the provider executes. */
  readonly hosted?: readonly ToolDefinition[]
  /** Asked before each call. */
  readonly gate?: CallGate
}

/**
 * The agent as one caller gets it, and so all agents that it can hand over to. Costs little; make one per run.
 *
 * @throws ConfigError `duplicate_tool` when a tool of the caller has the name of another; `invalid_config` for a `format` beside the agent's own `output`. SchemaError for a
 * `format` whose schema leads nowhere.
 */
export const adaptAgent = (agent: Agent<unknown>, changes: AgentChanges): Agent<unknown> => {
  const output = changes.format === undefined ? undefined : outputOf(agent.spec, changes.format)
  const made = new Map<AgentSpec, AgentSpec>()
  const adapt = (spec: AgentSpec): AgentSpec => {
    const known = made.get(spec)
    if (known !== undefined) return known
    const adapted = adaptSpec(spec, changes, output, adapt)
    made.set(spec, adapted)
    return adapted
  }
  const spec = adapt(agent.spec)
  return agentOf(agent.name, agent.description, () => spec)
}

const adaptSpec = (
  spec: AgentSpec,
  changes: AgentChanges,
  output: WireSchema<unknown> | undefined,
  adapt: (spec: AgentSpec) => AgentSpec,
): AgentSpec => {
  const {
    instructions,
    tools = [],
    hosted = [],
    settings,
    toolChoice,
    parallelToolCalls,
    format,
    gate,
  } = changes
  const open = openIn(spec, changes.builtIns ?? [])
  const all = new Map(spec.tools)
  for (const tool of open.tools) all.set(tool.name, tool)
  for (const wire of tools) {
    if (all.has(wire.name))
      throw new ConfigError(
        'duplicate_tool',
        `Agent "${spec.name}" has a tool named "${wire.name}" already, so a caller's tool cannot be called that. Rename it.`,
      )
    all.set(wire.name, callersTool(wire))
  }
  const wireTools: readonly ToolDefinition[] =
    tools.length + open.tools.length + hosted.length === 0
      ? spec.wireTools
      : [...spec.wireTools, ...open.tools.map(({ wire }) => wire), ...tools, ...hosted]
  const text = { ...spec.settings.text, ...settings?.text, ...(format === undefined ? {} : { format }) }
  return {
    ...spec,
    ...withTexts(spec, [instructions, open.instructions]),
    builtIns: undefined,
    hostedBuiltIns: undefined,
    hasHostedTools: spec.hasHostedTools || hosted.length > 0,
    tools: all,
    wireTools,
    settings: {
      ...spec.settings,
      ...settings,
      ...(Object.keys(text).length === 0 ? {} : { text }),
      ...(parallelToolCalls === undefined || wireTools.length === 0
        ? {}
        : { parallel_tool_calls: parallelToolCalls }),
    },
    // When it is asked for: agents may name each other.
    get handoffs() {
      return new Map([...spec.handoffs].map(([name, target]) => [name, adapt(target)]))
    },
    output: output ?? spec.output,
    ...(output === undefined ? {} : { isCallersFormat: true }),
    toolChoice: wireTools.length === 0 ? undefined : choiceOf(toolChoice ?? spec.toolChoice, all),
    parallelToolCalls: parallelToolCalls ?? spec.parallelToolCalls,
    ...(gate === undefined ? {} : { gate }),
  }
}

const callersTool = (wire: FunctionToolDefinition | CustomToolDefinition): Tool => ({
  kind: 'tool',
  name: wire.name,
  description: wire.description ?? '',
  effect: 'write',
  wire,
  // What arguments its caller takes is the caller's to say.
  schema: undefined,
  slots: undefined,
  ofCaller: true,
})

/** A choice, as far as an agent has the tools: of two agents, each knows its own. */
const choiceOf = (
  choice: ToolChoice | undefined,
  tools: ReadonlyMap<string, Tool>,
): ToolChoice | undefined => {
  if (choice === undefined || typeof choice === 'string') return choice
  const isThere = ({ type, name }: { type?: unknown; name?: unknown }): boolean =>
    (type !== 'function' && type !== 'custom') || tools.has(String(name))
  if (choice.type !== 'allowed_tools') return isThere(choice) ? choice : undefined
  const { tools: named } = choice as ToolChoiceAllowed
  const own = named.filter(isThere)
  if (own.length === named.length) return choice
  return own.length === 0 ? 'none' : ({ ...choice, tools: own } as ToolChoice)
}

/** The open built-in tools of one agent: its own, and those that the caller has asked for. */
const openIn = (
  { builtIns = [] }: AgentSpec,
  list: readonly OpenBuiltIn[],
): { readonly tools: readonly Tool[]; readonly instructions: string | undefined } => {
  const mine = list.filter(
    ({ ofCaller, declaration }) =>
      ofCaller === true || builtIns.some((own) => own.declaration === declaration),
  )
  const texts = mine.flatMap(({ opened }) => opened.instructions ?? [])
  return {
    tools: mine.flatMap(({ opened }) => opened.tools),
    instructions: texts.length === 0 ? undefined : texts.join('\n\n'),
  }
}

const withTexts = (
  spec: AgentSpec,
  texts: readonly (string | undefined)[],
): Pick<AgentSpec, 'instructions'> | undefined => {
  const more = texts.filter((text) => text !== undefined).join('\n\n')
  return more === '' ? undefined : { instructions: instructionsWith(spec.instructions, more) }
}

/** How an answer is held against a format of the wire; undefined for one that any text fits. */
const outputOf = (
  spec: AgentSpec,
  format: NonNullable<AgentChanges['format']>,
): WireSchema<unknown> | undefined => {
  const { type, schema } = format as { type: string; schema?: JsonObject }
  if (type === 'text') return undefined
  if (spec.output !== undefined)
    throw new ConfigError(
      'invalid_config',
      `Agent "${spec.name}" has an \`output\` schema of its own, so \`text.format\` cannot ask for another. Leave it out.`,
    )
  const document = (type === 'json_schema' ? schema : undefined) ?? { type: 'object' }
  return { jsonSchema: document, strict: false, parse: parserOf(document) }
}

const parserOf = (document: JsonObject): WireSchema<unknown>['parse'] => {
  const { validate } = jsonSchema(document)['~standard']
  return async (value) => {
    const result = await validate(value)
    return result.issues === undefined
      ? { ok: true, value }
      : parseFailure(result.issues.map((issue) => describeIssue(issue, value, [])))
  }
}
