import type { PendingCall } from '../approval.ts'
import { pendingOf } from '../calls/pending.ts'
import type { TurnCalls } from '../calls/turn-calls.ts'
import type { RunContext } from '../context/run-context.ts'
import { type RunState, type SavedCall, STATE_VERSION } from './run-state.ts'

/** The state of a run that waits for `waiting`. */
export const saveState = (run: RunContext, waiting: TurnCalls): RunState => ({
  version: STATE_VERSION,
  runId: run.runId,
  agent: run.rootAgent.name,
  currentAgent: run.agent.name,
  history: run.history.items.slice(),
  start: run.start,
  ...(run.options.session === undefined
    ? {}
    : { session: { id: run.options.session.id, before: run.before } }),
  turn: run.turn,
  calls: waiting.list.flatMap((call): SavedCall[] => {
    if (call.result !== undefined)
      return call.result.output === undefined
        ? []
        : [{ status: 'done', item: call.item, output: call.result.output }]
    const nested = run.suspended.get(call)?.state as RunState | undefined
    const pending =
      call.plan?.kind === 'pending' ? call.plan.pending : (pendingOf(run, [call])[0] as PendingCall)
    return [{ status: 'pending', item: call.item, pending, ...(nested === undefined ? {} : { nested }) }]
  }),
  ...(run.nextAgent === undefined ? {} : { nextAgent: run.nextAgent.name }),
  ...(run.limitHit === undefined ? {} : { limitHit: run.limitHit }),
  ...(run.steering.length === 0 ? {} : { steering: run.steering.slice() }),
  ...(run.followUps.length === 0 ? {} : { followUps: run.followUps.slice() }),
  calledTools: run.calledTools.slice(),
  spent: run.purse.toJSON(),
  usage: { ...run.usage },
  ...(run.costUsd === undefined ? {} : { costUsd: run.costUsd }),
  repairs: run.repairs,
  ...(run.server === undefined ? {} : { server: { ...run.server } }),
})
