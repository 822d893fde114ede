import type { InputItem } from '@antiphon/client'
import type { Decision } from '../approval.ts'
import { Purse } from '../budget/purse.ts'
import { replayItems } from '../built-in/open-built-ins.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { AgentSpec } from '../context/agent-spec.ts'
import { RunContext } from '../context/run-context.ts'
import type { RunOptions } from '../context/run-options.ts'
import { errorText } from '../errors/error-text.ts'
import { ConfigError } from '../errors.ts'
import { FanOut } from '../events/fan-out.ts'
import { History } from '../history/history.ts'
import { validateItems } from '../history/validate-items.ts'
import type { Journal } from '../journal/journal.ts'
import { decideCalls } from '../state/decide.ts'
import { checkState, type RunState } from '../state/run-state.ts'
import { createToolQueue } from '../tools/run-queue.ts'
import { Run } from './run.ts'
import { type RunInput, toItems } from './run-input.ts'

/** Starts a run of an agent. */
export const beginRun = <Output>(spec: AgentSpec, input: RunInput, options: RunOptions): Run<Output> => {
  const { run, items } = contextFor(spec, input, options)
  return new Run<Output>(run, { input: items })
}

/** A run inside a call of another. */
export interface InnerRun {
  readonly run: Run<unknown>
  readonly purse: Purse
}

/** Starts a run inside a call of `parent`: it shares that run's queue and its purse, and writes into its log. */
export const beginInside = (
  spec: AgentSpec,
  input: RunInput,
  options: RunOptions,
  parent: RunContext | undefined,
  journal: Journal | undefined,
): InnerRun => {
  const { run, items } = contextFor(spec, input, options, parent)
  run.journal = journal
  return { run: new Run(run, { input: items }), purse: run.purse }
}

const contextFor = (
  spec: AgentSpec,
  input: RunInput,
  options: RunOptions,
  parent?: RunContext,
): { run: RunContext; items: InputItem[] } => {
  const items = replayed(spec, toItems(input))
  const mode = options.state ?? spec.state
  if (typeof input !== 'string' && mode === 'local' && options.previousResponseId === undefined)
    checkHistory(items)
  const run = makeContext(spec, spec, options, parent)
  setServer(run, spec, options)
  for (const item of items) run.history.append(item)
  run.start = items.length
  return { run, items }
}

/** Items of built-in tools as the history of a model that is offered functions. */
const replayed = ({ builtIns, hostedBuiltIns }: AgentSpec, items: InputItem[]): InputItem[] =>
  builtIns === undefined && hostedBuiltIns === undefined
    ? items
    : [
        ...replayItems(
          items,
          builtIns?.map(({ tool }) => tool),
        ),
      ]

/** Goes on with a run that a store has, after `decisions` have been recorded. */
export const beginKept = <Output>(
  spec: AgentSpec,
  runId: string,
  decisions: readonly Decision[],
  options: RunOptions,
): Run<Output> => {
  if (options.store === undefined)
    throw new ConfigError(
      'invalid_config',
      `To resume run ${runId} by its id, say where it is kept: agent.resume(runId, decisions, { store }).`,
    )
  const run = makeContext(spec, spec, { ...options, runId }, undefined)
  setServer(run, spec, options)
  return new Run<Output>(run, {
    decide: async (store) => {
      if (decisions.length > 0) await store.decide(runId, decisions)
    },
    takeUp: (from) => {
      const state = checkState({ ...(from.state as object), history: run.history.items.slice() })
      run.agent = findAgent(spec, state.currentAgent)
      run.purse.bookSpent(state.spent)
      takeUp(run, spec, state)
      return () => decideCalls(run, state, from.decisions)
    },
  })
}

/** Goes on from a state, with `store` as a run of its own that is kept. The agent must be the one that was run, with the same tools. */
export const beginResume = <Output>(
  spec: AgentSpec,
  given: unknown,
  decisions: readonly Decision[],
  options: RunOptions,
  parent?: RunContext,
): Run<Output> => {
  const state = checkState(given)
  checkSession(state, options)
  const current = findAgent(spec, state.currentAgent)
  const run = makeContext(current, spec, { runId: state.runId, ...options }, parent, state.spent)
  for (const item of state.history as InputItem[]) run.history.append(item)
  takeUp(run, spec, state)
  const resume = (): TurnCalls => decideCalls(run, state, decisions)
  if (options.store === undefined) return new Run<Output>(run, { resume })
  const { history: input, ...rest } = state
  return new Run<Output>(run, { resume, input, from: { state: rest, decisions } })
}

