import type { Call, Plan } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import { type Ending, settle } from './finish.ts'
import { prepare } from './prepare.ts'
import { answerCall, recordedAnswer, startCall } from './record-call.ts'
import { failRun } from './stopping.ts'

/**
 * Executes the calls inside an invented wrapper through the queue, like any others, and answers the wrapper with all their outputs: the contract wants one output
 * under the wrapper's `call_id`.
 */
export const executeWrapper = (run: RunContext, wrapper: Call, inner: readonly Call[]): void => {
  run.active.add(wrapper)
  wrapper.startedAt = performance.now()
  wrapper.done = new Promise<void>((resolve) => {
    wrapper.finish = resolve
  })
  Promise.all(inner.map((call) => runInner(run, call))).then(
    () =>
      settle(run, wrapper, {
        outcome: 'ok',
        value: inner.map((call) => ({ tool: call.name, output: outputOf(call) })),
      }),
    (error: unknown) => {
      settle(run, wrapper, { outcome: 'error', text: 'Error: the calls could not be prepared.' })
      failRun(run, error)
    },
  )
}

const runInner = async (run: RunContext, call: Call): Promise<void> => {
  run.emit({ type: 'tool.queued', callId: call.callId, name: call.name, arguments: call.arguments })
  const plan: Plan = await prepare(run, call)
  call.plan = plan
  // The run may have been stopped while somebody thought about the call.
  const { stopped } = run
  if (stopped !== undefined || recordedAnswer(run, call) !== undefined)
    answerCall(run, call, stopped ?? directly(call))
  else if (plan.kind === 'execute') startCall(run, call, plan.tool, plan.input)
  else if (plan.kind === 'answer' && plan.outcome === 'limit') answerCall(run, call, plan)
  else settle(run, call, plan.kind === 'answer' ? plan : directly(call))
  await call.done
  // A sub-agent that waits for decisions cannot be resumed from inside a wrapper.
  if (run.suspended.delete(call)) settle(run, call, directly(call))
}

const directly = (call: Call): Ending => ({
  outcome: 'not_executed',
  text: `Not executed: call ${call.name} directly, not inside another call.`,
})

const outputOf = (call: Call): unknown =>
  (call.result?.output as { output?: unknown } | undefined)?.output ?? null
