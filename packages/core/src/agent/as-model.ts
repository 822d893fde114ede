import { AntiphonError, isAntiphonError, type OutputItem, type ResponseUsage } from '@antiphon/client'
import type { Usage } from '../budget/usage.ts'
import type { HandoffTarget } from '../context/agent-spec.ts'
import type { RunEvent, TurnEndedEvent } from '../events/events.ts'
import type { Stop } from '../events/stop.ts'
import type { Model, ModelContext } from '../model.ts'
import { beginRun } from '../run/begin.ts'
import type { RunResult } from '../run/result.ts'
import { RunError } from '../run/run-error.ts'
import { responseOf, toAgentRequest } from './agent-request.ts'
import { SpanningResponse } from './spanning-response.ts'

/** How an agent shows itself as a model. */
export interface AsModelOptions {
  /**
   * Show the agent's own calls and their outputs among the output items, for a person or a log to read. Leave it out where another loop reads the answer: it would
   * take the calls for its own. @defaultValue false
   */
  readonly showCalls?: boolean
}

/** An agent, as far as a model of it needs to know it. */
export type NamedAgent = HandoffTarget

/** Events of a run that are not those of a wire. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  'run.started',
  'run.ended',
  'built_in.opened',
  'tool.queued',
  'tool.started',
  'tool.progress',
  'tool.pending',
  'tool.discarded',
  'agent.changed',
  'agent.event',
  'limit.reached',
])

/**
 * The agent as a model: it can be served, wrapped in middleware, or be the model of another agent.
 *
 * One response spans all its turns. Output items come with their ids and in one numbering; usage is the sum; what the agent calls and is answered in between is its
 * own affair and not shown. Done is `completed`; a limit is `incomplete` with the limit's name as reason, and so is a response that was cut off.
 * The request's `instructions` go before the input. An agent brings its own tools and keeps no state for the caller.
 *
 * Calls reject with ConfigError `invalid_config` for `tools`, `conversation`, `background`, `prompt`, or a `text.format` beside the agent's own `output`; with ApiError
 * `not_found` for `previous_response_id`; with AntiphonError `approval_needed` when a call waits for a decision; and with what failed the run.
 */
export const asModel = (agent: NamedAgent, { showCalls = false }: AsModelOptions = {}): Model => {
  const agentModel: Model = async (request, sink, context) => {
    const { spec, input, options } = toAgentRequest(agent.spec, request)
    const answer = new SpanningResponse(responseOf(spec, request), sink, showCalls)
    const run = beginRun<unknown>(spec, input, options)
    let stopped: { error: unknown } | undefined
    const stop = (error: unknown): void => {
      stopped ??= { error }
      run.cancel(error instanceof Error ? error.message : undefined)
    }
    context.onAbort(stop)
    const follow = follower(answer, agent.name, context, showCalls)
    run.on('event', (event) => {
      if (stopped !== undefined) return
      try {
        follow(event)
      } catch (error) {
        // The sink refused an event: that fails the call, not only the listener.
        stop(error)
      }
    })
    try {
      const result = await run.result()
      const { error } =
        (stopped as { error: unknown } | undefined) ?? stopError(agent.name, result.stop) ?? {}
      if (error !== undefined) throw new RunError(error, `agent "${agent.name}"`, result)
      answer.end(ending(result))
    } catch (error) {
      // There is no response that would tell what was spent.
      if (error instanceof RunError && error.result.usage.requests > 0)
        context.bookUsage?.(wireUsage(error.result.usage), spec.modelName)
      throw stopped === undefined ? failureOf(error) : (stopped as { error: unknown }).error
    }
  }
  return Object.assign(agentModel, {
    modelName: agent.name,
    capabilities: { serverState: false, compact: false },
  })
}

const follower = (
  answer: SpanningResponse,
  name: string,
  context: ModelContext,
  showCalls: boolean,
): ((event: RunEvent) => void) => {
  const outputs = new Map<string, OutputItem>()
  const endTurn = ({ response }: TurnEndedEvent): void => {
    answer.endTurn(response)
    for (const item of response.output) {
      const output = outputs.get((item as { call_id?: string }).call_id ?? '')
      if (output !== undefined) answer.add(output)
    }
    outputs.clear()
  }
  return (event) => {
    if (NOT_SHOWN.has(event.type)) return
    switch (event.type) {
      case 'turn.started':
        return answer.breakOff()
      case 'turn.ended':
        return endTurn(event as TurnEndedEvent)
      case 'tool.ended':
        if (showCalls) outputs.set(event.callId, event.output)
        return
      case 'warning':
        return context.warn?.('middleware', `${name}: ${event.message}`)
      default:
        answer.take(event as Parameters<SpanningResponse['take']>[0])
    }
  }
}

/** Why a run that ended without a failure is no answer. */
const stopError = (name: string, stop: Stop): { error: unknown } | undefined => {
  if (stop.reason === 'cancelled') return { error: new AntiphonError('aborted', stop.message) }
  if (stop.reason !== 'approval') return undefined
  const calls = stop.pending.map((call) => call.name).join(', ')
  const message = `Agent "${name}" as a model: ${calls} waits for a decision, for which a model cannot wait. Use agent.asTool(), or agent.run() and agent.resume().`
  return { error: new AntiphonError('approval_needed', message) }
}

const ending = ({ stop, usage }: RunResult<unknown>): Parameters<SpanningResponse['end']>[0] => {
  const reason =
    stop.reason === 'limit' ? stop.limit : stop.reason === 'incomplete' ? stop.details : undefined
  return reason === undefined
    ? { status: 'completed', usage: wireUsage(usage) }
    : { status: 'incomplete', usage: wireUsage(usage), incomplete_details: { reason } }
}

const wireUsage = (usage: Usage): ResponseUsage => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cachedTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.totalTokens,
})

/** What failed the run, as a model would reject with it. */
const failureOf = (error: unknown): unknown =>
  error instanceof RunError && isAntiphonError(error.cause) ? error.cause : error
