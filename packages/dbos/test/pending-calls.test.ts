import { approve, type LogRecord, type PendingCall } from 'antiphon'
import { expect, test } from 'vitest'
import { pendingCalls } from '../src/pending-calls.ts'

const call = (callId: string): PendingCall => ({
  kind: 'approval',
  callId,
  name: 'pay',
  arguments: '{}',
  hash: callId,
  itemType: 'function_call',
})
let seq = 0
const wait = (key: string, ...pending: PendingCall[]): LogRecord => ({
  seq: ++seq,
  key,
  kind: 'wait',
  at: 0,
  value: { pending },
})
const decision = (key: string, of: PendingCall): LogRecord => ({
  seq: ++seq,
  key,
  kind: 'decision',
  at: 0,
  value: approve(of),
})

test('calls that wait in sub-agents are named with the calls above them', () => {
  const log = [wait('t0/tool/a/t1/tool/b/c/t0/wait', call('x')), wait('t0/wait', call('x'), call('y'))]
  expect(pendingCalls(log)).toEqual([{ ...call('x'), path: ['a', 'b/c'] }, call('x'), call('y')])
})

test('what was decided waits no more; an id that comes again in a later turn does', () => {
  const log = [wait('t0/wait', call('x'), call('y')), decision('t0/wait/x', call('x'))]
  expect(pendingCalls(log)).toEqual([call('y')])
  log.push(decision('t0/wait/y', call('y')), wait('t3/wait', call('x')))
  expect(pendingCalls(log)).toEqual([call('x')])
  log.push(decision('t3/wait/x', call('x')))
  expect(pendingCalls(log)).toEqual([])
})
