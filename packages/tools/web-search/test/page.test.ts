import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { createHtmlReader } from '../src/html/html-reader.ts'
import { decodeText } from '../src/page/decode-text.ts'
import { findInLines } from '../src/page/find-in-lines.ts'
import { linesOf, windowOf } from '../src/page/page-lines.ts'
import { createPageStore } from '../src/page/page-store.ts'
import { listen, local, web } from './loopback.ts'

const reader = createHtmlReader({ timeoutMs: 30_000 })
afterAll(() => reader.close())

const store = (options: Partial<Parameters<typeof createPageStore>[1]> = {}) =>
  createPageStore(reader, {
    filters: { allowedDomains: [], blockedDomains: [] },
    policy: local,
    maxBytes: 100_000,
    timeoutMs: 10_000,
    userAgent: 'test',
    mayFetch: true,
    ...options,
  })

describe('a page of the web', () => {
  it('is fetched once in a run, under any fragment, and kept with where it came from', async () => {
    const { url, asked } = await web({
      'a.test/old': { status: 301, headers: { location: '/new' } },
      'a.test/new': '<title>New</title><p>Words.',
    })
    const pages = store()
    const [one, two] = await Promise.all([
      pages.open(url('a.test/old')),
      pages.open(`${url('a.test/old')}#x`),
    ])
    expect(one).toEqual({ url: url('a.test/new'), title: 'New', lines: ['Words.'] })
    expect(two).toBe(one)
    expect(asked).toEqual(['a.test/old', 'a.test/new'])
  })

  it('that failed is tried again', async () => {
    let isUp = false
    const port = await listen((_request, response) => response.writeHead(isUp ? 200 : 503).end('text'))
    const pages = store()
    const address = `http://a.test:${port}/`
    await expect(pages.open(address)).rejects.toMatchObject({ code: 'page_failed', retryable: true })
    isUp = true
    expect((await pages.open(address)).lines).toEqual(['text'])
  })

  it.each([
    ['text/plain', '<b>a</b>\nb', ['<b>a</b>', 'b']],
    ['text/markdown; charset=utf-8', '# A', ['# A']],
    ['application/json', '{"a":1}', ['{"a":1}']],
    ['application/ld+json', '{}', ['{}']],
    ['application/xhtml+xml', '<html><body><p>a</p></body></html>', ['a']],
    ['TEXT/HTML', '<p>a</p>', ['a']],
    ['', '<!DOCTYPE html><p>a</p>', ['a']],
    ['', 'plain', ['plain']],
  ])('of type %j is read as such', async (type, body, lines) => {
    const port = await listen((_request, response) => {
      if (type) response.setHeader('content-type', type)
      response.end(body)
    })
    expect((await store().open(`http://a.test:${port}/`)).lines).toEqual(lines)
  })

  it.each([
    ['application/pdf', '%PDF-1.7', 'PDF'],
    ['text/html', '%PDF-1.7 in disguise', 'PDF'],
    ['image/png', 'x', 'image/png'],
    ['application/octet-stream', 'a\0b', 'no text'],
    ['application/zip', 'PK', 'application/zip'],
  ])('of type %s is refused, saying so', async (type, body, told) => {
    const { url } = await web({ 'a.test/x': { headers: { 'content-type': type }, body } })
    await expect(store().open(url('a.test/x'))).rejects.toMatchObject({
      code: 'page_unreadable',
      message: expect.stringContaining(told),
    })
  })

  it('may be compressed, and is bounded before and after', async () => {
    const small = '<p>small</p>'
    const bomb = Buffer.alloc(50_000_000, '<p>')
    const { url } = await web({
      'a.test/gzip': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(small) },
      'a.test/br': { headers: { 'content-encoding': 'br' }, body: brotliCompressSync(small) },
      'a.test/deflate': { headers: { 'content-encoding': 'deflate' }, body: deflateSync(small) },
      'a.test/bomb': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(bomb) },
      'a.test/broken': { headers: { 'content-encoding': 'gzip' }, body: 'no gzip' },
      'a.test/odd': { headers: { 'content-encoding': 'gzip, gzip' }, body: gzipSync(gzipSync(small)) },
      'a.test/large': 'x'.repeat(200_000),
    })
    const pages = store()
    for (const path of ['gzip', 'br', 'deflate'])
      expect((await pages.open(url(`a.test/${path}`))).lines).toEqual(['small'])
    await expect(pages.open(url('a.test/bomb'))).rejects.toThrow('larger than 100000 bytes')
    for (const path of ['broken', 'odd'])
      await expect(pages.open(url(`a.test/${path}`))).rejects.toMatchObject({ code: 'page_unreadable' })
    await expect(pages.open(url('a.test/large'))).rejects.toThrow('100000 bytes')
  })

  it.each([
    ['file:///etc/passwd'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['ftp://a.test/'],
    ['not a url'],
    ['/relative'],
    ['https://user:pass@a.test/'],
    ['http://10.0.0.1/'],
    ['http://169.254.169.254/latest/meta-data/'],
    ['http://[::ffff:10.0.0.1]/'],
  ])('%s is refused', async (address) => {
    await expect(store().open(address)).rejects.toMatchObject({ code: 'page_refused' })
  })

  it('of this machine is refused by default', async () => {
    const { url, asked } = await web({ '127.0.0.1/': 'x', 'localhost/': 'x' })
    const pages = store({ policy: { allowPlainHttp: true } })
    for (const address of ['127.0.0.1/', 'localhost/', '[::1]/', '2130706433/', '0x7f.1/'])
      await expect(pages.open(url(address))).rejects.toMatchObject({ code: 'page_refused' })
    expect(asked).toEqual([])
  })

  it('is held against the domains before it is asked, and after every redirect', async () => {
    const { url, asked } = await web({
      'good.test/in': '<p>in',
      'sub.good.test/in': '<p>sub',
      'good.test/out': { status: 302, headers: { location: 'http://evil.test:PORT/x' } },
      'good.test/around': { status: 302, headers: { location: 'http://evilgood.test:PORT/back' } },
      'evilgood.test/back': { status: 302, headers: { location: 'http://good.test:PORT/in' } },
      'bad.good.test/in': '<p>bad',
    })
    const pages = store({ filters: { allowedDomains: ['good.test'], blockedDomains: ['bad.good.test'] } })
    expect((await pages.open(url('good.test/in'))).lines).toEqual(['in'])
    expect((await pages.open(url('sub.good.test/in'))).lines).toEqual(['sub'])
    const refused = [
      'evil.test/x',
      'evilgood.test/back',
      'bad.good.test/in',
      'good.test/out',
      'good.test/around',
    ]
    for (const address of refused)
      await expect(pages.open(url(address))).rejects.toMatchObject({ code: 'page_refused' })
    expect(asked.filter((address) => /^(evil|bad)/.test(address))).toEqual([])
  })

  it('is not fetched where that is not allowed', async () => {
    const { url, asked } = await web({ 'a.test/': 'x' })
    await expect(store({ mayFetch: false }).open(url('a.test/'))).rejects.toMatchObject({
      code: 'page_refused',
    })
    expect(asked).toEqual([])
  })

  it('ends with the signal, and is not kept', async () => {
    const stop = new AbortController()
    let asked = 0
    const port = await listen((_request, response) => {
      if (asked++ === 0) stop.abort(new Error('enough'))
      else response.end('text')
    })
    const pages = store()
    await expect(pages.open(`http://a.test:${port}/`, stop.signal)).rejects.toThrow('enough')
    expect((await pages.open(`http://a.test:${port}/`)).lines).toEqual(['text'])
  })

  it('goes when there are too many', async () => {
    let asked = 0
    const port = await listen((_request, response) => {
      asked++
      response.end('text')
    })
    const pages = store()
    for (let i = 0; i < 40; i++) await pages.open(`http://a.test:${port}/${i}`)
    await pages.open(`http://a.test:${port}/39`)
    expect(asked).toBe(40)
    await pages.open(`http://a.test:${port}/0`)
    expect(asked).toBe(41)
  })
})

