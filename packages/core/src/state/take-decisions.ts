import type { Decision, PendingCall } from '../approval.ts'
import { settle } from '../calls/finish.ts'
import { checkRun } from '../calls/record-call.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import type { Journal } from '../journal/journal.ts'
import { decideOne } from './decide.ts'

/**
 * Gives the calls that wait what the log says was decided about them, or records that they wait. True when something was decided: those calls have a plan or a result.
 * A call whose sub-agent waits has its decisions in the sub-agent's own part of the log.
 */
export const takeDecisions = async (
  run: RunContext,
  journal: Journal,
  calls: TurnCalls,
): Promise<boolean> => {
  const waiting = new Map(
    calls.pending.flatMap((call) =>
      call.plan?.kind === 'pending' ? [[call.callId, { call, pending: call.plan.pending }] as const] : [],
    ),
  )
  if (waiting.size === 0) return false
  const pending: PendingCall[] = [...waiting.values()].map((one) => one.pending)
  const key = `t${calls.turn}/wait`
  if (journal.recorded(key) === undefined) for (const { call } of waiting.values()) checkRun(run, call)
  const decisions = await journal.wait(key, pending)
  for (const decision of decisions) {
    const found = waiting.get(decision.callId)
    if (found === undefined) continue
    if (isAnotherCall(found.pending, decision))
      settle(run, found.call, { outcome: 'not_executed', text: OTHER_ARGUMENTS })
    else decideOne(run, found.call, found.pending, decision)?.()
  }
  return decisions.length > 0
}

/** A store that takes secrets out of its log takes them out of the arguments, too: what would run then is not what a person has seen. */
const isAnotherCall = (pending: PendingCall, decision: Decision): boolean =>
  decision.decision === 'approve' && decision.hash !== pending.hash

const OTHER_ARGUMENTS =
  'Not executed: it was approved with arguments that the log of the run does not have any more.'
