import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory } from '../src/request/check-history.ts'
import { refusalOf } from './request-refusal.ts'

const call = (id: string, type = 'function_call') => ({ type, call_id: id, name: 'f', arguments: '' })
const output = (id: string, type = 'function_call_output') =>
  type === 'local_shell_call_output' ? { type, id, output: '' } : { type, call_id: id, output: '' }
const user = { role: 'user', content: 'x' }

const PAIRS = [
  ['function_call', 'function_call_output'],
  ['custom_tool_call', 'custom_tool_call_output'],
  ['computer_call', 'computer_call_output'],
  ['local_shell_call', 'local_shell_call_output'],
  ['shell_call', 'shell_call_output'],
  ['apply_patch_call', 'apply_patch_call_output'],
] as const

describe('calls and outputs of a history', () => {
  it.each(PAIRS)('%s has its %s, and neither is without the other', (callType, outputType) => {
    expect(() => checkHistory([user, call('c1', callType), output('c1', outputType)])).not.toThrow()
    expect(refusalOf(() => checkHistory([call('c1', callType), user])).message).toMatch(
      /^No tool output found for .* c1\.$/,
    )
    expect(refusalOf(() => checkHistory([output('c1', outputType), user])).message).toMatch(
      /^No tool call found for .* with call_id c1\.$/,
    )
  })

  it('are told of in the words that clients know', () => {
    expect(refusalOf(() => checkHistory([call('call_x')]))).toMatchObject({
      param: 'input',
      message: 'No tool output found for function call call_x.',
    })
    expect(refusalOf(() => checkHistory([output('call_x')])).message).toBe(
      'No tool call found for function call output with call_id call_x.',
    )
  })

  it('belong together by type and call id', () => {
    const items = [
      call('c1'),
      call('c1', 'custom_tool_call'),
      output('c1'),
      output('c1', 'custom_tool_call_output'),
    ]
    expect(() => checkHistory(items)).not.toThrow()
    expect(
      refusalOf(() => checkHistory([call('c1'), output('c1', 'custom_tool_call_output')])).message,
    ).toContain('c1')
  })

  it('have the call first', () => {
    expect(refusalOf(() => checkHistory([output('c1'), call('c1')])).message).toContain('No tool call found')
  })

  it('have one output for each call', () => {
    expect(refusalOf(() => checkHistory([call('c1'), output('c1'), output('c1')])).message).toContain(
      'No tool call',
    )
  })

  it('may use a call id again once it is answered, or as often as it is answered', () => {
    expect(() => checkHistory([call('c1'), output('c1'), call('c1'), output('c1')])).not.toThrow()
    expect(() => checkHistory([call('c1'), call('c1'), output('c1'), output('c1')])).not.toThrow()
    expect(refusalOf(() => checkHistory([call('c1'), call('c1'), output('c1')])).message).toContain(
      'No tool output',
    )
  })

  it('may lie on two sides of a compaction', () => {
    const compaction = { type: 'compaction', encrypted_content: 'x' }
    expect(() => checkHistory([call('c1'), compaction])).not.toThrow()
    expect(() => checkHistory([compaction, output('c1')])).not.toThrow()
    expect(refusalOf(() => checkHistory([compaction, call('c2')])).message).toContain('c2')
  })

  it('of a search by the server need none of the client', () => {
    expect(() =>
      checkHistory([{ type: 'tool_search_call', call_id: 's', execution: 'server' }]),
    ).not.toThrow()
    expect(() => checkHistory([{ type: 'tool_search_output', call_id: 's', tools: [] }])).not.toThrow()
    const client = { type: 'tool_search_call', call_id: 's', execution: 'client' }
    expect(refusalOf(() => checkHistory([client])).message).toBe(
      'No tool output found for tool search call s.',
    )
  })

  it('are found in any interleaving, and a missing one is named', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (ids, which) => {
          const items = [...ids.map((id) => call(id)), ...ids.map((id) => output(id)).reverse()]
          checkHistory(items)
          const gone = which % items.length
          const { message } = refusalOf(() => checkHistory(items.filter((_, index) => index !== gone)))
          expect(message).toContain(items[gone]?.call_id)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('ids of a history', () => {
  it('are there once', () => {
    const item = { type: 'message', id: 'msg_1', role: 'user', content: '' }
    expect(refusalOf(() => checkHistory([item, user, { ...item }]))).toMatchObject({
      param: 'input',
      code: 'duplicate_item',
      message: expect.stringMatching(/^Duplicate item found with id msg_1\./),
    })
    expect(() => checkHistory([user, user, { ...item, id: null }, { ...item, id: null }])).not.toThrow()
  })
})

describe('a long history', () => {
  it('of two hundred thousand items is looked at once', () => {
    let reads = 0
    const items = Array.from({ length: 100_000 }, (_, n) => [
      {
        get type() {
          reads++
          return 'function_call'
        },
        id: `fc_${n}`,
        call_id: `c${n}`,
      },
      { type: 'function_call_output', call_id: `c${n}`, output: '' },
    ]).flat()
    checkHistory(items)
    expect(reads).toBeLessThan(1_000_000)
  })

  it.each([
    [null],
    [7],
    ['x'],
    [{ type: {} }],
    [{ type: 'function_call', call_id: {} }],
    [{ id: '__proto__' }],
  ])('passes over %j', (item) => {
    expect(() => checkHistory([item])).not.toThrow()
  })
})
