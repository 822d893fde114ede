import type { ResponseRequest, ToolChoice, ToolDefinition } from '@antiphon/client'
import type { Limits, OnLimit } from '../budget/limits.ts'
import { PRICES } from '../budget/price-table.ts'
import type { PriceTable } from '../budget/prices.ts'
import { type BuiltInTool, isBuiltIn } from '../built-in/built-in.ts'
import { type DeclaredBuiltIn, runsHosted } from '../built-in/open-built-ins.ts'
import { runTool } from '../calls/run-tool.ts'
import type { AgentSpec, HandoffTarget } from '../context/agent-spec.ts'
import type { RunStateMode } from '../context/run-options.ts'
import type { TurnInfo, TurnOverrides } from '../context/turn-hooks.ts'
import { ConfigError } from '../errors.ts'
import type { Middleware, ToolHandler } from '../middleware/middleware.ts'
import type { Model } from '../model.ts'
import { responses } from '../models/responses.ts'
import type { InferOutput, Schema } from '../schema/schema.ts'
import { toWireSchema } from '../schema/wire-schema.ts'
import type { ToolQueue } from '../tools/run-queue.ts'
import type { Tool } from '../tools/tool.ts'
import { handoffTool } from './handoff.ts'

/** A condition after which the run stops. */
export type StopCondition = (info: TurnInfo) => boolean | Promise<boolean>

/** What makes an agent. */
export interface AgentOptions<S extends Schema | undefined = undefined> {
  /** For people, events and hand-offs; 1–50 of `[a-zA-Z0-9_-]`. @defaultValue 'agent' */
  readonly name?: string
  /** When to hand over to it: other agents' models read this. */
  readonly description?: string
  /** What answers. A string is the name of a model behind `responses()`. */
  readonly model: Model | string
  /** System text, or a function of the turn. */
  readonly instructions?: string | ((info: TurnInfo) => string | Promise<string>)
  /** Tools of yours, built-in tools (`webSearch()`) that run here or at the provider, and wire declarations (`{ type: 'web_search' }`) that the provider executes. */
  readonly tools?: readonly (Tool | BuiltInTool | ToolDefinition)[]
  /** Agents it may hand the conversation to. A function when two agents name each other. */
  readonly handoffs?: readonly HandoffTarget[] | (() => readonly HandoffTarget[])
  /** Shape of the final answer: sent as `text.format`, checked, repaired once, and typed as `result.output`. */
  readonly output?: S
  /** Bounds of a run. @defaultValue `{ turns: 50 }` */
  readonly limits?: Limits
  /** @defaultValue 'answer' */
  readonly onLimit?: OnLimit
  readonly toolChoice?: ToolChoice
  /** A forced `toolChoice` becomes `auto` after the agent's first calls; false keeps it. @defaultValue true */
  readonly resetToolChoice?: boolean
  /** False sends `parallel_tool_calls: false`, and executes one call at a time whatever the model does. */
  readonly parallelToolCalls?: boolean
  /** Calls at once in one run. @defaultValue 16 */
  readonly concurrency?: number
  /** A queue shared with other agents (`createToolQueue`). @defaultValue one per run */
  readonly queue?: ToolQueue
  /** Any other parameter of the request, by its wire name: `temperature`, `reasoning`, `store`, `metadata`, … */
  readonly settings?: Partial<ResponseRequest>
  /** @defaultValue 'local' */
  readonly state?: RunStateMode
  /** Wraps the model and the tools; the first is the outermost. */
  readonly use?: readonly Middleware[]
  /** Before each model call; may change it. */
  readonly prepareTurn?: (info: TurnInfo) => TurnOverrides | undefined | Promise<TurnOverrides | undefined>
  /** After each turn; any that says true stops the run. */
  readonly stopWhen?: StopCondition | readonly StopCondition[]
  /** Prices by model, over the built-in table. */
  readonly prices?: PriceTable
}

/** The value an agent's result has: the schema's, or text. */
export type OutputOf<S extends Schema | undefined> = S extends Schema ? InferOutput<S> : string

const NAME = /^[a-zA-Z0-9_-]{1,50}$/

