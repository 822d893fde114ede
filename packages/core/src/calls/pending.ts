import type { PendingCall } from '../approval.ts'
import type { Call } from '../context/call.ts'
import { nest, type RunContext } from '../context/run-context.ts'

/** What a list of unanswered calls waits for; a call that runs a sub-agent stands for all that waits inside. */
export const pendingOf = (run: RunContext, calls: readonly Call[]): PendingCall[] =>
  calls.flatMap((call) => {
    const suspended = run.suspended.get(call)
    if (suspended !== undefined) return suspended.pending.map((pending) => nest(pending, call))
    return call.plan?.kind === 'pending' ? [call.plan.pending] : []
  })
