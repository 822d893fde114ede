import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limitText, toJsonText } from '../src/tools/json-text.ts'

const textOf = (value: unknown): string => {
  const result = toJsonText(value)
  if (!result.ok) throw new Error(`${result.path}: ${result.reason}`)
  return result.text
}

describe('toJsonText', () => {
  it('passes a string through and says when there is nothing', () => {
    expect(textOf('plain "text"')).toBe('plain "text"')
    expect(textOf(undefined)).toBe('(no output)')
    expect(textOf(() => 1)).toBe('(no output)')
    expect(textOf(null)).toBe('null')
    expect(textOf(10n ** 30n)).toBe(`1${'0'.repeat(30)}`)
  })

  it('says any JSON value as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(textOf(value)).toBe(typeof value === 'string' ? value : JSON.stringify(value))
      }),
    )
  })

  it('says what JSON.stringify loses or refuses: bigint, Map, Set, Error, also deep inside', () => {
    const value = {
      id: 12n,
      tags: new Set(['a', 'b']),
      ages: new Map([['ann', 3]]),
      pairs: new Map([[{ k: 1 }, 'v']]),
      failed: new TypeError('no such file'),
      at: new Date(0),
      list: [new Map([[1, new Set([2n])]])],
      gone: () => 1,
      nothing: undefined,
    }
    expect(JSON.parse(textOf(value))).toEqual({
      id: '12',
      tags: ['a', 'b'],
      ages: { ann: 3 },
      pairs: [[{ k: 1 }, 'v']],
      failed: 'no such file',
      at: '1970-01-01T00:00:00.000Z',
      list: [{ 1: ['2'] }],
    })
    expect(textOf(new Error('disk full'))).toBe('disk full')
    expect(textOf(Object.assign(new Error('denied'), { code: 'EACCES' }))).toBe('denied')
  })

  it('notes the size of bytes instead of writing them out', () => {
    expect(textOf(Buffer.from('hello'))).toBe('(Buffer of 5 bytes, base64 aGVsbG8=)')
    expect(textOf(new Uint8Array(5_000_000)).length).toBeLessThan(100)
    expect(JSON.parse(textOf({ file: new Float64Array(2) })).file).toMatch(/^\(Float64Array of 16 bytes/)
    expect(textOf(new ArrayBuffer(3))).toMatch(/^\(ArrayBuffer of 3 bytes/)
  })

  it('names the place of a cycle, and takes the same object twice', () => {
    const shared = { n: 1 }
    expect(textOf({ a: shared, b: [shared] })).toBe('{"a":{"n":1},"b":[{"n":1}]}')
    const value: { rows: { parent?: unknown }[] } = { rows: [{}] }
    value.rows[0]!.parent = value.rows[0]
    expect(toJsonText(value)).toEqual({
      ok: false,
      path: 'rows[0].parent',
      reason: 'it refers back to "rows[0]"',
    })
    const self: Record<string, unknown> = {}
    self.me = self
    expect(toJsonText(self)).toEqual({ ok: false, path: 'me', reason: 'it refers back to the whole value' })
    const map = new Map<string, unknown>()
    map.set('inner', { map })
    expect(toJsonText(map)).toMatchObject({ ok: false, path: 'inner.map' })
  })

  it('names the place of a toJSON or a getter that throws', () => {
    const bad = {
      toJSON() {
        throw new Error('not today')
      },
    }
    expect(toJsonText({ a: [1, bad] })).toEqual({
      ok: false,
      path: 'a[1]',
      reason: 'toJSON threw: not today',
    })
    const getter = {
      deep: {
        get x(): number {
          throw new Error('closed')
        },
      },
    }
    expect(toJsonText(getter)).toEqual({ ok: false, path: 'deep.x', reason: 'its getter threw: closed' })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(toJsonText({ proxy }).ok).toBe(false)
  })

  it('follows toJSON once, as JSON does', () => {
    class Money {
      readonly cents = 5n
      toJSON() {
        return { cents: this.cents }
      }
    }
    expect(textOf({ price: new Money() })).toBe('{"price":{"cents":"5"}}')
    const itself: Record<string, unknown> = { n: 1n }
    itself.toJSON = () => itself
    expect(textOf(itself)).toBe('{"n":"1"}')
    expect(textOf(new URL('https://example.com/a'))).toBe('https://example.com/a')
  })

  it('takes deep values and refuses bottomless ones without overflowing the stack', () => {
    const nest = (depth: number): unknown => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = [value]
      return value
    }
    expect(textOf(nest(500))).toBe(`${'['.repeat(500)}1${']'.repeat(500)}`)
    expect(toJsonText(nest(100_000))).toMatchObject({
      ok: false,
      reason: 'it is nested deeper than 1000 levels',
    })
  })

  it('keeps a key named __proto__ a key', () => {
    expect(textOf({ n: 1n, ...JSON.parse('{"a":1}'), inner: JSON.parse('{"__proto__":{"x":1}}') })).toBe(
      '{"n":"1","a":1,"inner":{"__proto__":{"x":1}}}',
    )
  })
})

describe('limitText', () => {
  it('leaves a text that fits alone', () => {
    expect(limitText('abc', 3)).toBe('abc')
  })

  it('keeps beginning and end of a long one and names both sizes', () => {
    const text = `BEGIN${'x'.repeat(50_000_000)}END`
    const cut = limitText(text, 1000)
    expect(cut.length).toBeLessThanOrEqual(1000)
    expect(cut.startsWith('BEGINx')).toBe(true)
    expect(cut.endsWith('xEND')).toBe(true)
    const [, kept, total] = /\[… (\d+) of (\d+) characters shown; the middle is cut …\]/.exec(cut) ?? []
    expect(Number(total)).toBe(50_000_008)
    expect(cut.replace(/\n\[….*…\]\n/, '').length).toBe(Number(kept))
  })

  it('is never longer than asked and never splits a surrogate pair', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 300 }), (text, max) => {
        const cut = limitText(text, max)
        expect(cut.length).toBeLessThanOrEqual(Math.max(max, 0))
        expect(Buffer.from(cut).toString()).toBe(cut)
        if (text.length <= max) expect(cut).toBe(text)
        else expect(text.startsWith(cut.split('\n[… ')[0] as string)).toBe(true)
      }),
    )
  })
})