describe('bytes', () => {
  it.each([
    ['utf-8', 'häh 中', 'text/html; charset=utf-8'],
    ['utf-8', 'häh 中', 'text/html'],
    ['latin1', 'häh', 'text/html; charset=ISO-8859-1'],
    ['latin1', '<meta charset="windows-1252">häh', 'text/html'],
    ['latin1', '<meta http-equiv=x content="text/html; charset=latin1">häh', ''],
    ['utf16le', '\ufeffhäh 中', 'text/html; charset=utf-8'],
    ['utf-8', 'häh', 'text/html; charset=no-such-thing'],
  ] as const)('in %s are decoded: %j', (encoding, text, type) => {
    expect(decodeText(Buffer.from(text, encoding), type)).toBe(text.replace('\ufeff', ''))
  })
})

describe('lines', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '😀', 'xy z', 'w'.repeat(400)),
    maxLength: 40,
  })

  it('are never long, and lose nothing but spaces where they were cut', () =>
    fc.assert(
      fc.property(text, (whole) => {
        const lines = linesOf(whole)
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(1_000)
          expect(Buffer.from(line).toString()).toBe(line)
        }
        expect(lines.join('').replace(/\s/g, '')).toBe(whole.replace(/\s/g, ''))
      }),
    ))

  it('in windows, each where the last one ended, are the whole page', () =>
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 2_000 }), (whole, maxChars) => {
        const lines = linesOf(whole)
        const seen: string[] = []
        for (let first = 1; first <= lines.length; ) {
          const part = windowOf(lines, first, maxChars)
          expect(part?.first).toBe(first)
          if (part === undefined || part.last < first) throw new Error('stands still')
          if (part.last > first) expect(part.text.length).toBeLessThanOrEqual(maxChars)
          seen.push(part.text)
          first = part.last + 1
        }
        expect(seen.join('\n')).toBe(lines.join('\n'))
        for (const first of [0, -1, lines.length + 1])
          expect(windowOf(lines, first, maxChars)).toBeUndefined()
      }),
    ))
})

describe('finding in a page', () => {
  const lines = ['First line', 'The (Chant) [a+]', 'of a choir', '', 'chant CHANT', 'last']

  it('takes plain text, whatever its case, and tells lines and what is around', () => {
    expect(findInLines(lines, 'chant', { maxMatches: 5, context: 1 })).toEqual({
      total: 2,
      matches: [
        { line: 2, first: 1, text: 'First line\nThe (Chant) [a+]\nof a choir' },
        { line: 5, first: 4, text: '\nchant CHANT\nlast' },
      ],
    })
    expect(findInLines(lines, '(chant) [A+]', { maxMatches: 5 }).total).toBe(1)
    expect(findInLines(lines, '.*', { maxMatches: 5 }).total).toBe(0)
    expect(findInLines(lines, '[a+]  of A', { maxMatches: 5 }).matches).toMatchObject([{ line: 2 }])
    expect(findInLines(lines, '  ', { maxMatches: 5 }).total).toBe(0)
  })

  it('shows no more than it may, and counts all', () => {
    const many = Array.from({ length: 1_000 }, () => 'x')
    expect(findInLines(many, 'x', { maxMatches: 3 })).toMatchObject({ total: 1_000, matches: { length: 3 } })
  })
})
