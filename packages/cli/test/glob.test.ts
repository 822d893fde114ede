import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatcher } from '../src/folder-tools/glob.ts'

/** The same rules as a regular expression, for short patterns, where backtracking does no harm. */
const asRegExp = (pattern: string): RegExp => {
  const full = pattern.includes('/') ? pattern : `**/${pattern}`
  const source = full
    .split('/')
    .map((segment, index, all) => {
      const last = index === all.length - 1
      if (segment === '**') return last ? '[^/]+(?:/[^/]+)*' : '(?:[^/]+/)*'
      const name = segment.replaceAll('.', '\\.').replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]')
      return last ? name : `${name}/`
    })
    .join('')
  return new RegExp(`^${source}$`)
}

describe('globMatcher', () => {
  it('agrees with a regular expression', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '*', '?', 'a*', '*b', 'b.', '*.b', '**')
    const segments = fc.array(piece, { minLength: 1, maxLength: 4 })
    const name = fc.stringMatching(/^[ab.]{1,4}$/)
    fc.assert(
      fc.property(segments, fc.array(name, { minLength: 1, maxLength: 4 }), (parts, names) => {
        const pattern = parts.join('/')
        if (pattern === '**') return
        const path = names.join('/')
        expect(globMatcher(pattern)(path)).toBe(asRegExp(pattern).test(path))
      }),
      { numRuns: 2000 },
    )
  })

  it.each<[string, string, boolean]>([
    ['*.{ts,tsx}', 'src/a.tsx', true],
    ['{src,test}/**', 'test/a/b.ts', true],
    ['{src,{a,b}}/x', 'b/x', true],
    ['src/', 'src/a/b', true],
    ['./src/*', 'src/a', true],
    ['**', 'a/b/c', true],
    ['src/**', 'src', false],
    ['a{b', 'a{b', true],
    ['[ab]', 'a', false],
    ['[ab]', 'x/[ab]', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(globMatcher(pattern)(path)).toBe(expected)
  })

  it('takes patterns made to hang a matcher', () => {
    const star = globMatcher(`${'*a'.repeat(90)}*b`)
    expect(star('a'.repeat(255))).toBe(false)
    const folders = globMatcher(`${'**/a/'.repeat(39)}b`)
    expect(folders('a/'.repeat(200))).toBe(false)
  })

  it('refuses what is too long or has too many alternatives', () => {
    expect(() => globMatcher('x'.repeat(201))).toThrow(/longer than 200/)
    expect(() => globMatcher('{a,b}'.repeat(12))).toThrow(/more than 64 alternatives/)
  })
})
