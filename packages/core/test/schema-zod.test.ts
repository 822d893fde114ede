import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { z as z3 } from 'zod/v3'
import type { jsonSchema } from '../src/schema/json-schema.ts'
import type { ParseResult } from '../src/schema/parse-result.ts'
import type { InferInput, InferOutput, Schema } from '../src/schema/schema.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'

const tool = <S extends Schema>(schema: S) => toWireSchema(schema, { kind: 'tool', name: 't' })

const expected = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'Where' },
    days: { type: ['integer', 'null'], description: '(default 3)', minimum: 1, maximum: 14 },
    unit: { type: ['string', 'null'], enum: ['c', 'f', null] },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 5 },
    near: {
      anyOf: [
        {
          type: 'object',
          properties: { lat: { type: 'number' }, note: { type: ['string', 'null'] } },
          required: ['lat', 'note'],
          additionalProperties: false,
        },
        { type: 'null' },
      ],
    },
  },
  required: ['city', 'days', 'unit', 'tags', 'near'],
  additionalProperties: false,
}

describe('the same tool in every dialect of zod', () => {
  const zod4 = z.object({
    city: z.string().describe('Where'),
    days: z.int().min(1).max(14).default(3),
    unit: z.enum(['c', 'f']).optional(),
    tags: z.array(z.string()).max(5),
    near: z.object({ lat: z.number(), note: z.string().optional() }).optional(),
  })
  const zod3 = z3.object({
    city: z3.string().describe('Where'),
    days: z3.number().int().min(1).max(14).default(3),
    unit: z3.enum(['c', 'f']).optional(),
    tags: z3.array(z3.string()).max(5),
    near: z3.object({ lat: z3.number(), note: z3.string().optional() }).optional(),
  })
  const zodMini = mini.object({
    city: mini.string().register(mini.globalRegistry, { description: 'Where' }),
    days: mini._default(mini.int().check(mini.minimum(1), mini.maximum(14)), 3),
    unit: mini.optional(mini.enum(['c', 'f'])),
    tags: mini.array(mini.string()).check(mini.maxLength(5)),
    near: mini.optional(mini.object({ lat: mini.number(), note: mini.optional(mini.string()) })),
  })

  it.each([
    ['zod 4', zod4],
    ['zod 3', zod3],
    ['zod/mini', zodMini],
  ] as [string, Schema][])('%s says the same on the wire, and restores the same', async (_name, schema) => {
    const wire = tool(schema)
    expect(wire.strict).toBe(true)
    expect(wire.jsonSchema).toEqual(expected)
    const written = { city: 'Paris', days: null, unit: null, tags: ['a'], near: { lat: 1, note: null } }
    expect(await wire.parse(written)).toEqual({
      ok: true,
      value: { city: 'Paris', days: 3, tags: ['a'], near: { lat: 1 } },
    })
    const wrong = await wire.parse({ city: 5, tags: [], near: { lat: 'x' } })
    expect(wrong).toMatchObject({ ok: false, issues: [{ path: 'city' }, { path: 'near.lat' }] })
    expect(wrong.ok ? '' : wrong.message).toMatch(
      /^city: .*expected string, received number\nnear\.lat: .*number, received string$/i,
    )
  })

  it('infers input and output types', () => {
    expectTypeOf<InferInput<typeof zod4>['days']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<InferOutput<typeof zod4>['days']>().toEqualTypeOf<number>()
    expectTypeOf<InferOutput<typeof zod3>['days']>().toEqualTypeOf<number>()
    expectTypeOf<InferOutput<typeof zodMini>['days']>().toEqualTypeOf<number>()
    expectTypeOf<InferOutput<ReturnType<typeof jsonSchema<{ a: string }>>>>().toEqualTypeOf<{ a: string }>()
    const wire = tool(zod4)
    expectTypeOf<Awaited<ReturnType<typeof wire.parse>>>().toEqualTypeOf<
      ParseResult<InferOutput<typeof zod4>>
    >()
    expect(wire.parse({ city: 'Rome', tags: [] })).toHaveProperty('ok', true)
  })
})

