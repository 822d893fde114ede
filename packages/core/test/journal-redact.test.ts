import { createLogRedactor, type LogRecord } from 'antiphon'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const KEY = `sk-${'a1B2'.repeat(8)}`

const record = (value: unknown, about?: unknown): LogRecord => ({
  seq: 7,
  key: 't0/tool/c1',
  kind: 'tool',
  at: 1_764_000_000_000,
  ...(about === undefined ? {} : { about }),
  value,
})

/** Every text in a value: strings, names, and those of strings that are JSON. */
const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') {
    try {
      const inner: unknown = JSON.parse(value)
      return [value, ...(typeof inner === 'number' ? [] : textsOf(inner))]
    } catch {
      return [value]
    }
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, entry]) => [name, ...textsOf(entry)])
}

describe('createLogRedactor', () => {
  it('takes keys of the usual shapes out by itself', () => {
    const { value } = createLogRedactor()
    expect(value({ headers: ['Bearer abcdefgh1234'], text: `use ${KEY}!` })).toEqual({
      headers: ['Bearer [redacted bearer]'],
      text: 'use [redacted apiKey]!',
    })
  })

  it('replaces fields wherever they are, in JSON text too, and whatever they hold', () => {
    const { record: redact } = createLogRedactor({ fields: ['Password', 'card'] })
    const about = { name: 'login', arguments: '{"user":"a","PASSWORD":{"old":"x"}}' }
    const value = { output: { output: '[{"card":4111},{"card":null}]' }, details: { password: ['y'], n: 1 } }
    expect(redact(record(value, about))).toEqual(
      record(
        {
          output: { output: '[{"card":"[redacted]"},{"card":null}]' },
          details: { password: '[redacted]', n: 1 },
        },
        { name: 'login', arguments: '{"user":"a","PASSWORD":"[redacted]"}' },
      ),
    )
  })

  it('finds secrets that JSON has escaped, doubled, or made a number or a name', () => {
    const { value } = createLogRedactor({ secrets: ['pa"ss\nword', '87654321', /tok_\w+/] })
    const inner = JSON.stringify({ a: 'my pa"ss\nword', n: 87654321, tok_1: 'tok_2', u: '\u{1F642}' })
    const clean = '{"a":"my [redacted]","n":"[redacted]","[redacted]":"[redacted]","u":"\u{1F642}"}'
    expect(value(inner)).toBe(clean)
    expect(value(JSON.stringify(inner))).toBe(JSON.stringify(clean))
    expect(value(`Result: ${inner}`)).not.toMatch(/pa\\"ss/)
    expect(value('{"a":"\\u0038\\u0037654321"}')).toBe('{"a":"[redacted]"}')
  })

  it('leaves nothing of a field in JSON that was cut off, or that names it twice', () => {
    const { value } = createLogRedactor({ fields: ['password'], secrets: ['hunter2'] })
    expect(value('{"user":"a","pass\\u0077ord": "corr')).toBe('{"user":"a","pass\\u0077ord":"[redacted]"')
    expect(value('{"a":{"password":"corr"},"a":1}')).toBe('{"a":1}')
    expect(value('{"a":"hunter2","a":1}')).toBe('{"a":1}')
  })

  it('hides a secret that is itself JSON, and leaves JSON', () => {
    const secret = '{"type":"service_account","id":"x"}'
    const clean = createLogRedactor({ secrets: [secret] }).value({ output: secret, text: `It is ${secret}.` })
    expect(clean).toEqual({ output: '"[redacted]"', text: 'It is [redacted].' })
  })

  it('gives the very object when there is nothing to hide, and shares what it did not change', () => {
    const redactor = createLogRedactor({ secrets: ['hunter2'] })
    const plain = record({ output: { output: '{"a": 1}' } })
    expect(redactor.record(plain)).toBe(plain)
    const half = { keep: { a: [1] }, drop: 'hunter2' }
    const clean = redactor.value(half)
    expect(clean).toEqual({ keep: { a: [1] }, drop: '[redacted]' })
    expect(clean.keep).toBe(half.keep)
    expect(half.drop).toBe('hunter2')
  })

  it('leaves the place of a record, and what only the server can read, as they are', () => {
    const redactor = createLogRedactor({ secrets: ['t0/tool', '1764000000000', 'sealed'] })
    const sealed = record({
      output: [{ type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'sealed' }],
    })
    expect(redactor.record(sealed)).toBe(sealed)
    expect(redactor.value({ type: 'other', encrypted_content: 'sealed' }).encrypted_content).toBe(
      '[redacted]',
    )
  })

  it('survives a text of very many brackets', () => {
    const deep = `${'['.repeat(50_000)}"${KEY}"${']'.repeat(50_000)}`
    const clean = createLogRedactor().value({ output: deep }).output
    expect(clean).not.toContain(KEY)
    expect(() => JSON.parse(clean) as unknown).not.toThrow()
  })

  it('refuses a secret that would be found in most words', () => {
    expect(() => createLogRedactor({ secrets: ['abc'] })).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    )
    expect(() => createLogRedactor({ fields: [''] })).toThrow(/name of a field/)
    expect(() => createLogRedactor({ secrets: [7 as never] })).toThrow(/texts and patterns/)
  })

  it('never leaves a secret, and never breaks JSON', () => {
    const secrets = fc
      .string({ minLength: 4, maxLength: 12 })
      .filter(
        (text) =>
          !['[redacted apiKey] [redacted bearer]', '"[redacted]"'].some((mark) => mark.includes(text)),
      )
    const cases = secrets.chain((secret) => {
      const holder = fc.oneof(
        fc.string(),
        fc.constant(secret),
        fc.tuple(fc.string(), fc.string()).map(([a, b]) => a + secret + b),
        fc.dictionary(fc.oneof(fc.string(), fc.constant('pin')), fc.oneof(fc.string(), fc.constant(secret))),
      )
      const asText = fc.oneof(
        holder,
        holder.map((value) => JSON.stringify(value)),
      )
      return fc.tuple(
        fc.constant(secret),
        fc.array(
          fc.oneof(
            asText,
            asText.map((value) => JSON.stringify([value])),
          ),
        ),
      )
    })
    fc.assert(
      fc.property(cases, ([secret, value]) => {
        const clean = createLogRedactor({ secrets: [secret], fields: ['pin'] }).record(
          record({ output: value }),
        )
        const { output } = clean.value as { output: unknown[] }
        expect(textsOf(output).filter((text) => text.includes(secret))).toEqual([])
        value.forEach((entry, index) => {
          if (typeof entry !== 'string' || !/^[{["]/.test(entry) || entry === secret) return
          let before: unknown
          try {
            before = JSON.parse(entry)
          } catch {
            return
          }
          if (before !== undefined) expect(() => JSON.parse(output[index] as string) as unknown).not.toThrow()
        })
      }),
      { numRuns: 1000 },
    )
  })
})
