import type { Decision, PendingCall } from '../approval.ts'
import { clientAnswer } from '../calls/client-calls.ts'
import { settle, settleWith } from '../calls/finish.ts'
import { parseArguments } from '../calls/prepare.ts'
import { TurnCalls } from '../calls/turn-calls.ts'
import { type Call, createCall, type Plan } from '../context/call.ts'
import type { RunContext } from '../context/run-context.ts'
import { errorText } from '../errors/error-text.ts'
import { ConfigError } from '../errors.ts'
import { matchDecisions } from './match-decisions.ts'
import type { RunState } from './run-state.ts'

/** Decisions for the calls of a sub-agent, on their way to it. */
export interface NestedResume {
  state: RunState
  decisions: readonly Decision[]
}

/** What settles a call that needs nothing to run. */
type Answer = () => void

/**
 * Takes up the turn that waited. Calls that were answered keep their outputs; calls that are decided get the plan to run, are rejected or take their output; the
 * rest waits on. Nothing runs here, and no model call is made.
 *
 * @throws ConfigError `invalid_state`, `invalid_decision` before anything happens, when a decision fits no waiting call, its hash is another call's, or it cannot be
 * carried out.
 */
export const decideCalls = (run: RunContext, state: RunState, decisions: readonly Decision[]): TurnCalls => {
  const turn = new TurnCalls(run, state.turn - 1)
  for (const saved of state.calls) {
    const isOwn = saved.status === 'pending' && saved.nested === undefined
    const call = createCall(saved.item, state.turn - 1, isOwn ? saved.pending.itemType : saved.item.type)
    if (saved.status === 'done') call.result = { outcome: 'ok', output: saved.output }
    turn.list.push(call)
  }
  run.open = turn
  const matched = matchDecisions(state, decisions)
  const answers = state.calls.map((saved, index): Answer | undefined => {
    const call = turn.list[index] as Call
    if (saved.status === 'done') return undefined
    const own = matched.get(saved)
    if (saved.nested !== undefined) call.plan = resumeNested(run, call, saved.nested, own ?? [])
    else if (own?.[0] === undefined) call.plan = { kind: 'pending', pending: saved.pending }
    else return decideOne(run, call, saved.pending, own[0])
    return undefined
  })
  for (const answer of answers) answer?.()
  return turn
}

/** Gives one waiting call its plan, or what settles it. */
export const decideOne = (
  run: RunContext,
  call: Call,
  pending: PendingCall,
  decision: Decision,
): Answer | undefined => {
  call.plan = { kind: 'pending', pending }
  if (pending.itemType !== 'function_call' && pending.itemType !== 'custom_tool_call') {
    const item = clientAnswer(pending, decision)
    return () => settleWith(run, call, decision.decision === 'reject' ? 'rejected' : 'ok', item)
  }
  switch (decision.decision) {
    case 'reject': {
      const reason = decision.reason === undefined ? '.' : `: ${decision.reason}`
      return () =>
        settle(run, call, {
          outcome: 'rejected',
          text: `Not executed: a person rejected the call${reason}`,
        })
    }
    case 'answer':
      return () => settle(run, call, { outcome: 'ok', value: decision.output })
    case 'approve':
      approveOne(run, call, decision.arguments)
      return undefined
  }
}

const approveOne = (run: RunContext, call: Call, edited: unknown): void => {
  const tool = run.agent.tools.get(call.name)
  if (tool?.execute === undefined)
    throw new ConfigError(
      'invalid_decision',
      `Call ${call.callId}: agent "${run.agent.name}" has no tool "${call.name}" to run. Give its output with answer(call, output), or resume with the agent that has it.`,
    )
  call.approved = edited === undefined ? {} : { edited }
  if (tool.schema === undefined) {
    call.plan = { kind: 'execute', tool, input: edited ?? call.arguments }
    return
  }
  const parsed = edited === undefined ? parseArguments(call.arguments) : { value: edited }
  if ('problem' in parsed) {
    call.plan = { kind: 'answer', outcome: 'invalid', text: `Error: ${parsed.problem}` }
    return
  }
  const take = (result: { ok: true; value: unknown } | { ok: false; message: string }): void => {
    call.plan = result.ok
      ? { kind: 'execute', tool, input: result.value }
      : {
          kind: 'answer',
          outcome: 'invalid',
          text: `Error: the approved arguments do not match the schema:\n${result.message}`,
        }
  }
  const checked = tool.schema.parse(parsed.value)
  if (checked instanceof Promise)
    call.planning = checked.then(take, (error: unknown) => take({ ok: false, message: errorText(error) }))
  else take(checked)
}

/** A sub-agent waits inside: its call runs again with the sub-agent's own state and the decisions meant for it, if there are any. */
const resumeNested = (
  run: RunContext,
  call: Call,
  nested: RunState,
  decisions: readonly Decision[],
): Plan => {
  const tool = run.agent.tools.get(call.name)
  if (tool === undefined)
    throw new ConfigError(
      'invalid_state',
      `Agent "${run.agent.name}" has no tool "${call.name}", whose sub-agent waits.`,
    )
  call.nested = { state: nested, decisions } satisfies NestedResume
  return { kind: 'execute', tool, input: undefined }
}
