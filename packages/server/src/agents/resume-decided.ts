import type { InputItem } from '@antiphon/client'
import { type Agent, type Run, type RunOptions, type RunState, reject, type SavedCall } from 'antiphon'
import { type DecidedCall, newInputFrom } from './approval-decisions.ts'
import { callOf, outputFor } from './call-codec.ts'
import { checkedHistory } from './checked-history.ts'
import { agentWith } from './own-tools.ts'
import { asFunction, type OwnItems, toHistory } from './to-history.ts'

/** Decisions, with those rejected that the request itself leaves no room for. */
export const withinBounds = (
  decided: readonly DecidedCall[],
  maxToolCalls: number | undefined,
): readonly DecidedCall[] => {
  if (maxToolCalls === undefined) return decided
  let left = maxToolCalls
  return decided.map((call) => {
    if (call.decision.decision !== 'approve' || left-- > 0) return call
    const reason = `it was approved, but only ${maxToolCalls} tool calls were allowed in this response`
    return { ...call, decision: reject(call.pending, reason) }
  })
}

/**
 * The run that goes on where an earlier response asked for approval: it executes what was decided, then takes the rest of the new input, and only then asks its model.
 * Returns a function that starts it, when everything about it is known to be right.
 *
 * @throws ServeError 400 for a history that no model would take.
 */
export const resumeDecided = (
  agent: Agent<unknown>,
  items: readonly InputItem[],
  decided: readonly DecidedCall[],
  own: OwnItems,
): ((options: RunOptions) => Run<unknown>) => {
  const from = newInputFrom(items)
  const responses = new Set<unknown>(decided.map(({ response }) => response))
  const waiting = new Set(decided.map(({ request }) => request.id))
  const before = toHistory(items.slice(0, from), own, waiting)
  const after = toHistory(
    items.slice(from).filter((item) => !responses.has(item)),
    own,
  )
  const calls = decided.map(({ request }) => callOf(asFunction(request, own), own.isCustom))
  const outputs = calls.map((call) => outputFor(call, ''))
  const whole = checkedHistory([...before, ...outputs, ...after])
  const state: Omit<RunState, 'runId'> = {
    ...FRESH,
    agent: agent.name,
    currentAgent: agentWith(agent.spec, decided[0]?.pending.name ?? '') ?? agent.name,
    history: whole.slice(0, before.length),
    start: before.length,
    calls: decided.map(
      ({ pending }, n): SavedCall => ({ status: 'pending', item: calls[n] as SavedCall['item'], pending }),
    ),
    steering: whole.slice(before.length + outputs.length),
  }
  const decisions = decided.map(({ decision }) => decision)
  return (options) => agent.resume({ ...state, runId: options.runId ?? '' }, decisions, options)
}

/** Of a run that has spent nothing: its one turn is the one that asked. */
const FRESH: Pick<RunState, 'version' | 'turn' | 'calledTools' | 'spent' | 'usage' | 'costUsd' | 'repairs'> =
  {
    version: 1,
    turn: 1,
    calledTools: [],
    spent: { turns: 0, toolCalls: 0, tools: {}, totalTokens: 0, costUsd: 0, durationMs: 0 },
    usage: {
      inputTokens: 0,
      cachedTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      totalTokens: 0,
      requests: 0,
    },
    costUsd: 0,
    repairs: 0,
  }
