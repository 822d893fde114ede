import type { InputItem, ResponseRequest, ToolChoice, ToolDefinition } from '@antiphon/client'
import type { LimitHit } from '../budget/purse.ts'
import { hostedItemType } from '../calls/hosted-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import type { TurnInfo, TurnOverrides } from '../context/turn-hooks.ts'
import { HookError } from '../errors.ts'
import { afterFirstCalls } from './tool-choice.ts'

/** A request ready to go, and what a hook changed for this turn alone. */
export interface PreparedTurn {
  request: ResponseRequest
  overrides: TurnOverrides | undefined
}

/** What hooks may look at. */
export const turnInfo = (run: RunContext): TurnInfo => ({
  runId: run.runId,
  agent: run.agent.name,
  turn: run.turn,
  history: run.history.items,
  response: run.response,
  calledTools: run.calledTools,
  usage: run.usage,
  context: run.options.context,
})

/** Calls a hook; what it throws becomes a HookError. One that hangs is left alone when the run is aborted. */
export const callHook = async <T>(run: RunContext, name: string, hook: () => T | Promise<T>): Promise<T> => {
  try {
    const value = hook()
    return isPromise(value) ? await run.orAborted(Promise.resolve(value)) : value
  } catch (error) {
    throw run.aborted !== undefined && error === run.aborted ? error : new HookError(name, error)
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function'

/** Builds the request of the next turn. Costs the same in turn 1 and turn 1,000: the input is the history itself, not a copy. */
export const prepareRequest = async (run: RunContext, last: LimitHit | undefined): Promise<PreparedTurn> => {
  const { agent } = run
  const overrides =
    agent.prepareTurn === undefined
      ? undefined
      : await callHook(run, 'prepareTurn', () => agent.prepareTurn?.(turnInfo(run)))
  const instructions =
    overrides?.instructions ??
    (typeof agent.instructions === 'function'
      ? await callHook(run, 'instructions', () =>
          (agent.instructions as (info: TurnInfo) => string)(turnInfo(run)),
        )
      : agent.instructions)
  const tools = activeTools(run, overrides)
  const choice =
    last === undefined ? (overrides?.toolChoice ?? toolChoice(run)) : tools.length > 0 ? 'none' : undefined
  // Not a literal that begins with a spread: V8 would give each request a hidden class of its own, and each look at one of its fields would be the first.
  const request: ResponseRequest = Object.assign({}, agent.settings)
  if (instructions !== undefined) request.instructions = instructions
  if (tools.length > 0) request.tools = tools as ToolDefinition[]
  if (choice !== undefined) request.tool_choice = choice
  if (agent !== run.rootAgent && run.rootAgent.output !== undefined)
    request.text = run.rootAgent.settings.text
  if (overrides?.settings !== undefined) Object.assign(request, overrides.settings)
  request.input = input(run, overrides) as InputItem[]
  if (agent.hasHostedTools) boundHostedCalls(run, request)
  if (run.server !== undefined) {
    if (run.server.previousResponseId !== undefined)
      request.previous_response_id = run.server.previousResponseId
    else if (run.server.conversation !== undefined) request.conversation = run.server.conversation
  }
  return { request, overrides }
}

const activeTools = (run: RunContext, overrides: TurnOverrides | undefined): readonly ToolDefinition[] => {
  const { wireTools, tools } = run.agent
  if (overrides?.tools === undefined) {
    run.hiddenTools = undefined
    return wireTools
  }
  const names = new Set(overrides.tools)
  // A hook of the agent knows nothing of the tools of its caller.
  for (const { name, ofCaller } of tools.values()) if (ofCaller) names.add(name)
  const nameOf = (tool: ToolDefinition): string => (tool as { name?: string }).name ?? tool.type
  run.hiddenTools = new Set(wireTools.map(nameOf).filter((name) => !names.has(name)))
  return wireTools.filter((tool) => names.has(nameOf(tool)))
}

/** A forced choice holds until the agent's first calls. */
const toolChoice = (run: RunContext): ToolChoice | undefined => {
  const { agent } = run
  if (agent.toolChoice === undefined) return undefined
  return agent.resetToolChoice && run.calledTools.length > run.calledBefore
    ? afterFirstCalls(agent.toolChoice)
    : agent.toolChoice
}

const input = (run: RunContext, overrides: TurnOverrides | undefined): readonly InputItem[] => {
  if (overrides?.input !== undefined) return overrides.input
  const { server, history } = run
  return server === undefined || server.sentUpTo === 0 ? history.items : history.items.slice(server.sentUpTo)
}

/**
 * What is left of the run's calls bounds the hosted ones of this response. A hosted tool with nothing left is not declared: servers refuse a bound of 0, and the
 * provider would not ask before it calls.
 */
const boundHostedCalls = (run: RunContext, request: ResponseRequest): void => {
  const allowed = run.agent.gate?.hostedCallsLeft?.()
  let left = lesser(run.purse.callsLeft(), allowed)
  let sum: number | undefined = 0
  const spent = new Set<ToolDefinition>()
  for (const tool of request.tools ?? []) {
    const type = hostedItemType(tool)
    if (type === undefined) continue
    const own = lesser(run.purse.callsLeftFor(type), allowed)
    if (own === 0) spent.add(tool)
    sum = own === undefined || sum === undefined ? undefined : sum + own
  }
  if (spent.size > 0) {
    const tools = (request.tools ?? []).filter((tool) => !spent.has(tool))
    request.tools = tools
    if (tools.length === 0) {
      delete request.tools
      delete request.tool_choice
      delete request.parallel_tool_calls
    }
  }
  if (sum !== undefined && sum > 0) left = left === undefined ? sum : Math.min(left, sum)
  if (left === undefined || left === 0) return
  const own = request.max_tool_calls
  request.max_tool_calls = typeof own === 'number' ? Math.min(own, left) : left
}

const lesser = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
