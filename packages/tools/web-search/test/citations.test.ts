import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { citationsIn } from '../src/citations.ts'
import { createSeenSources } from '../src/seen-sources.ts'

const seen = createSeenSources()
const URLS = [
  'https://a.example/one',
  'https://a.example/two?x=1&y=2',
  'https://en.wikipedia.org/wiki/Chant_%28music%29',
  'https://zh.wikipedia.org/wiki/%E4%B8%AD%E6%96%87',
  'https://b.example/',
  'https://c.example/a*b_c~d',
]
for (const [i, url] of URLS.entries()) seen.add({ url, title: `Title ${i}` })
const cited = (text: string) =>
  citationsIn(text, seen.find).map(({ start_index: start, end_index: end, url }) => [
    text.slice(start, end),
    url,
  ])

describe('citations', () => {
  it.each([
    ['as [One](https://a.example/one).', '[One](https://a.example/one)', URLS[0]],
    ['as ([One](https://a.example/one)).', '[One](https://a.example/one)', URLS[0]],
    ['[a [nested] one](https://a.example/one)', '[a [nested] one](https://a.example/one)', URLS[0]],
    ['[a \\] one](https://a.example/one)', '[a \\] one](https://a.example/one)', URLS[0]],
    ['[One](<https://a.example/one>)', '[One](<https://a.example/one>)', URLS[0]],
    ['[One](https://a.example/one "A title")', '[One](https://a.example/one "A title")', URLS[0]],
    ['[One](https://a.example/one#part)', '[One](https://a.example/one#part)', URLS[0]],
    ['[One](HTTPS://A.example/one)', '[One](HTTPS://A.example/one)', URLS[0]],
    [
      '[Music](https://en.wikipedia.org/wiki/Chant_(music))',
      '[Music](https://en.wikipedia.org/wiki/Chant_(music))',
      URLS[2],
    ],
    [
      'see https://en.wikipedia.org/wiki/Chant_(music), it',
      'https://en.wikipedia.org/wiki/Chant_(music)',
      URLS[2],
    ],
    ['see https://a.example/one.', 'https://a.example/one', URLS[0]],
    ['see <https://a.example/one>!', 'https://a.example/one', URLS[0]],
    ['see **https://a.example/one**', 'https://a.example/one', URLS[0]],
    ['见https://a.example/one。谢谢', 'https://a.example/one', URLS[0]],
    ['见https://a.example/one谢谢', 'https://a.example/one', URLS[0]],
    [
      '见[中文](https://zh.wikipedia.org/wiki/中文)，好',
      '[中文](https://zh.wikipedia.org/wiki/中文)',
      URLS[3],
    ],
    ['at https://b.example', 'https://b.example', URLS[4]],
    ['at https://c.example/a*b_c~d.', 'https://c.example/a*b_c~d', URLS[5]],
    ['x](https://a.example/one)', 'https://a.example/one', URLS[0]],
    ['(https://a.example/two?x=1&y=2)', 'https://a.example/two?x=1&y=2', URLS[1]],
  ])('%s', (text, part, url) => {
    expect(cited(text)).toEqual([[part, url]])
  })

  it('may follow each other without a space', () => {
    expect(cited('[1](https://a.example/one)[2](https://b.example/)、[3](https://a.example/one)')).toEqual([
      ['[1](https://a.example/one)', URLS[0]],
      ['[2](https://b.example/)', URLS[4]],
      ['[3](https://a.example/one)', URLS[0]],
    ])
  })

  it.each([
    'https://a.example/on',
    'https://a.example/one/more',
    'https://a.example/one?x',
    'http://a.example/one',
    'https://a.example.evil.example/one',
    'https://evil.example/https://x',
    '[One](https://evil.example/one)',
    'https://',
    'javascript:https//a.example/one',
    'https://user@a.example/one',
  ])('%s was not seen', (text) => {
    expect(cited(text)).toEqual([])
  })

  it('point to their link wherever they stand, among emoji and CJK, and only to pages that were seen', () => {
    const words = fc.oneof(
      fc.constantFrom(
        '👩‍👩‍👧',
        '中文。',
        '𝒳',
        ' ',
        '\n',
        'e\u0301',
        '[',
        ']',
        '(',
        ')',
        '![',
        '](',
        '`',
        'http://',
        'https://evil.example/x',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }).filter((text) => !/[[\]\\]/.test(text)),
    )
    const link = fc
      .tuple(fc.constantFrom(...URLS), fc.constantFrom('One', '一 😀', 'x (y)'))
      .map(([url, title]) => ({ link: `[${title}](${url})`, url }))
    fc.assert(
      fc.property(fc.array(fc.oneof(words, link), { maxLength: 12 }), (parts) => {
        const links = parts.filter((part) => typeof part !== 'string')
        // A space keeps what stands before from becoming a part of a URL.
        const text = parts.map((part) => (typeof part === 'string' ? part : ` ${part.link} `)).join('')
        const found = citationsIn(text, seen.find)
        const whole = found.map(({ start_index: start, end_index: end }) => text.slice(start, end))
        for (const { link: written, url } of links) {
          const at = whole.findIndex(
            (each) => each.includes(url) && (each === written || each.endsWith(written)),
          )
          expect(at).toBeGreaterThanOrEqual(0)
          expect(found[at]?.url).toBe(url)
        }
        expect(found).toHaveLength(links.length)
        let last = 0
        for (const { start_index: start, end_index: end, url } of found) {
          expect(URLS).toContain(url)
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          last = end
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are found in a time that grows with the text alone', () => {
    const hostile = [
      '[x]('.repeat(50_000),
      '['.repeat(100_000),
      'https://'.repeat(20_000),
      'https://a)'.repeat(20_000),
      `https://a.example/${')'.repeat(100_000)}`,
      `${'['.repeat(1000)}](https://a.example/one)`.repeat(100),
    ]
    for (const text of hostile) citationsIn(text, seen.find)
  })
})
