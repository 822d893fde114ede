import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../src/tenants/canonical-json.ts'
import { bodyHash, readIdempotency } from '../src/tenants/idempotency.ts'

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

describe('the idempotency key', () => {
  it('is read with the hash of its body', () => {
    const body = { model: 'm', input: 'hello' }
    expect(readIdempotency(new Headers(), body)).toBeUndefined()
    expect(readIdempotency(new Headers({ 'idempotency-key': 'abc 1' }), body)).toEqual({
      key: 'abc 1',
      bodyHash: bodyHash({ input: 'hello', model: 'm' }),
    })
  })

  it('has 1 to 255 printable characters', () => {
    const read = (key: string) => readIdempotency(new Headers({ 'idempotency-key': key }), {})
    expect(read('k'.repeat(255))?.key).toHaveLength(255)
    for (const key of ['', 'k'.repeat(256), 'käse', 'a\tb'])
      expect(() => read(key)).toThrow(
        expect.objectContaining({ status: 400, code: 'invalid_idempotency_key', param: 'Idempotency-Key' }),
      )
  })
})

describe('the hash of a body', () => {
  it('does not depend on the order of keys', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(bodyHash(reversed(value))).toBe(bodyHash(value))
      }),
    ))

  it('is of a text that reads back as the same value', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read = JSON.parse(JSON.stringify(value)) as unknown
        expect(JSON.parse(canonicalJson(value))).toEqual(read)
      }),
    ))

  it('differs where the values differ', () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSame = canonicalJson(a) === canonicalJson(b)
        expect(bodyHash(a) === bodyHash(b)).toBe(isSame)
        if (isSame)
          expect(JSON.parse(JSON.stringify(reversed(a)))).toEqual(JSON.parse(JSON.stringify(reversed(b))))
      }),
    ))

  it('sees the order of lists, kinds of values, and a key named __proto__', () => {
    const hashes = [
      [1, 2],
      [2, 1],
      { a: '1' },
      { a: 1 },
      { a: null },
      {},
      [],
      JSON.parse('{"__proto__":{"a":1}}') as unknown,
    ].map(bodyHash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
