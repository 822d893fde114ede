import {
  approve,
  type Decision,
  decisionRecords,
  type LogRecord,
  memoryRuns,
  type PendingCall,
  reject,
} from 'antiphon'
import { describe, expect, it } from 'vitest'

const NOW = 1_000

const call = (callId: string, more: Partial<PendingCall> = {}): PendingCall => ({
  kind: 'approval',
  callId,
  name: 'pay',
  arguments: '{}',
  hash: `hash-${callId}`,
  itemType: 'function_call',
  ...more,
})

/** A log of waits by their keys, and of decisions. */
const logOf = (
  waits: Record<string, readonly PendingCall[]>,
  { decided = [], expiresAt }: { decided?: string[]; expiresAt?: number } = {},
): LogRecord[] =>
  [
    { key: 'run', kind: 'run' as const, value: { version: 1, runId: 'r', agent: 'a', input: [] } },
    ...Object.entries(waits).map(([key, pending]) => ({
      key,
      kind: 'wait' as const,
      value: { pending, expiresAt },
    })),
    ...decided.map((key) => ({ key, kind: 'decision' as const, value: {} })),
  ].map((record, n) => ({ seq: n + 1, at: 1, ...record }))

const decide = (records: LogRecord[], ...decisions: Decision[]) => decisionRecords(records, decisions, NOW)

describe('decisions about calls that wait in a log', () => {
  it('become records under the wait of their call', () => {
    const log = logOf({ 't0/wait': [call('a'), call('b')] })
    expect(decide(log, approve(call('b'), { arguments: { n: 1 } }), reject(call('a'), 'no'))).toEqual([
      {
        key: 't0/wait/b',
        kind: 'decision',
        at: NOW,
        value: { callId: 'b', hash: 'hash-b', decision: 'approve', arguments: { n: 1 } },
      },
      {
        key: 't0/wait/a',
        kind: 'decision',
        at: NOW,
        value: { callId: 'a', hash: 'hash-a', decision: 'reject', reason: 'no' },
      },
    ])
    expect(decide(log)).toEqual([])
  })

  it('find a call of a sub-agent by the calls above it, and reach the sub-agent without them', () => {
    const log = logOf({
      't0/wait': [call('x')],
      't0/tool/a/t1/wait': [call('x')],
      't0/tool/a/t2/tool/b/t0/wait': [call('x')],
    })
    const keys = [[], ['a'], ['a', 'b']].map((path) => decide(log, approve(call('x', { path })))[0])
    expect(keys.map((record) => record?.key)).toEqual([
      't0/wait/x',
      't0/tool/a/t1/wait/x',
      't0/tool/a/t2/tool/b/t0/wait/x',
    ])
    for (const record of keys) expect(record?.value).not.toHaveProperty('path')
    expect(() => decide(log, approve(call('x', { path: ['b'] })))).toThrow(/under b/)
  })

  it('need a path where several sub-agents ask about the same id, but not where one does', () => {
    const log = logOf({ 't0/tool/a/t0/wait': [call('x')], 't0/tool/b/t0/wait': [call('x'), call('y')] })
    expect(() => decide(log, approve(call('x')))).toThrow(/needs the `path`/)
    expect(decide(log, approve(call('y')))[0]?.key).toBe('t0/tool/b/t0/wait/y')
    const half = logOf(
      { 't0/tool/a/t0/wait': [call('x')], 't0/tool/b/t0/wait': [call('x')] },
      {
        decided: ['t0/tool/a/t0/wait/x'],
      },
    )
    expect(decide(half, approve(call('x')))[0]?.key).toBe('t0/tool/b/t0/wait/x')
  })

  it('go to the wait of the sub-agent also when the run above names the call too', () => {
    const log = logOf({ 't0/wait': [call('x', { path: ['a'] })], 't0/tool/a/t0/wait': [call('x')] })
    expect(decide(log, approve(call('x', { path: ['a'] })))[0]?.key).toBe('t0/tool/a/t0/wait/x')
  })

  it('take ids with slashes and names of steps for what they are', () => {
    const id = 'a/t0/x/wait'
    const log = logOf({ [`t0/tool/${id}/t0/wait`]: [call('y')], 't1/wait': [call(id)] })
    expect(decide(log, approve(call('y', { path: [id] })))[0]?.key).toBe(`t0/tool/${id}/t0/wait/y`)
    expect(decide(log, approve(call(id)))[0]?.key).toBe(`t1/wait/${id}`)
  })

  it('are about the call that still waits when an id comes again in a later turn', () => {
    const log = logOf({ 't0/wait': [call('x')], 't3/wait': [call('x')] }, { decided: ['t0/wait/x'] })
    expect(decide(log, approve(call('x')))[0]?.key).toBe('t3/wait/x')
  })

  it('count once', () => {
    const log = logOf({ 't0/wait': [call('x')] }, { decided: ['t0/wait/x'] })
    expect(() => decide(log, approve(call('x')))).toThrow(expect.objectContaining({ code: 'decision_used' }))
    const open = logOf({ 't0/wait': [call('x')] })
    expect(() => decide(open, approve(call('x')), reject(call('x')))).toThrow(
      expect.objectContaining({ code: 'invalid_decision', message: expect.stringContaining('twice') }),
    )
  })

  it('are refused for other arguments, for a call that does not wait, and after their time', () => {
    const log = logOf({ 't0/wait': [call('x')] }, { expiresAt: NOW })
    const refused = (decision: Decision, records = log) => {
      try {
        return decide(records, decision)
      } catch (error) {
        return (error as { code: string; message: string }).message
      }
    }
    expect(refused(approve(call('x', { hash: 'other' })))).toContain('other arguments')
    expect(refused(approve(call('y')))).toContain('Waiting: x')
    expect(refused(approve(call('x')))).toHaveLength(1)
    const late = logOf({ 't0/wait': [call('x')] }, { expiresAt: NOW - 1 })
    expect(() => decide(late, approve(call('x')))).toThrow(
      expect.objectContaining({ code: 'decision_expired' }),
    )
  })

  it('are recorded all or not at all', async () => {
    const store = memoryRuns()
    const run = await store.open('r', { start: { version: 1, runId: 'r', agent: 'a', input: [] } })
    await run.append({ key: 't0/wait', kind: 'wait', at: 1, value: { pending: [call('x')] } })
    await run.close('waiting')
    await expect(store.decide('r', [approve(call('x')), approve(call('y'))])).rejects.toMatchObject({
      code: 'invalid_decision',
    })
    expect(await store.read('r')).toHaveLength(2)
  })
})