/** Makes an agent ready: everything that does not change between runs is made here, once. */
export const specOf = (options: AgentOptions<Schema | undefined>): AgentSpec => {
  const name = options.name ?? 'agent'
  if (!NAME.test(name))
    throw new ConfigError(
      'invalid_config',
      `Expected an agent name of 1–50 letters, digits, _ or -, got \`${name}\`.`,
    )
  const use = options.use ?? []
  const base = typeof options.model === 'string' ? responses(options.model) : options.model
  if (typeof base !== 'function')
    throw new ConfigError(
      'invalid_config',
      `Agent "${name}": expected \`model\` to be a model or the name of one, got \`${typeof base}\`.`,
    )
  const wrap = (inner: Model): Model =>
    use.reduceRight<Model>((next, middleware) => middleware.model?.(next) ?? next, inner)
  const model = wrap(base)
  // Models that `prepareTurn` puts in the place of the agent's: what guards the one guards the others.
  const wrapped = new WeakMap<Model, Model>([[base, model]])
  const handleTool = use.reduceRight<ToolHandler>(
    (next, middleware) => middleware.tool?.(next) ?? next,
    runTool,
  )
  const handoffs = (
    typeof options.handoffs === 'function' ? options.handoffs() : (options.handoffs ?? [])
  ).map((target) => ({ target, tool: handoffTool(target) }))
  for (const [index, entry] of (options.tools ?? []).entries()) checkEntry(name, entry, index)
  const tools = new Map<string, Tool>()
  const hosted: ToolDefinition[] = []
  const builtIns: DeclaredBuiltIn[] = []
  const hostedBuiltIns: DeclaredBuiltIn[] = []
  for (const entry of [...(options.tools ?? []), ...handoffs.map(({ tool }) => tool)]) {
    if (isBuiltIn(entry)) {
      const { declaration } = entry
      const isHosted = runsHosted(entry, declaration, base.capabilities)
      ;(isHosted ? hostedBuiltIns : builtIns).push({ tool: entry, declaration })
      if (isHosted) hosted.push(declaration)
      continue
    }
    if (!isTool(entry)) {
      hosted.push(entry)
      continue
    }
    if (tools.has(entry.name))
      throw new ConfigError(
        'duplicate_tool',
        `Agent "${name}" has two tools named "${entry.name}". Names must differ.`,
      )
    tools.set(entry.name, entry)
  }
  const wireTools = [...[...tools.values()].map((tool) => tool.wire), ...hosted]
  const output =
    options.output === undefined
      ? undefined
      : toWireSchema(options.output, { kind: 'output', name: `${name}_output` })
  const { settings } = options
  return {
    name,
    description: options.description ?? '',
    model,
    modelName: base.modelName,
    inMiddleware: (inner) => {
      const known = wrapped.get(inner) ?? wrap(inner)
      wrapped.set(inner, known)
      return known
    },
    instructions: options.instructions,
    tools,
    wireTools,
    hasHostedTools: hosted.length > 0,
    ...(builtIns.length === 0 ? {} : { builtIns }),
    ...(hostedBuiltIns.length === 0 ? {} : { hostedBuiltIns }),
    get handoffs() {
      return new Map(handoffs.map(({ target, tool }) => [tool.name, target.spec]))
    },
    output,
    settings: {
      ...settings,
      ...(options.parallelToolCalls === undefined || wireTools.length + builtIns.length === 0
        ? {}
        : { parallel_tool_calls: options.parallelToolCalls }),
      ...(output === undefined
        ? {}
        : {
            text: {
              ...settings?.text,
              format: {
                type: 'json_schema',
                name: `${name}_output`,
                schema: output.jsonSchema,
                strict: output.strict,
              },
            },
          }),
    } as Partial<ResponseRequest>,
    toolChoice: options.toolChoice,
    resetToolChoice: options.resetToolChoice ?? true,
    parallelToolCalls: options.parallelToolCalls,
    limits: options.limits ?? {},
    onLimit: options.onLimit ?? 'answer',
    concurrency: options.concurrency,
    queue: options.queue,
    state: options.state ?? 'local',
    handleTool,
    prepareTurn: options.prepareTurn,
    stopWhen:
      options.stopWhen === undefined
        ? []
        : typeof options.stopWhen === 'function'
          ? [options.stopWhen]
          : options.stopWhen,
    prices: options.prices === undefined ? PRICES : { ...PRICES, ...options.prices },
  }
}

const isTool = (entry: Tool | BuiltInTool | ToolDefinition): entry is Tool =>
  'kind' in entry && entry.kind === 'tool'

/** What is neither would be declared to the server as it is. */
const checkEntry = (agentName: string, entry: unknown, index: number): void => {
  if (typeof entry === 'object' && entry !== null && ('kind' in entry || 'type' in entry)) return
  throw new ConfigError(
    'invalid_config',
    `Agent "${agentName}": expected \`tools[${index}]\` to be made by tool(), or to be a declaration with a \`type\`, got \`${entry === null ? 'null' : typeof entry}\`.`,
  )
}
