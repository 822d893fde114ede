import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyDiff, type PatchError } from '../src/index.ts'
import { writeDiff } from './write-diff.ts'

const apply = (text: string, ...diff: string[]): string => applyDiff(text, diff.join('\n')).text
const failure = (text: string, ...diff: string[]): PatchError => {
  try {
    apply(text, ...diff)
  } catch (error) {
    return error as PatchError
  }
  throw new Error('the diff was applied')
}

const line = fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '_'))

describe('any change', () => {
  it('of any text gives the new text, when all of the old one is context', () => {
    fc.assert(
      fc.property(fc.array(line), fc.array(line), fc.constantFrom('\n', '\r\n'), (before, after, end) => {
        fc.pre(before.join('\n') !== after.join('\n') && before.length > 0)
        const text = (lines: string[]): string => lines.map((one) => one + end).join('')
        expect(applyDiff(text(before), writeDiff(before, after, Number.POSITIVE_INFINITY)).text).toBe(
          text(after),
        )
      }),
    )
  })

  it('of lines that differ gives the new text, with three lines of context or fewer', () => {
    const changes = fc.array(fc.constantFrom('keep', 'remove', 'replace', 'insert'), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(changes, fc.integer({ min: 1, max: 3 }), fc.boolean(), (kinds, context, ended) => {
        const before = kinds.map((_, at) => `  line ${at}`)
        const after = kinds.flatMap((kind, at) =>
          kind === 'remove'
            ? []
            : kind === 'replace'
              ? [`new ${at}`]
              : kind === 'insert'
                ? [before[at]!, `more ${at}`]
                : [before[at]!],
        )
        fc.pre(kinds.some((kind) => kind !== 'keep') && after.length > 0)
        const text = (lines: string[]): string => lines.join('\n') + (ended ? '\n' : '')
        expect(applyDiff(text(before), writeDiff(before, after, context)).text).toBe(text(after))
      }),
    )
  })

  it('leaves the bytes of all other lines, however they end', () => {
    const ends = fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 3, maxLength: 30 })
    fc.assert(
      fc.property(ends, fc.nat(), (kinds, where) => {
        const at = where % kinds.length
        const text = kinds.map((end, number) => `line ${number}  ${end}`)
        const result = apply(text.join(''), '@@', `-line ${at}`, '+changed')
        expect(result).toBe([...text.slice(0, at), `changed${kinds[at]}`, ...text.slice(at + 1)].join(''))
      }),
    )
  })

  it('of any broken diff is an error of its own or a text, and never hangs', () => {
    const piece = fc.oneof(
      fc.constantFrom('@@', '@@ a', '*** End of File', ' a', '-a', '+b', 'a', '', ' b', '*** x'),
      line,
    )
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', ' a', ''), { maxLength: 8 }),
        fc.array(piece),
        (lines, diff) => {
          try {
            expect(typeof applyDiff(lines.join('\n'), diff.join('\n')).text).toBe('string')
          } catch (error) {
            expect((error as PatchError).code).toMatch(/^patch_(invalid|mismatch)$/)
          }
        },
      ),
    )
  })
})

