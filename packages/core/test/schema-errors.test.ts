import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { z as z3 } from 'zod/v3'
import { jsonSchema } from '../src/schema/json-schema.ts'
import type { Schema } from '../src/schema/schema.ts'
import { SchemaError } from '../src/schema/schema-error.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'

const failure = (schema: unknown, kind: 'tool' | 'output' = 'tool'): SchemaError => {
  try {
    toWireSchema(schema as Schema, { kind, name: 'book_flight' })
  } catch (error) {
    if (error instanceof SchemaError) return error
    throw error
  }
  throw new Error('was accepted')
}
const handmade = (jsonSchemaOf?: (options: { target: string }) => Record<string, unknown>): Schema => ({
  '~standard': {
    version: 1,
    vendor: 'handmade',
    validate: (value) =>
      typeof (value as { city?: unknown }).city === 'string'
        ? { value }
        : { issues: [{ message: 'must be text', path: [{ key: 'city' }] }] },
    ...(jsonSchemaOf ? { jsonSchema: { input: jsonSchemaOf } } : {}),
  },
})

describe('schemas that JSON cannot say', () => {
  it('names the path, what is there, and what to use instead', () => {
    const schema = z.object({ passengers: z.array(z.object({ name: z.string(), birthday: z.date() })) })
    expect(failure(schema)).toMatchObject({
      code: 'schema_not_expressible',
      path: 'passengers[].birthday',
      message:
        'Tool "book_flight": inputSchema at "passengers[].birthday" (date) can\'t be said in JSON Schema; use z.iso.date() or z.string().',
    })
    expect(failure(schema, 'output').message).toMatch(
      /^Output "book_flight": schema at "passengers\[\]\.birthday"/,
    )
  })

  const kinds4: [string, z.ZodType][] = [
    ['date', z.date().optional()],
    ['date', z.coerce.date()],
    ['bigint', z.bigint().nullable()],
    ['map', z.map(z.string(), z.string())],
    ['set', z.set(z.string()).default(new Set())],
    ['undefined', z.union([z.string(), z.undefined()])],
    ['void', z.void()],
    ['symbol', z.symbol()],
    ['nan', z.nan()],
    ['file', z.file()],
    ['custom', z.instanceof(URL)],
    ['transform', z.transform((value) => value)],
    ['literal bigint', z.literal(1n)],
    ['literal undefined', z.literal([undefined, 'a'])],
    ['date', z.lazy(() => z.date())],
    ['date', z.date().transform((date) => date.getTime())],
  ]
  it.each(kinds4)('zod 4: %s', (kind, type) => {
    expect(failure(z.object({ a: z.object({ b: type }) })).message).toContain(`at "a.b" (${kind})`)
  })

  it('finds them in records, tuples, unions, intersections and recursion', () => {
    const Tree = z.object({
      get kids() {
        return z.array(Tree)
      },
      at: z.date(),
    })
    expect(failure(Tree).path).toBe('at')
    expect(failure(z.object({ r: z.record(z.string(), z.date()) })).path).toBe('r.*')
    expect(failure(z.object({ t: z.tuple([z.string(), z.date()]) })).path).toBe('t[]')
    expect(failure(z.object({ u: z.union([z.string(), z.object({ d: z.date() })]) })).path).toBe('u.d')
    expect(failure(z.object({ a: z.string() }).and(z.object({ d: z.date() }))).path).toBe('d')
    expect(failure(z.object({}).catchall(z.date())).path).toBe('*')
    expect(failure(mini.object({ d: mini.optional(mini.date()) })).path).toBe('d')
    expect(failure(z.date()).message).toContain('inputSchema at its root (date)')
  })

  const kinds3: [string, z3.ZodTypeAny][] = [
    ['date', z3.date().optional()],
    ['bigint', z3.bigint().array().nullable()],
    ['map', z3.map(z3.string(), z3.string())],
    ['set', z3.set(z3.string())],
    ['undefined', z3.undefined()],
    ['void', z3.void()],
    ['function', z3.function()],
    ['symbol', z3.symbol()],
    ['nan', z3.nan()],
    ['literal bigint', z3.literal(1n)],
    ['date', z3.lazy(() => z3.date().brand('d'))],
    [
      'date',
      z3
        .date()
        .transform((date) => date.getTime())
        .pipe(z3.number()),
    ],
    ['date', z3.discriminatedUnion('k', [z3.object({ k: z3.literal('a') })]).and(z3.record(z3.date()))],
  ]
  it.each(kinds3)('zod 3: %s', (kind, type) => {
    const { message } = failure(z3.object({ a: z3.object({ b: type }) }))
    expect(message).toMatch(/at "a\.b(\[\]|\.\*)?" \(/)
    expect(message).toContain(`(${kind})`)
  })
})

describe('the root of a tool', () => {
  it.each([
    ['a union', z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])],
    [
      'a union',
      z3.discriminatedUnion('k', [z3.object({ k: z3.literal('a') }), z3.object({ k: z3.literal('b') })]),
    ],
    ['of type string', z.string()],
    ['of type array', z3.array(z3.string())],
    ['a union', z.object({ a: z.string() }).nullable()],
  ] as [string, Schema][])('refuses %s, and says to put it into a property', (what, schema) => {
    const { message } = failure(schema)
    expect(message).toContain(`inputSchema at its root is ${what}`)
    expect(message).toContain('z.object({')
  })
})

