import { type InputItem, isAntiphonError, type Response, type ResponseRequest } from '@antiphon/client'
import {
  type Agent,
  AntiphonError,
  adaptAgent,
  type BuiltInSet,
  type BuiltInTool,
  type DeclaredBuiltIn,
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
import { type AskedTools, askedTools, openFor, ownBuiltIns } from './built-in-tools.ts'
import { CallerBounds } from './caller-bounds.ts'
import { checkedHistory } from './checked-history.ts'
import { issueApprovals } from './issue-approvals.ts'
import { agentWith, type OwnTools, ownTools, withOpenTools } from './own-tools.ts'
import { resumeDecided, withinBounds } from './resume-decided.ts'
import { endingOf, wireUsage } from './run-ending.ts'
import { type OwnItems, toHistory } from './to-history.ts'

/** How an agent is served. */
export interface AgentUpstreamOptions {
  /** Names that it answers to; the first is the default. @defaultValue the agent's name */
  readonly models?: readonly string[]
  /** What holds for each of its runs: bounds, a queue, the value that tools get as `ctx.context`. */
  readonly run?: Pick<RunOptions, 'limits' | 'concurrency' | 'queue' | 'context'>
  /** Built-in tools that run here for whoever declares them in a request; the agent's own are there anyway. */
  readonly tools?: readonly BuiltInTool[]
  /** It stands for a plain model: what nobody here runs is passed on to it, and it has no instructions. */
  readonly isPlain?: boolean
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
    ...(options.tools?.some(({ types }) => types.includes('mcp')) ? { namesMcpServers: true } : {}),
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
  /** Built-in tools that it runs. */
  readonly builtIns: readonly DeclaredBuiltIn[]
}

const servedAgent = (agent: Agent<unknown>): ServedAgent => {
  const tools = ownTools(agent.spec)
  const isCustom = (name: string): boolean => tools.byName.get(name)?.wire.type === 'custom'
  const builtIns = ownBuiltIns(agent.spec)
  const carried = builtIns.map(({ tool }) => tool)
  return { agent, tools, items: { label: agent.name, isCustom, carried }, builtIns }
}

const answer = async (
  served: ServedAgent,
  options: AgentUpstreamOptions,
  request: ResponseRequest,
  sink: EventSink,
  context: AnswerContext,
): Promise<void> => {
  const { agent, tools } = served
  const asked = askedTools(request, options.tools ?? [], agent.spec.model.capabilities)
  const declared = [...served.builtIns, ...asked.local]
  if (declared.length === 0) return answerWith(served, { options, asked, request }, sink, context)
  const input = itemsOf(request.input)
  const open = await openFor(declared, { request, input, context, taken: tools.byName })
  try {
    await answerWith(withOpen(served, open), { options, asked, request, open }, sink, context)
  } finally {
    await open.close()
  }
}

/** The agent with its built-in tools open. */
const withOpen = (served: ServedAgent, { list }: BuiltInSet): ServedAgent => {
  const functions = new Map(
    list.flatMap(({ opened }) =>
      opened.tools.flatMap(({ name, view }) =>
        view?.approvalAs === undefined
          ? []
          : [[`${view.approvalAs.serverLabel}\n${view.approvalAs.name}`, name] as const],
      ),
    ),
  )
  return {
    ...served,
    tools: withOpenTools(served.tools, list),
    items: {
      ...served.items,
      functionOf: (label, name) => functions.get(`${label}\n${name}`),
      carried: list.map(({ tool }) => tool),
    },
  }
}

/** A request with what is at hand for it. */
interface AskedAnswer {
  readonly options: AgentUpstreamOptions
  readonly asked: AskedTools
  readonly request: ResponseRequest
  readonly open?: BuiltInSet
}

const answerWith = async (
  { agent, tools: own, items: ownItems }: ServedAgent,
  { options, asked: askedOf, request, open }: AskedAnswer,
  sink: EventSink,
  context: AnswerContext,
): Promise<void> => {
  const stop = stoppable(context)
  const items = itemsOf(request.input)
  const asked = readAsked(request, {
    name: agent.name,
    own,
    hasOutput: agent.spec.output !== undefined,
    asked: askedOf,
    passesHosted: options.isPlain === true,
  })
  const decided = withinBounds(decidedCalls(items, ownItems), asked.bounds.maxToolCalls)
  const approved = decided.filter(({ decision }) => decision.decision === 'approve')
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
    viewOf: (name) => (clients.has(name) ? undefined : own.byName.get(name)?.view),
    ...(open === undefined ? {} : { annotate: open.annotate }),
  })
  const gate = new CallerBounds(asked.bounds, writer, approved.length)
  const builtIns = open === undefined ? {} : { builtIns: open.list }
  const adapted = refusing(() => adaptAgent(agent, { ...asked.changes, ...builtIns, gate }))
  const start =
    decided.length === 0
      ? startNew(adapted, items, ownItems)
      : resumeDecided(adapted, items, decided, ownItems)
  const isRetold = (await context.runs?.get(context.responseId)) !== undefined
  checkRunnable(adapted, approved)
  // Who tells a response again has used its approvals.
  if (!isRetold) await useApprovals(decided, context.approvals)
  stop.check()
  writer.begin(approved)
  writer.announce(open?.announced ?? [])
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
