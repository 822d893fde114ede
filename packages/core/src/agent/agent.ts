import type { Decision } from '../approval.ts'
import type { AgentSpec } from '../context/agent-spec.ts'
import type { RunOptions } from '../context/run-options.ts'
import type { RunStore } from '../journal/run-store.ts'
import type { Model } from '../model.ts'
import { beginKept, beginResume, beginRun } from '../run/begin.ts'
import type { Run } from '../run/run.ts'
import type { RunInput } from '../run/run-input.ts'
import type { InferOutput, Schema } from '../schema/schema.ts'
import type { RunState } from '../state/run-state.ts'
import type { Tool } from '../tools/tool.ts'
import { type AgentOptions, type OutputOf, specOf } from './agent-options.ts'
import { type AgentToolOptions, agentTool } from './agent-tool.ts'
import { type AsModelOptions, asModel } from './as-model.ts'
import { keepRunShapes } from './kept-shapes.ts'

/** A model with instructions, tools, limits and the loop. Holds no state of a run: use one for as many runs at once as you like. */
export interface Agent<Output = string> {
  readonly name: string
  /** When to hand over to it, or call it. */
  readonly description: string
  /**
   * Starts a run. A string is a user's message; items are a history to go on from.
   *
   * @throws ConfigError `invalid_history` when the items are not one a server would take.
   */
  run(input: RunInput, options?: RunOptions): Run<Output>
  /**
   * Goes on with a run that waits, in this process or any other: runs what was decided, without a further model call before, and leaves the rest waiting. With `options.store`
   * it is kept from here on, as a run of its own: give it a `runId` that the store does not have.
   *
   * @throws ConfigError `invalid_state`, `invalid_decision` (the latter from `result()`).
   */
  resume(state: RunState, decisions: readonly Decision[], options?: RunOptions): Run<Output>
  /**
   * Goes on with a run that a store keeps, from any process: after a crash (`decisions` empty), or with decisions about the calls it waits for. Nothing that is recorded is
   * executed again. A finished run gives its result.
   *
   * @throws ConfigError `invalid_config` without `options.store`. From `result()`, as RunError: `run_unknown`, `run_busy`, `run_cancelled`, `nondeterministic`, `decision_used`, …
   */
  resume(
    runId: string,
    decisions: readonly Decision[],
    options: RunOptions & { readonly store: RunStore },
  ): Run<Output>
  /** The agent as a tool of another. */
  asTool<S extends Schema = Schema<{ input: string }>>(options?: AgentToolOptions<S>): Tool<InferOutput<S>>
  /** The agent as a model: to serve it, to wrap it, or to be the model of another agent. */
  asModel(options?: AsModelOptions): Model
  /** @internal */
  readonly spec: AgentSpec
}

/**
 * Defines an agent. Mistakes in it throw here, not in a run.
 *
 * @throws ConfigError `invalid_config`, `duplicate_tool`; AntiphonError `schema_not_expressible` for an output schema JSON Schema cannot say.
 */
export const agent = <S extends Schema | undefined = undefined>(
  options: AgentOptions<S>,
): Agent<OutputOf<S>> => {
  let made: AgentSpec | undefined
  const spec = (): AgentSpec => {
    made ??= specOf(options as AgentOptions<Schema | undefined>)
    return made
  }
  // Agents that name each other cannot be made ready before both exist; all others are, so that mistakes show at once.
  if (typeof options.handoffs !== 'function') spec()
  return agentOf(options.name ?? 'agent', options.description ?? '', spec)
}

/** An agent over what was made ready for it. */
export const agentOf = <Output>(name: string, description: string, spec: () => AgentSpec): Agent<Output> => {
  const self: Agent<Output> = {
    name,
    description,
    run: (input, runOptions = {}) => {
      keepRunShapes()
      return beginRun(spec(), input, runOptions)
    },
    resume: (from: RunState | string, decisions: readonly Decision[], runOptions: RunOptions = {}) =>
      typeof from === 'string'
        ? beginKept(spec(), from, decisions, runOptions)
        : beginResume(spec(), from, decisions, runOptions),
    asTool: <T extends Schema = Schema<{ input: string }>>(toolOptions: AgentToolOptions<T> = {}) =>
      agentTool<T>(spec(), toolOptions),
    asModel: (modelOptions) => asModel(self, modelOptions),
    get spec() {
      return spec()
    },
  }
  return self
}
