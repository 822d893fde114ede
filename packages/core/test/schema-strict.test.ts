import { AntiphonError } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'
import type { JsonObject } from '../src/schema/json.ts'
import { jsonSchema } from '../src/schema/json-schema.ts'
import type { Schema } from '../src/schema/schema.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'

const tool = (schema: Schema, strict?: boolean | 'auto') =>
  toWireSchema(schema, { kind: 'tool', name: 'book', strict })
const property = (schema: Schema): unknown => {
  const wire = tool(z.object({ p: schema as z.ZodType }), true)
  return (wire.jsonSchema.properties as JsonObject).p
}
const thrown = (make: () => unknown): AntiphonError & { path?: string } => {
  try {
    make()
  } catch (error) {
    if (error instanceof AntiphonError) return error
    throw error
  }
  throw new Error('did not throw')
}

describe('strict form', () => {
  it('makes every optional property required and nullable, in the spelling each kind needs', () => {
    expect(property(z.string().optional())).toEqual({ type: ['string', 'null'] })
    expect(property(z.enum(['a']).optional())).toEqual({ type: ['string', 'null'], enum: ['a', null] })
    expect(property(z.literal('a').optional())).toEqual({
      anyOf: [{ type: 'string', const: 'a' }, { type: 'null' }],
    })
    expect(property(z.array(z.string()).optional())).toEqual({
      anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }],
    })
    expect(property(z.union([z.string(), z.array(z.int())]).optional())).toEqual({
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'integer' } }, { type: 'null' }],
    })
    expect(property(z.string().nullish())).toEqual({ type: ['string', 'null'] })
    expect(property(z.literal(['a', 1, null]))).toEqual({
      type: ['string', 'number', 'null'],
      enum: ['a', 1, null],
    })
    expect(property(z.union([z.string(), z.number()]).optional())).toEqual({
      type: ['string', 'number', 'null'],
    })
  })

  it('keeps the constraints strict mode enforces and tells the others in the description', () => {
    expect(property(z.string().min(2).max(9).describe('Code'))).toEqual({
      type: 'string',
      description: 'Code (minLength 2, maxLength 9)',
    })
    expect(property(z.string().regex(/^[A-Z]+$/))).toEqual({ type: 'string', pattern: '^[A-Z]+$' })
    expect(property(z.string().regex(/^(?!x)/))).toEqual({ type: 'string' })
    expect(property(z.string().regex(/a/).regex(/b/))).toEqual({ type: 'string', pattern: 'a' })
    expect(property(z.email())).toEqual({ type: 'string', format: 'email' })
    expect(property(z.url())).toEqual({ type: 'string', description: '(format "uri")' })
    expect(property(z.number().gt(0).lte(10).multipleOf(0.5))).toEqual({
      type: 'number',
      multipleOf: 0.5,
      maximum: 10,
      exclusiveMinimum: 0,
    })
    expect(property(z.int())).toEqual({ type: 'integer' })
    expect(property(z.array(z.boolean()).min(1).max(3))).toEqual({
      type: 'array',
      items: { type: 'boolean' },
      minItems: 1,
      maxItems: 3,
    })
    expect(property(z.string().default('x'))).toEqual({
      type: ['string', 'null'],
      description: '(default "x")',
    })
  })

  it('says exclusive unions as anyOf', () => {
    const kinds = z.discriminatedUnion('k', [
      z.object({ k: z.literal('a'), n: z.number().optional() }),
      z.object({ k: z.literal('b') }),
    ])
    expect(property(kinds)).toMatchObject({ anyOf: [{ required: ['k', 'n'] }, { required: ['k'] }] })
    expect(property(kinds)).not.toHaveProperty('oneOf')
  })

  it.each([
    ['a record', z.object({ meta: z.record(z.string(), z.string()) }), 'meta', 'open keys'],
    ['a loose object', z.object({ a: z.object({ o: z.looseObject({}) }) }), 'a.o', 'open keys'],
    ['a tuple', z.object({ at: z.array(z.tuple([z.number(), z.number()])) }), 'at[]', 'a tuple'],
    ['any value', z.object({ v: z.any() }), 'v', 'any value'],
    ['an array of anything', z.object({ v: z.array(z.unknown()) }), 'v[]', 'any value'],
    ['never', z.object({ v: z.never().optional() }), 'v', 'never'],
    ['a record of zod 3', z3.object({ meta: z3.record(z3.number()) }), 'meta', 'open keys'],
    [
      'an object of unknown shape',
      jsonSchema({ type: 'object', properties: { o: { type: 'object' } } }),
      'o',
      'open keys',
    ],
    [
      'a condition',
      jsonSchema({ type: 'object', properties: { s: { type: 'string', not: { const: 'x' } } } }),
      's',
      '"not"',
    ],
  ] as [string, Schema, string, string][])(
    'falls back from strict for %s, and says where when strict is demanded',
    (_name, schema, path, what) => {
      const auto = tool(schema)
      expect(auto.strict).toBe(false)
      const error = thrown(() => tool(schema, true))
      expect(error).toMatchObject({ code: 'schema_not_expressible', path })
      expect(error.message).toContain(`Tool "book": inputSchema at "${path}" has`)
      expect(error.message).toContain(what)
    },
  )

  it('sends the schema as it is when not strict: optional stays optional', () => {
    const wire = tool(z.object({ a: z.string().min(2).optional(), n: z.int().default(1) }), false)
    expect(wire).toMatchObject({
      strict: false,
      jsonSchema: {
        type: 'object',
        properties: { a: { type: 'string', minLength: 2 }, n: { type: 'integer', default: 1 } },
      },
    })
    expect(wire.jsonSchema).not.toHaveProperty('$schema')
    expect(wire.jsonSchema.required).toBeUndefined()
    // models write null for "absent" without being told so, too
    expect(wire.parse({ a: null, n: null })).toEqual({ ok: true, value: { n: 1 } })
  })

  it('is not strict above the limits of strict mode', () => {
    const nest = (depth: number): z.ZodType => (depth === 0 ? z.string() : z.object({ in: nest(depth - 1) }))
    expect(tool(z.object({ top: nest(9) })).strict).toBe(true)
    expect(tool(z.object({ top: nest(10) })).strict).toBe(false)
    const wide = (count: number): Schema =>
      z.object(Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, z.boolean()])))
    expect(tool(wide(5000)).strict).toBe(true)
    expect(thrown(() => tool(wide(5001), true)).message).toContain('5001 properties')
    const names = (count: number, size: number): Schema =>
      z.object({
        e: z.enum(Array.from({ length: count }, (_, i) => String(i).padStart(size, 'x')) as [string]),
      })
    expect(tool(names(1000, 10)).strict).toBe(true)
    expect(tool(names(1001, 10)).strict).toBe(false)
    expect(tool(names(251, 60)).strict).toBe(false)
  })

  it('does not change the schema it was given', () => {
    const raw = {
      type: 'object',
      properties: { a: { $ref: '#/definitions/A' } },
      definitions: { A: { type: 'object' } },
    }
    const before = JSON.stringify(raw)
    tool(jsonSchema(raw))
    expect(JSON.stringify(raw)).toBe(before)
  })
})
