import type { ResponseRequest, ToolChoice, ToolDefinition } from '@antiphon/client'
import type { Limits, OnLimit } from '../budget/limits.ts'
import type { PriceTable } from '../budget/prices.ts'
import type { DeclaredBuiltIn } from '../built-in/open-built-ins.ts'
import type { ToolHandler } from '../middleware/middleware.ts'
import type { Model } from '../model.ts'
import type { WireSchema } from '../schema/wire-schema.ts'
import type { ToolQueue } from '../tools/run-queue.ts'
import type { Tool } from '../tools/tool.ts'
import type { CallGate } from './call-gate.ts'
import type { RunStateMode } from './run-options.ts'
import type { TurnInfo, TurnOverrides } from './turn-hooks.ts'

/** An agent made ready: everything that a run needs and that does not change between runs. Internal. */
export interface AgentSpec {
  readonly name: string
  readonly description: string
  /** The model, inside its middleware. */
  readonly model: Model
  readonly modelName: string | undefined
  /** Another model for one turn, inside the same middleware. */
  readonly inMiddleware: (model: Model) => Model
  readonly instructions: string | ((info: TurnInfo) => string | Promise<string>) | undefined
  /** Local tools and hand-offs by name. */
  readonly tools: ReadonlyMap<string, Tool>
  /** All tools as declared, hosted ones too; one array for the life of the agent, so that its text is made once. */
  readonly wireTools: readonly ToolDefinition[]
  readonly hasHostedTools: boolean
  /** Built-in tools that are executed here, to be opened for each run; undefined when there are none, or they are open. */
  readonly builtIns?: readonly DeclaredBuiltIn[]
  /** Built-in tools that the provider executes. */
  readonly hostedBuiltIns?: readonly DeclaredBuiltIn[]
  /** Agents that can be handed to, by the name of their hand-off tool. */
  readonly handoffs: ReadonlyMap<string, AgentSpec>
  readonly output: WireSchema<unknown> | undefined
  /** `output` is the caller's, who reads the text as it is: a fence around it is not forgiven, and a refusal is an answer. */
  readonly isCallersFormat?: boolean
  /** The request's constant part: settings, `text.format`, `parallel_tool_calls`. */
  readonly settings: Partial<ResponseRequest>
  readonly toolChoice: ToolChoice | undefined
  readonly resetToolChoice: boolean
  readonly parallelToolCalls: boolean | undefined
  readonly limits: Limits
  readonly onLimit: OnLimit
  readonly concurrency: number | undefined
  readonly queue: ToolQueue | undefined
  readonly state: RunStateMode
  /** The innermost handler runs the tool; middleware lies around it. */
  readonly handleTool: ToolHandler
  readonly prepareTurn:
    | ((info: TurnInfo) => TurnOverrides | undefined | Promise<TurnOverrides | undefined>)
    | undefined
  readonly stopWhen: readonly ((info: TurnInfo) => boolean | Promise<boolean>)[]
  readonly prices: PriceTable
  /** Bounds of the caller that this agent was adapted for. */
  readonly gate?: CallGate
}

/** Anything that can be handed to: an agent. */
export interface HandoffTarget {
  readonly name: string
  /** When to hand over to it. */
  readonly description: string
  /** @internal */
  readonly spec: AgentSpec
}
