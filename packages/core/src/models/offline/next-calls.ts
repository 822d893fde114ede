import { correctedCall, locatedCalls } from './follow-up.ts'
import type { JsonObject } from './json-schema.ts'
import { callKey, type Plan, type PlannedCall } from './plan-calls.ts'
import type { Turn } from './read-conversation.ts'
import type { Choice } from './read-tools.ts'

/** Responses with calls in one turn; then the model answers with what it has. */
const MAX_ROUNDS = 3
/** The same bound where only one call a response is allowed. */
const MAX_SERIAL_CALLS = 16

/** The calls to make now: what the plan still lacks, then what the outputs so far suggest. Never the same call twice. */
export const nextCalls = (plan: Plan, turn: Turn, choice: Choice, parallel: boolean): PlannedCall[] => {
  if (choice.tools.length === 0) return []
  const made = new Set(turn.calls.map((call) => callKey(call.name, call.args)))
  if (parallel ? turn.rounds >= MAX_ROUNDS : turn.calls.length >= MAX_SERIAL_CALLS) return []
  // A forced choice is obeyed once a turn: a caller that keeps it would never get an answer.
  const remaining = plan.calls.filter((call) => !made.has(callKey(call.tool.name, call.args)))
  const now = remaining.some((call) => !call.tool.handoff)
    ? remaining.filter((call) => !call.tool.handoff)
    : remaining
  const calls =
    now.length > 0
      ? now
      : fresh([...correctedCall(plan, turn), ...locatedCalls(plan, turn, choice.tools)], made)
  return parallel ? calls : calls.slice(0, 1)
}

const fresh = (calls: readonly PlannedCall[], made: ReadonlySet<string>): PlannedCall[] => {
  const seen = new Set(made)
  return calls.filter((call) => {
    const key = callKey(call.tool.name, call.args as JsonObject)
    return !seen.has(key) && seen.add(key)
  })
}
