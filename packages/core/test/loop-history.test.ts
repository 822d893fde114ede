import type { InputItem } from '@antiphon/client'
import { repairItems, validateItems } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const make = (item: object): InputItem => item as InputItem

/** Items of every kind that has a call and an output, with few ids, so that they meet. */
const anyItem: fc.Arbitrary<InputItem> = fc
  .record({
    type: fc.constantFrom(
      'function_call',
      'function_call_output',
      'custom_tool_call',
      'custom_tool_call_output',
      'shell_call',
      'shell_call_output',
      'local_shell_call',
      'local_shell_call_output',
      'apply_patch_call',
      'apply_patch_call_output',
      'computer_call',
      'computer_call_output',
      'mcp_approval_request',
      'mcp_approval_response',
      'tool_search_call',
      'tool_search_output',
      'message',
      'reasoning',
      'acme:thing',
    ),
    callId: fc.constantFrom('a', 'b', 'c'),
    id: fc.option(fc.constantFrom('i1', 'i2', 'i3', 'i4'), { nil: undefined }),
    execution: fc.constantFrom('client', 'server'),
  })
  .map(({ type, callId, id, execution }) => {
    if (type === 'mcp_approval_request') return make({ type, id: callId, name: 'x', arguments: '{}' })
    if (type === 'mcp_approval_response') return make({ type, approval_request_id: callId, approve: true })
    if (type === 'local_shell_call_output') return make({ type, id: callId, output: 'x' })
    const own = id === undefined ? {} : { id }
    if (type.startsWith('tool_search')) return make({ type, call_id: callId, execution, ...own })
    if (type.includes('call')) return make({ type, call_id: callId, ...own })
    return make({ type, ...own })
  })

const anyHistory = fc.array(anyItem, { maxLength: 20 })

describe('repairItems', () => {
  it('makes any list one that servers take, and then has nothing more to do', () => {
    fc.assert(
      fc.property(anyHistory, (items) => {
        const repaired = repairItems(items)
        expect(validateItems(repaired)).toEqual([])
        expect(repairItems(repaired)).toBe(repaired)
      }),
      { numRuns: 3000 },
    )
  })

  it('keeps the very items that were right, in their order, and changes no list that is', () => {
    fc.assert(
      fc.property(anyHistory, (items) => {
        const before = structuredClone(items)
        const repaired = repairItems(items)
        expect(items).toEqual(before)
        if (validateItems(items).length === 0) expect(repaired).toBe(items)
        const kept = repaired.filter((item) => items.includes(item))
        const places = kept.map((item) => items.indexOf(item))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        const dropped = new Set(validateItems(items).map((problem) => problem.index))
        items.forEach((item, index) => {
          // The output of a call that is left out goes with it.
          if (!dropped.has(index) && !/output|response/.test(item.type ?? ''))
            expect(repaired).toContain(item)
        })
      }),
    )
  })

  it('puts a missing output right after the calls that it stands with', () => {
    const call = (id: string) => make({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })
    const output = (id: string) => make({ type: 'function_call_output', call_id: id, output: 'x' })
    const message = make({ type: 'message', role: 'user', content: 'Go' })
    const items = [message, call('a'), call('b'), output('b'), message]
    expect(repairItems(items, 'lost')).toEqual([
      message,
      call('a'),
      call('b'),
      { type: 'function_call_output', call_id: 'a', output: 'lost' },
      output('b'),
      message,
    ])
  })
})

describe('an id that comes twice', () => {
  const message = (text: string) =>
    make({ type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text }] })

  it('is taken off where the item is another one, and the item stays', () => {
    expect(repairItems([message('one'), message('two')])).toEqual([
      message('one'),
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'two' }] },
    ])
  })

  it('is taken for the same item again where nothing differs', () => {
    expect(repairItems([message('one'), message('one')])).toEqual([message('one')])
  })

  it('does not tear a call from its output', () => {
    const call = (id: string) =>
      make({ type: 'function_call', id: 'f', call_id: id, name: 'f', arguments: '{}' })
    const output = (id: string) => make({ type: 'function_call_output', call_id: id, output: 'x' })
    const repaired = repairItems([call('a'), output('a'), call('b'), output('b')])
    expect(repaired.map((item) => (item as { call_id?: string }).call_id)).toEqual(['a', 'a', 'b', 'b'])
    expect(repaired[2]).not.toHaveProperty('id')
  })
})

describe('validateItems', () => {
  it('finds nothing in an empty list, and does not look into what it does not know', () => {
    expect(validateItems([])).toEqual([])
    expect(
      validateItems([make({ type: 'acme:call' }), make({}), make({ type: 'acme:output', call_id: 'x' })]),
    ).toEqual([])
  })

  it('names the place and the call of every problem', () => {
    const items = [
      make({ type: 'function_call_output', call_id: 'x', output: '' }),
      make({ type: 'function_call', call_id: 'y', name: 'f', arguments: '' }),
      make({ type: 'function_call', call_id: 'y', name: 'f', arguments: '' }),
      make({ type: 'custom_tool_call_output', call_id: 'y', output: '' }),
      make({ type: 'message', id: 'm', role: 'assistant', content: [] }),
      make({ type: 'reasoning', id: 'm', summary: [] }),
    ]
    const found = validateItems(items).map(({ code, index, callId }) => [code, index, callId])
    expect(found).toEqual([
      ['orphan_output', 0, 'x'],
      ['duplicate_call', 2, 'y'],
      ['orphan_output', 3, 'y'],
      ['duplicate_id', 5, 'm'],
      ['missing_output', 1, 'y'],
    ])
  })
})
