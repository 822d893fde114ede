import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAllowed, joinFilters, readDomains } from '../src/domain-filter.ts'

const filters = (allowed: string[], blocked: string[] = []) => ({
  allowedDomains: readDomains(allowed, 'allowed'),
  blockedDomains: readDomains(blocked, 'blocked'),
})

describe('domains', () => {
  it.each([
    ['https://example.com/', true],
    ['https://EXAMPLE.com:8443/x', true],
    ['https://example.com./', true],
    ['https://a.b.example.com/', true],
    ['https://evilexample.com/', false],
    ['https://example.com.evil.com/', false],
    ['https://evil.com/example.com', false],
    ['https://example.com@evil.com/', false],
    ['https://evil.com?example.com', false],
    ['https://evil.com#.example.com', false],
    ['https://xn--exmple-cua.com/', false],
    ['https://example.co/', false],
    ['https://com/', false],
  ])('%s is within example.com: %s', (url, isWithin) => {
    expect(isAllowed(new URL(url), filters(['example.com']))).toBe(isWithin)
    expect(isAllowed(new URL(url), filters([], ['example.com']))).toBe(!isWithin)
  })

  it('are read in the forms that people write', () => {
    expect(
      readDomains(
        [
          'Example.COM',
          'https://a.com/path?x',
          '*.b.com',
          '.c.com',
          'd.com.',
          'e.com:8080',
          'bücher.de',
          '[::1]',
          ' f.com ',
        ],
        'x',
      ),
    ).toEqual([
      'example.com',
      'a.com',
      'b.com',
      'c.com',
      'd.com',
      'e.com',
      'xn--bcher-kva.de',
      '[::1]',
      'f.com',
    ])
  })

  it.each(['', '  ', '*', 'a b', '..', 'https://', 'exa*mple.com', 'a,b.com'])('%j is none', (domain) => {
    expect(() => readDomains([domain], 'allowed_domains')).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    )
  })

  it('are at most a hundred', () => {
    expect(() => readDomains(Array(101).fill('a.com'), 'x')).toThrow('101 domains')
  })

  it('blocked go before allowed', () => {
    const both = filters(['example.com'], ['bad.example.com'])
    expect(isAllowed(new URL('https://good.example.com'), both)).toBe(true)
    expect(isAllowed(new URL('https://x.bad.example.com'), both)).toBe(false)
  })

  it('of two filters let pass what both let pass', () => {
    const label = fc.constantFrom('a', 'b', 'c')
    const domain = fc
      .array(label, { minLength: 1, maxLength: 3 })
      .map((labels) => [...labels, 'com'].join('.'))
    const list = fc.array(domain, { maxLength: 3 })
    fc.assert(
      fc.property(list, list, list, list, domain, (a, b, c, d, host) => {
        const [one, other] = [filters(a, b), filters(c, d)]
        const url = new URL(`https://${host}/`)
        const joined = joinFilters(one, other)
        const isBoth = isAllowed(url, one) && isAllowed(url, other)
        expect(joined === undefined ? false : isAllowed(url, joined)).toBe(isBoth)
      }),
    )
  })
})