/** Everything of a state but its history and what was spent. */
const takeUp = (run: RunContext, spec: AgentSpec, state: RunState): void => {
  run.start = state.start
  run.before = state.session?.before ?? 0
  run.turn = state.turn
  run.calledTools.push(...state.calledTools)
  Object.assign(run.usage, state.usage)
  run.costUsd = state.costUsd
  run.repairs = state.repairs
  if (state.server !== undefined)
    run.server = { ...state.server, previousResponseId: state.server.previousResponseId }
  run.limitHit = state.limitHit
  run.steering.push(...(state.steering ?? []))
  run.broughtAlong = run.steering.length
  run.followUps.push(...(state.followUps ?? []))
  if (state.nextAgent !== undefined) run.nextAgent = findAgent(spec, state.nextAgent)
}

/** What the server remembers, in the modes that use it. */
const setServer = (run: RunContext, spec: AgentSpec, options: RunOptions): void => {
  const mode = options.state ?? spec.state
  // A dialect without stored responses (Chat Completions, the embedded model) gets the whole history instead.
  const stored = spec.model.capabilities?.serverState !== false
  if (options.session !== undefined && (typeof mode === 'object' || options.previousResponseId !== undefined))
    throw new ConfigError(
      'invalid_config',
      'A session holds the whole history, and so does the server by a conversation or `previousResponseId`: give one of them.',
    )
  if (!stored && (typeof mode === 'object' || options.previousResponseId !== undefined))
    throw new ConfigError(
      'invalid_config',
      `The model of agent "${spec.name}" keeps no responses: it takes neither a conversation nor \`previousResponseId\`.`,
    )
  if ((mode !== 'local' && stored) || options.previousResponseId !== undefined)
    run.server = {
      previousResponseId: options.previousResponseId,
      sentUpTo: 0,
      ...(typeof mode === 'object' ? { conversation: mode.conversation } : {}),
      ...(options.previousResponseId === undefined ? {} : { continued: true }),
    }
}

/** The items of the run belong to the session that it began on. */
const checkSession = ({ runId, session }: RunState, options: RunOptions): void => {
  if (session?.id === options.session?.id) return
  throw new ConfigError(
    'invalid_state',
    session === undefined
      ? `Run ${runId} began without a session: resume it without one.`
      : `Run ${runId} began on session "${session.id}": resume it with { session }.`,
  )
}

const makeContext = (
  agent: AgentSpec,
  root: AgentSpec,
  options: RunOptions,
  parent: RunContext | undefined,
  spent?: Purse['spent'],
): RunContext => {
  const limits = options.limits === undefined ? root.limits : { ...root.limits, ...options.limits }
  const fanOut = new FanOut((error, type) =>
    run.warn('listener_failed', `A listener of ${type} threw: ${errorText(error)}`),
  )
  const run: RunContext = new RunContext({
    runId: options.runId ?? `run_${crypto.randomUUID()}`,
    options,
    agent,
    rootAgent: root,
    history: new History({ stateless: root.settings.store === false }),
    purse: new Purse(limits, parent?.purse, spent),
    queue: () =>
      options.queue ??
      parent?.queue ??
      root.queue ??
      createToolQueue({ concurrency: options.concurrency ?? root.concurrency }),
    fanOut,
  })
  return run
}

/** An agent by name, among those that can be reached by hand-offs. */
const findAgent = (root: AgentSpec, name: string): AgentSpec => {
  const seen = new Set<AgentSpec>()
  const open = [root]
  for (let spec = open.pop(); spec !== undefined; spec = open.pop()) {
    if (spec.name === name) return spec
    seen.add(spec)
    for (const next of spec.handoffs.values()) if (!seen.has(next)) open.push(next)
  }
  throw new ConfigError(
    'invalid_state',
    `The state belongs to an agent "${name}", which "${root.name}" is not and cannot hand over to. Resume it with the agent that made it.`,
  )
}

const checkHistory = (items: readonly InputItem[]): void => {
  const problems = validateItems(items)
  if (problems.length === 0) return
  const list = problems.slice(0, 5).map((problem) => `- ${problem.message}`)
  throw new ConfigError(
    'invalid_history',
    `The input is not a history a server would take:\n${list.join('\n')}\nrepairItems(items) mends it.`,
  )
}
