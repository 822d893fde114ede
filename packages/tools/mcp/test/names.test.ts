import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { functionName, functionNames } from '../src/list/function-names.ts'

describe('the name of a function', () => {
  it('is the label and the name of the tool, where both can be said', () => {
    expect(functionName('files', 'read_text-file')).toBe('files__read_text-file')
    expect(functionName('files', '__x')).toBe('files____x')
  })

  it.each([
    ['my files', 'read'],
    ['files', 'notes/read.file'],
    ['files', 'x'.repeat(100)],
    ['l'.repeat(100), 'read'],
    ['', 'read'],
    ['a__b', 'c'],
    ['a_', 'b'],
    ['日本', '読む'],
  ])('has a hash where they cannot: %s, %s', (label, tool) => {
    expect(functionName(label, tool)).toMatch(/^[a-zA-Z0-9_-]{0,53}_[0-9a-f]{10}$/)
  })

  it('is legal, the same each time, and of one tool of one server only', () => {
    const word = fc.oneof(
      fc.string({ maxLength: 80, unit: 'binary' }),
      fc.string({ maxLength: 6, unit: fc.constantFrom('_', 'a', 'b', '-') }),
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(word, word), { selector: JSON.stringify, maxLength: 30 }),
        (pairs) => {
          const names = pairs.map(([label, tool]) => functionName(label, tool))
          expect(new Set(names).size).toBe(pairs.length)
          for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
          expect(pairs.map(([label, tool]) => functionName(label, tool))).toEqual(names)
        },
      ),
    )
  })

  it('does not change when other tools come, and a tool that takes that of another one is left out', () => {
    const hashed = functionName('s', 'a.b')
    const before = functionNames('s', ['a.b', 'c'])
    const after = functionNames('s', ['a.a', 'a.b', 'a/b', 'a_b', 'c', hashed.slice('s__'.length)])
    for (const [tool, name] of before) expect(after.get(tool)).toBe(name)
    expect(new Set(after.values()).size).toBe(after.size)
    expect(after.size).toBe(5)
  })
})