describe('what is not a schema', () => {
  it('says what to wrap it in', () => {
    expect(failure({ city: z.string() }).message).toContain('wrap the properties in z.object')
    expect(failure({ type: 'object', properties: {} }).message).toContain('wrap a JSON Schema in jsonSchema')
    expect(failure(42).message).toContain('is not a schema')
    expect(failure(null).message).toContain('is not a schema')
    expect(failure(handmade()).message).toContain(
      'is a handmade schema that cannot say itself as JSON Schema',
    )
  })

  it('hands on the reason of a converter that gives up', () => {
    const error = failure(
      handmade(() => {
        throw new Error('no JSON for this')
      }),
    )
    expect(error.message).toContain("can't be said in JSON Schema: no JSON for this")
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('names a reference that leads nowhere', () => {
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/Gone' } } }
    expect(() => jsonSchema(schema)).toThrow(/#\/\$defs\/Gone/)
    expect(failure(handmade(() => schema)).message).toContain('"#/$defs/Gone"')
    expect(failure(handmade(() => ({ $ref: 'https://example.com/x.json' }))).message).toContain(
      'https://example.com/x.json',
    )
  })
})

describe('Standard Schema of any library', () => {
  it('is said, validated and restored like zod', () => {
    const targets: string[] = []
    const wire = toWireSchema(
      handmade(({ target }) => {
        targets.push(target)
        if (target !== 'draft-07') throw new Error('only draft-07')
        return {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: { city: { type: 'string' }, zip: { type: 'string' } },
          required: ['city'],
        }
      }),
      { kind: 'tool', name: 't' },
    )
    expect(targets).toEqual(['draft-2020-12', 'draft-07'])
    expect(wire).toMatchObject({
      strict: true,
      jsonSchema: { required: ['city', 'zip'], additionalProperties: false },
    })
    expect(wire.parse({ city: 'Rome', zip: null })).toEqual({ ok: true, value: { city: 'Rome' } })
    expect(wire.parse({ city: 1 })).toEqual({
      ok: false,
      issues: [{ path: 'city', message: 'must be text' }],
      message: 'city: must be text',
    })
  })
})

describe('messages for the model', () => {
  const parse = (schema: Schema, value: unknown) =>
    toWireSchema(schema, { kind: 'tool', name: 't' }).parse(value)
  const messageOf = async (schema: Schema, value: unknown): Promise<string> => {
    const result = await parse(schema, value)
    return result.ok ? 'ok' : result.message
  }

  it('has one line per issue, with the path as code would write it', async () => {
    const schema = z.object({
      rows: z.array(z.object({ 'first name': z.string(), n: z.int().max(5) })),
      ok: z.boolean(),
    })
    expect(await messageOf(schema, { rows: [{ 'first name': 1, n: 9 }] })).toBe(
      'rows[0]["first name"]: Invalid input: expected string, received number\n' +
        'rows[0].n: Too big: expected number to be <=5\n' +
        'ok: Invalid input: expected boolean, received undefined',
    )
    expect(await messageOf(schema, 'text')).toBe('Invalid input: expected object, received string')
  })

  it('says of a union what its nearest branch misses, in both versions', async () => {
    const four = z.object({
      pay: z.union([z.object({ card: z.string(), cvc: z.string() }), z.object({ iban: z.string() })]),
    })
    expect(await messageOf(four, { pay: { iban: 5 } })).toBe(
      'pay: Invalid input (nearest: iban: Invalid input: expected string, received number)',
    )
    const three = z3.object({
      pay: z3.union([z3.object({ card: z3.string(), cvc: z3.string() }), z3.object({ iban: z3.string() })]),
    })
    expect(await messageOf(three, { pay: { iban: 5 } })).toBe(
      'pay: Invalid input (nearest: iban: Expected string, received number)',
    )
  })

  it('stops counting out issues after twenty', async () => {
    const result = await parse(z.object({ list: z.array(z.string()) }), {
      list: Array.from({ length: 50 }, () => 0),
    })
    if (result.ok) throw new Error('was accepted')
    expect(result.issues).toHaveLength(50)
    expect(result.message.split('\n')).toHaveLength(21)
    expect(result.message).toMatch(/\n… and 30 more$/)
  })
})
