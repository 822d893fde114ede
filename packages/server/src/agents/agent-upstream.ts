import { type InputItem, isAntiphonError, type Response, type ResponseRequest } from '@antiphon/client'
import {
  type Agent,
  AntiphonError,
  adaptAgent,
  type EventSink,
  type Run,
  RunError,
  type RunOptions,
  type RunResult,
  type WarningEvent,
} from 'antiphon'
import { ServeError } from '../request/serve-error.ts'
import { OutputLine } from '../upstream/output-line.ts'
import type { AnswerContext, Upstream } from '../upstream/upstream.ts'
import { readAsked } from './agent-changes.ts'
import { AnswerWriter } from './answer-writer.ts'
import { type DecidedCall, decidedCalls, useApprovals } from './approval-decisions.ts'
import { CallerBounds } from './caller-bounds.ts'
import { checkedHistory } from './checked-history.ts'
import { issueApprovals } from './issue-approvals.ts'
import { agentWith, type OwnTools, ownTools } from './own-tools.ts'
import { resumeDecided, withinBounds } from './resume-decided.ts'
import { endingOf, wireUsage } from './run-ending.ts'
import { type OwnItems, toHistory } from './to-history.ts'

/** How an agent is served. */
export interface AgentUpstreamOptions {
  /** Names that it answers to; the first is the default. @defaultValue the agent's name */
  readonly models?: readonly string[]
  /** What holds for each of its runs: bounds, a queue, the value that tools get as `ctx.context`. */
  readonly run?: Pick<RunOptions, 'limits' | 'concurrency' | 'queue' | 'context'>
}

/**
 * An agent behind the server. Its own calls run here and appear as `mcp_call`s with the agent's name as `server_label`; the client's functions come back as `function_call`s; a
 * call that needs approval ends the response with an `mcp_approval_request`, and goes on in the response that decides about it.
 *
 * With `context.runs` the run is kept under the id of the response. `answer` rejects with ServeError 400 for what the agent cannot do, before anything is told or run; later with
 * what failed the run, or the reason of a cancel.
 */
export const agentUpstream = (agent: Agent<unknown>, options: AgentUpstreamOptions = {}): Upstream => {
  const { compact } = agent.spec.model
  // When it is first asked: agents that hand over to each other may not all exist yet.
  let served: ServedAgent | undefined
  const serve = (): ServedAgent => {
    served ??= servedAgent(agent)
    return served
  }
  return {
    models: options.models ?? [agent.name],
    bringsTools: true,
    keepsRuns: true,
    refuses: { prompt: `Agent "${agent.name}" has instructions of its own.` },
    answer: (request, sink, context) => answer(serve(), options, request, sink, context),
    ...(compact === undefined
      ? {}
      : {
          compact: async (request, context) =>
            compact({ ...request, input: toHistory(itemsOf(request.input), serve().items) }, context),
        }),
  }
}

/** An agent with what is its own, found out once. */
interface ServedAgent {
  readonly agent: Agent<unknown>
  readonly tools: OwnTools
  readonly items: OwnItems
}

const servedAgent = (agent: Agent<unknown>): ServedAgent => {
  const tools = ownTools(agent.spec)
  const isCustom = (name: string): boolean => tools.byName.get(name)?.wire.type === 'custom'
  return { agent, tools, items: { label: agent.name, isCustom } }
}

