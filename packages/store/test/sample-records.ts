import type { Decision, NewRecord, PendingCall, RunEvent, RunStart } from 'antiphon'
import { approve, LOG_VERSION } from 'antiphon'

/** What a run of the tests is started with. */
export const startOf = (runId: string, text = 'hello'): RunStart => ({
  version: LOG_VERSION,
  runId,
  agent: 'helper',
  input: [{ type: 'message', role: 'user', content: text }],
})

/** The model's record of a turn. */
export const stepOf = (turn: number, text = `answer ${turn}`): NewRecord => ({
  key: `t${turn}/model`,
  kind: 'model',
  at: 1_700_000_000_000 + turn,
  order: 0,
  ms: 1.25,
  about: { agent: 'helper', input: { keep: 0, add: [] } },
  value: { id: `resp_${turn}`, output: [{ type: 'message', text }] },
})

/** A call that waits. */
export const waitingCall = (callId: string, more: Partial<PendingCall> = {}): PendingCall => ({
  kind: 'approval',
  callId,
  name: 'pay',
  arguments: '{"amount":1}',
  hash: `hash-${callId}`,
  itemType: 'function_call',
  ...more,
})

/** The record with which calls wait. */
export const waitOf = (key: string, pending: readonly PendingCall[], expiresAt?: number): NewRecord => ({
  key,
  kind: 'wait',
  at: 1_700_000_000_000,
  value: { pending, ...(expiresAt === undefined ? {} : { expiresAt }) },
})

export const approval = (callId: string, more: Partial<Decision> = {}): Decision =>
  ({ ...approve(waitingCall(callId)), ...more }) as Decision

/** An event that says which one it is. */
export const eventOf = (turn: number): RunEvent =>
  ({ type: 'turn.started', turn, agent: 'helper' }) as RunEvent

export const ended: RunEvent = { type: 'run.ended' } as RunEvent