describe('what models write', () => {
  const code =
    'class A:\n    def run(self):\n        return 1\n\nclass B:\n    def run(self):\n        return 1\n'

  it('finds the second of two equal places by an @@ line, and by two', () => {
    const expected = code.replace(/return 1\n$/, 'return 2\n')
    expect(apply(code, '@@ class B:', '     def run(self):', '-        return 1', '+        return 2')).toBe(
      expected,
    )
    expect(
      apply(code, '@@ class B:', '@@     def run(self):', '-        return 1', '+        return 2'),
    ).toBe(expected)
    expect(
      apply(
        code,
        '@@ class B:',
        ' class B:',
        '     def run(self):',
        '-        return 1',
        '+        return 2',
      ),
    ).toBe(expected)
  })

  it('takes context without its leading space, and with other spaces at the end', () => {
    expect(apply('a  \nb\t\nc\n', 'a', '-b', '+B', 'c')).toBe('a  \nB\nc\n')
  })

  it('takes context with other indentation only where it fits once', () => {
    expect(apply('if x:\n\tfoo()\n', '-    foo()', '+\tbar()')).toBe('if x:\n\tbar()\n')
    expect(failure('\tfoo()\n  foo()\n', '-    foo()', '+bar()').message).toMatch(/more than one place/)
  })

  it('takes plain quotes and dashes for typographic ones', () => {
    expect(apply('“a” – b\n', '-"a" - b', '+c')).toBe('c\n')
  })

  it('takes numbers of hunks and the head of a file as other tools write them', () => {
    const head = ['diff --git a/x b/x', 'index 12..34 100644', '--- a/x', '+++ b/x']
    expect(
      apply('a\nb\n', ...head, '@@ -1,2 +1,2 @@ somewhere', ' a', '-b', '+c', '\\ No newline at end of file'),
    ).toBe('a\nc\n')
  })

  it('takes a diff in a fence, with returns, and with empty lines at its end', () => {
    expect(apply('a\nb\n', '```diff', '@@', '-a', '+c', '```')).toBe('c\nb\n')
    expect(apply('a\nb\n', '@@\r', '-a\r', '+c\r', '')).toBe('c\nb\n')
    expect(apply('a\nb\n', '@@', ' a', '-b', '+c', '', '')).toBe('a\nc\n')
  })

  it('takes hunks that share context, and hunks out of order where they fit once', () => {
    expect(apply('1\n2\n3\n4\n', '@@', ' 1', '-2', '+two', ' 3', '@@', ' 3', '-4', '+four')).toBe(
      '1\ntwo\n3\nfour\n',
    )
    expect(apply('1\n2\n3\n4\n', '@@', '-4', '+four', '@@', '-1', '+one')).toBe('one\n2\n3\nfour\n')
  })

  it('appends at the end of the file, and after an @@ line', () => {
    expect(apply('a\n', '@@', '+b', '*** End of File')).toBe('a\nb\n')
    expect(apply('a', '@@', ' a', '+b', '*** End of File')).toBe('a\nb')
    expect(apply('a\nc\n', '@@ a', '+b')).toBe('a\nb\nc\n')
    expect(apply('x\nx\nx\n', '@@', '-x', '+last', '*** End of File')).toBe('x\nx\nlast\n')
    expect(apply('', '+first')).toBe('first\n')
  })

  it('keeps a byte order mark, and lines that end with a return', () => {
    expect(apply('\uFEFFa\r\nb\r\n', '-a', '+c', ' b')).toBe('\uFEFFc\r\nb\r\n')
  })
})

describe('a diff that does not fit', () => {
  it('is told what the file has where the hunk differs', () => {
    const error = failure('one\ntwo\nthree\n', '@@', ' one', ' too', '-three', '+3')
    expect(error.code).toBe('patch_mismatch')
    expect(error.message).toMatch(
      /^Hunk 1 does not fit.*Line 2 of the file is "two", but the hunk expects "too"/,
    )
  })

  it('is told of a first line that is nowhere, of the end, and of a hunk that is behind', () => {
    expect(failure('a\n', '-b', '+c').message).toMatch(/No line of the file is "b"/)
    expect(failure('a\nb\n', ' a', ' b', '-c', '+d').message).toMatch(/Line 2 is the last of the file.*"c"/)
    expect(failure('a\nb\nc\na\nb\n', '@@ c', '-c', '+C', '@@', ' b', '-a', '+x').message).toMatch(/Hunk 2/)
  })

  it('does not guess where lines go that have nothing around them', () => {
    expect(failure('a\n', '@@', '+b').message).toMatch(/nothing says where they go/)
  })

  it('does not change one line twice', () => {
    expect(failure('a\nb\n', '@@', '-a', '+1', '@@', '-a', '+2').code).toBe('patch_mismatch')
  })

  it('says that it changes nothing, or has headers of a patch', () => {
    expect(failure('a\n', ' a').code).toBe('patch_invalid')
    expect(failure('a\n', '*** Update File: b', '-a').message).toMatch(/belongs around a diff/)
  })

  it('costs linear time, also where everything nearly fits', () => {
    const text = 'a\n'.repeat(200_000)
    const error = failure(text, ...Array<string>(50_000).fill(' a'), '-b', '+c')
    expect(error.code).toBe('patch_mismatch')
    expect(failure(text, ...Array<string>(1000).fill('@@\n-b')).code).toBe('patch_too_large')
  })
})