const answer = async (
  { agent, tools: own, items: ownItems }: ServedAgent,
  options: AgentUpstreamOptions,
  request: ResponseRequest,
  sink: EventSink,
  context: AnswerContext,
): Promise<void> => {
  const stop = stoppable(context)
  const items = itemsOf(request.input)
  const asked = readAsked(request, { name: agent.name, own, hasOutput: agent.spec.output !== undefined })
  const decided = withinBounds(decidedCalls(items, ownItems), asked.bounds.maxToolCalls)
  const approved = decided.filter(({ decision }) => decision.decision === 'approve')
  checkRunnable(agent, approved)
  const clients = new Map(asked.changes.tools?.map(({ name, type }) => [name, type]))
  const writer = new AnswerWriter(new OutputLine(baseOf(agent, context), sink), {
    responseId: context.responseId,
    label: agent.name,
    isClients: (name) => clients.has(name) || isLeftToClient(own.byName.get(name)),
    mayRefuse: asked.bounds.oneAtATime || asked.bounds.allowed !== undefined,
    mayRepair: asked.changes.format !== undefined,
    mayHide:
      asked.bounds.oneAtATime ||
      asked.bounds.allowed !== undefined ||
      asked.bounds.maxToolCalls !== undefined,
    isCustom: (name) => clients.get(name) === 'custom' || ownItems.isCustom(name),
  })
  const gate = new CallerBounds(asked.bounds, writer, approved.length)
  const adapted = refusing(() => adaptAgent(agent, { ...asked.changes, gate }))
  const start =
    decided.length === 0
      ? startNew(adapted, items, ownItems)
      : resumeDecided(adapted, items, decided, ownItems)
  const isRetold = (await context.runs?.get(context.responseId)) !== undefined
  // Who tells a response again has used its approvals.
  if (!isRetold) await useApprovals(decided, context.approvals)
  stop.check()
  writer.begin(approved)
  const run = start({ ...options.run, runId: context.responseId, state: 'local', ...keptIn(context) })
  stop.follow(run)
  run.on('event', (event) => {
    if (stop.reason !== undefined) return
    try {
      if (event.type === 'warning')
        context.warn?.('middleware', `${agent.name}: ${(event as WarningEvent).message}`)
      writer.take(event)
    } catch (error) {
      // The sink refused an event: that fails the answer, not only the listener.
      stop.now(error)
    }
  })
  let result: RunResult<unknown>
  try {
    result = await run.result()
  } catch (error) {
    bookSpent(agent, context, error)
    throw stop.reason === undefined ? failureOf(error) : stop.reason.error
  }
  if (stop.reason !== undefined) throw stop.reason.error
  if (result.stop.reason === 'cancelled') throw new AntiphonError('aborted', result.stop.message)
  if (result.stop.reason === 'approval')
    await issueApprovals(result.stop.pending, { writer, context, label: agent.name, isRetold })
  writer.close()
  writer.end(endingOf(result))
}

const itemsOf = (input: ResponseRequest['input']): readonly InputItem[] =>
  typeof input === 'string'
    ? [{ type: 'message', role: 'user', content: input }]
    : ((input ?? []) as readonly InputItem[])

const isLeftToClient = (tool: { execute?: unknown; handoffTo?: string } | undefined): boolean =>
  tool !== undefined && tool.execute === undefined && tool.handoffTo === undefined

const startNew = (
  agent: Agent<unknown>,
  items: readonly InputItem[],
  own: OwnItems,
): ((options: RunOptions) => Run<unknown>) => {
  const history = checkedHistory(toHistory(items, own))
  return (options) => agent.run(history, options)
}

/** Whoever has the response has its run; nobody else tells it. */
const keptIn = ({ runs }: AnswerContext): RunOptions =>
  runs === undefined ? {} : { store: runs, takeOver: true, tellAgain: true }

/** The agent may have changed since it asked. */
const checkRunnable = (agent: Agent<unknown>, decided: readonly DecidedCall[]): void => {
  const agents = new Set(decided.map(({ pending }) => agentWith(agent.spec, pending.name)))
  if (!agents.has(undefined) && agents.size <= 1) return
  throw new ServeError(400, {
    message: agents.has(undefined)
      ? `Agent "${agent.name}" has no such tool any more: ${decided.map(({ pending }) => pending.name).join(', ')}. Nothing was run.`
      : 'These requests are of different agents. Decide about them one after the other; nothing was run.',
    type: 'invalid_request_error',
    param: 'input',
    code: 'invalid_value',
  })
}

/** What the agent cannot be made to do is the fault of the request. */
const refusing = <T>(make: () => T): T => {
  try {
    return make()
  } catch (error) {
    if (!isAntiphonError(error)) throw error
    const param = error.code === 'duplicate_tool' ? 'tools' : 'text.format'
    throw new ServeError(400, {
      message: error.message,
      type: 'invalid_request_error',
      param,
      code: 'invalid_value',
    })
  }
}

const baseOf = (agent: Agent<unknown>, { responseId }: AnswerContext): Response =>
  ({
    id: responseId,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model: agent.name,
    output: [],
  }) as unknown as Response

/** Stops a run, also when it has not begun. */
const stoppable = (context: AnswerContext) => {
  let run: Run<unknown> | undefined
  const stop = {
    reason: undefined as { error: unknown } | undefined,
    now(error: unknown): void {
      stop.reason ??= { error }
      run?.cancel(error instanceof Error ? error.message : undefined)
    },
    follow(begun: Run<unknown>): void {
      run = begun
    },
    check(): void {
      if (stop.reason !== undefined) throw stop.reason.error
    },
  }
  context.onAbort(stop.now)
  return stop
}

/** There is no response that would tell what was spent. */
const bookSpent = (agent: Agent<unknown>, context: AnswerContext, error: unknown): void => {
  if (error instanceof RunError && error.result.usage.requests > 0)
    context.bookUsage?.(wireUsage(error.result.usage), agent.spec.modelName)
}

const failureOf = (error: unknown): unknown =>
  error instanceof RunError && isAntiphonError(error.cause) ? error.cause : error
