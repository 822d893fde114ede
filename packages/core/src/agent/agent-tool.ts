import type { Purse } from '../budget/purse.ts'
import { addUsage } from '../budget/usage.ts'
import { type CallOwner, ownerOf } from '../calls/call-owner.ts'
import { callKey } from '../calls/record-call.ts'
import { failRun } from '../calls/stopping.ts'
import type { AgentSpec } from '../context/agent-spec.ts'
import type { RunContext } from '../context/run-context.ts'
import type { RunOptions } from '../context/run-options.ts'
import { ToolSuspended } from '../context/suspended.ts'
import { JournalError } from '../errors/journal-error.ts'
import type { Journal } from '../journal/journal.ts'
import type { SubSpent } from '../journal/log-record.ts'
import { beginInside, beginResume } from '../run/begin.ts'
import type { RunResult } from '../run/result.ts'
import type { Run } from '../run/run.ts'
import { jsonSchema } from '../schema/json-schema.ts'
import type { InferOutput, Schema } from '../schema/schema.ts'
import type { NestedResume } from '../state/decide.ts'
import { type Effect, type Tool, type ToolOptions, tool, toolOutput } from '../tools/tool.ts'
import type { ToolContext } from '../tools/tool-context.ts'

/** How an agent presents itself as a tool. */
export interface AgentToolOptions<S extends Schema = Schema<{ input: string }>> {
  /** @defaultValue the agent's name */
  readonly name?: string
  /** @defaultValue the agent's description */
  readonly description?: string
  /** Arguments of the tool. @defaultValue `{ input: string }` */
  readonly inputSchema?: S
  /** Makes the agent's input from the arguments. @defaultValue `input`, or the arguments as JSON */
  toInput?(args: InferOutput<S>): string
  /** @defaultValue `read` when every tool of the agent is harmless, else `write` */
  readonly effect?: Effect
  readonly needsApproval?: ToolOptions<S, unknown>['needsApproval']
  readonly timeoutMs?: number
}

const INPUT = jsonSchema<{ input: string }>({
  type: 'object',
  properties: {
    input: { type: 'string', description: 'What the agent is asked to do, with all it needs to know.' },
  },
  required: ['input'],
  additionalProperties: false,
})

/**
 * An agent as a tool of another. Its run shares the queue and the purse of the run that calls it, shows its events there as `agent.event`, is cancelled with it,
 * and its approvals become the parent's.
 */
export const agentTool = <S extends Schema>(
  spec: AgentSpec,
  options: AgentToolOptions<S>,
): Tool<InferOutput<S>> => {
  const { toInput = defaultInput, inputSchema = INPUT as unknown as S, ...rest } = options
  const harmless = !spec.hasHostedTools && [...spec.tools.values()].every((own) => own.effect !== 'write')
  const made = tool({
    timeoutMs: Number.POSITIVE_INFINITY,
    effect: harmless ? 'read' : 'write',
    ...rest,
    name: options.name ?? spec.name,
    description: options.description ?? spec.description,
    inputSchema: inputSchema as Schema,
    execute: (args: unknown, context: ToolContext) =>
      runInside(spec, () => toInput(args as InferOutput<S>), context),
  })
  return { ...made, slotless: true } as unknown as Tool<InferOutput<S>>
}

const defaultInput = (args: unknown): string =>
  typeof (args as { input?: unknown } | null)?.input === 'string'
    ? (args as { input: string }).input
    : JSON.stringify(args)

const runInside = async (spec: AgentSpec, toInput: () => string, context: ToolContext): Promise<unknown> => {
  const owner = ownerOf(context)
  const parent = owner?.run
  const nested = owner?.call.nested as NestedResume | undefined
  const options: RunOptions = {
    signal: context.signal,
    context: context.context,
    runId: runIdOf(context, owner),
  }
  const { run, purse }: { run: Run<unknown>; purse?: Purse } =
    nested === undefined
      ? beginInside(spec, toInput(), options, parent, journalOf(owner))
      : { run: beginResume(spec, nested.state, nested.decisions, options, parent) }
  const book = (result: RunResult<unknown>): void => {
    if (parent !== undefined) bookUsed(parent, result, nested?.state)
    if (owner !== undefined && purse !== undefined && parent?.journal !== undefined)
      owner.call.spent = spentOf(result, purse)
  }
  if (parent !== undefined)
    run.on('event', (event) =>
      parent.emit({ type: 'agent.event', callId: context.callId, agent: spec.name, event }),
    )
  let result: RunResult<unknown>
  try {
    result = await run.result()
  } catch (error) {
    const { result: partial, cause } = error as { result?: RunResult<unknown>; cause?: unknown }
    if (partial !== undefined) book(partial)
    // The log is the whole run's: what is wrong with it is nothing that the model could mend.
    if (parent?.journal !== undefined && cause instanceof JournalError) failRun(parent, cause)
    throw error
  }
  book(result)
  return outcome(result)
}

/** Names the run of a call: the same in each process, and another one in each turn, as a model may use an id again. */
const runIdOf = (context: ToolContext, owner: CallOwner | undefined): string =>
  owner === undefined
    ? `${context.runId}/${context.callId}`
    : `${context.runId}/t${owner.call.turn}/${context.callId}`

const spentOf = ({ usage, costUsd }: RunResult<unknown>, purse: Purse): SubSpent => ({
  usage,
  ...(costUsd === undefined ? {} : { costUsd }),
  purse: purse.toJSON(),
})

/** The part of the parent's log that is this call's. */
const journalOf = (owner: CallOwner | undefined): Journal | undefined =>
  owner === undefined ? undefined : owner.run.journal?.scope(`${callKey(owner.call)}/`)

/** Adds what the sub-agent used to the parent's own count; what was counted before a resume is taken off. */
const bookUsed = (
  parent: RunContext,
  result: RunResult<unknown>,
  before: NestedResume['state'] | undefined,
): void => {
  addUsage(parent.usage, result.usage)
  if (before !== undefined)
    for (const key of Object.keys(before.usage) as (keyof RunResult['usage'])[])
      parent.usage[key] -= before.usage[key]
  if (parent.costUsd !== undefined)
    parent.costUsd =
      result.costUsd === undefined ? undefined : parent.costUsd + result.costUsd - (before?.costUsd ?? 0)
}

const outcome = (result: RunResult<unknown>): unknown => {
  const { stop } = result
  if (stop.reason === 'approval') throw new ToolSuspended(stop.pending, result.state)
  if (stop.reason === 'cancelled') throw new Error(`The agent was stopped: ${stop.message}`)
  const content =
    typeof result.output === 'string' || result.output === undefined ? result.text : result.output
  const note =
    stop.reason === 'limit'
      ? `\n(The agent reached its limit ${stop.limit}.)`
      : stop.reason === 'incomplete'
        ? `\n(The answer is incomplete: ${stop.details}.)`
        : ''
  return toolOutput({
    content: note === '' || typeof content !== 'string' ? content : content + note,
    details: result,
  })
}