describe('zod schemas beyond plain objects', () => {
  it('sends an empty object for no arguments, with and without a schema', () => {
    const empty = { type: 'object', properties: {}, required: [], additionalProperties: false }
    expect(tool(z.object({}))).toMatchObject({ jsonSchema: empty, strict: true })
    expect(tool(z3.object({}))).toMatchObject({ jsonSchema: empty, strict: true })
    const none = toWireSchema(undefined, { kind: 'tool', name: 't' })
    expect(none).toMatchObject({ jsonSchema: empty, strict: true })
    expect(none.parse({ extra: 1 })).toEqual({ ok: true, value: {} })
  })

  it('keeps recursive schemas, at the root and below', async () => {
    const Node = z.object({
      name: z.string(),
      get kids() {
        return z.array(Node).optional()
      },
    })
    type Tree3 = { name: string; kids?: Tree3[] | undefined }
    const Node3: z3.ZodType<Tree3> = z3.lazy(() =>
      z3.object({ name: z3.string(), kids: z3.array(Node3).optional() }),
    )
    for (const schema of [
      Node,
      z.object({ top: Node }),
      Node3,
      z3.object({ top: Node3, other: Node3 }),
    ] as Schema[]) {
      const wire = tool(schema)
      expect(wire.strict).toBe(true)
      const leaf = { name: 'leaf', kids: null }
      const tree = { name: 'root', kids: [{ name: 'mid', kids: [leaf] }, leaf] }
      const plain = { name: 'root', kids: [{ name: 'mid', kids: [{ name: 'leaf' }] }, { name: 'leaf' }] }
      const keys = (wire.jsonSchema.required as string[]).filter((key) => key === 'top' || key === 'other')
      const around = (value: unknown): unknown =>
        keys.length ? Object.fromEntries(keys.map((key) => [key, value])) : value
      expect(await wire.parse(around(tree))).toEqual({ ok: true, value: around(plain) })
    }
  })

  it('moves every reference into $defs, whatever the converter made of it', () => {
    const Address = z3.object({ street: z3.string().optional() })
    const { jsonSchema: said } = tool(z3.object({ home: Address, work: Address.optional() }))
    expect(said.properties).toMatchObject({ work: { anyOf: [{ $ref: '#/$defs/home' }, { type: 'null' }] } })
    expect(said.$defs).toMatchObject({
      home: { type: 'object', required: ['street'], additionalProperties: false },
    })
    const Named = z.object({ a: z.string() }).meta({ id: 'Named' })
    const named = tool(z.object({ x: Named.describe('the x'), y: Named }))
    expect(named.strict).toBe(true)
    expect(named.jsonSchema).toMatchObject({
      properties: {
        x: { anyOf: [{ $ref: '#/$defs/Named' }], description: 'the x' },
        y: { $ref: '#/$defs/Named' },
      },
      $defs: { Named: { type: 'object' } },
    })
    expect(tool(Named).jsonSchema).toMatchObject({ type: 'object', properties: { a: { type: 'string' } } })
  })

  it('merges intersections into one object, in both versions', async () => {
    const both = [
      z.object({ a: z.string() }).and(z.object({ b: z.number().optional() })),
      z3.object({ a: z3.string() }).and(z3.object({ b: z3.number().optional() })),
    ] as Schema[]
    for (const schema of both) {
      const wire = tool(schema)
      expect(wire.strict).toBe(true)
      expect(wire.jsonSchema).toMatchObject({
        properties: { a: {}, b: { type: ['number', 'null'] } },
        required: ['a', 'b'],
      })
      expect(await wire.parse({ a: 'x', b: null })).toEqual({ ok: true, value: { a: 'x' } })
    }
  })

  it('sends what goes in, and gives back what comes out', async () => {
    const schema = z.object({
      when: z.iso.datetime().transform((text) => new Date(text)),
      n: z.string().pipe(z.coerce.number()),
      flag: z.preprocess((value) => value === 'yes', z.boolean()),
    })
    const wire = tool(schema)
    expect(wire.jsonSchema.properties).toEqual({
      when: { type: 'string', format: 'date-time' },
      n: { type: 'string' },
      flag: { type: 'boolean' },
    })
    expect(await wire.parse({ when: '2026-01-02T03:04:05Z', n: '7', flag: 'yes' })).toEqual({
      ok: true,
      value: { when: new Date('2026-01-02T03:04:05Z'), n: 7, flag: true },
    })
  })

  it('answers at once for a sync schema and later only for async refinements', async () => {
    const sync = tool(z.object({ a: z.string() })).parse({ a: 'x' })
    expect(sync).not.toBeInstanceOf(Promise)
    const free = async (name: string): Promise<boolean> => name !== 'taken'
    for (const schema of [
      z.object({ name: z.string().refine(free, 'is taken') }),
      z3.object({ name: z3.string().refine(free, 'is taken') }),
    ]) {
      const wire = tool(schema as Schema)
      const late = wire.parse({ name: 'taken' })
      expect(late).toBeInstanceOf(Promise)
      expect(await late).toEqual({
        ok: false,
        issues: [{ path: 'name', message: 'is taken' }],
        message: 'name: is taken',
      })
      expect(await wire.parse({ name: 'new' })).toEqual({ ok: true, value: { name: 'new' } })
    }
  })

  it('turns a refinement that throws into an issue, never into a crash of the run', async () => {
    const crash = (): boolean => {
      throw new Error('database is down')
    }
    const crashLater = async (): Promise<boolean> => crash()
    for (const refine of [crash, crashLater]) {
      for (const schema of [
        z.object({ a: z.string().refine(refine) }),
        z3.object({ a: z3.string().refine(refine) }),
      ]) {
        const result = await tool(schema as Schema).parse({ a: 'x' })
        expect(result).toMatchObject({ ok: false, message: 'The schema threw: database is down' })
      }
    }
  })

  it('runs sync transforms and refinements at once, and async ones only once when they pass', async () => {
    const even = z.object({
      n: z
        .number()
        .refine((n) => n % 2 === 0, 'is odd')
        .transform(String),
    })
    expect(tool(even).parse({ n: 2 })).toEqual({ ok: true, value: { n: '2' } })
    expect(tool(even).parse({ n: 1 })).toMatchObject({ ok: false, message: 'n: is odd' })
    let asked = 0
    const once = z.object({ list: z.array(z.lazy(() => z.string().refine(async () => ++asked > 0))) })
    expect(await tool(once).parse({ list: ['x'] })).toEqual({ ok: true, value: { list: ['x'] } })
    expect(asked).toBe(1)
  })
})
