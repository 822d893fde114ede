import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonObject } from '../src/schema/json.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'

/** A schema, and values of it: `plain` as the schema takes it, `wire` as a strict model writes it. */
interface Subject {
  readonly schema: z.ZodType
  readonly values: fc.Arbitrary<{ plain: unknown; wire: unknown }>
  /** JSON types of the values, so that unions can be made of branches that differ. */
  readonly types: readonly string[]
}

const leaf = <T>(schema: z.ZodType, values: fc.Arbitrary<T>, type: string): Subject => ({
  schema,
  types: [type],
  values: values.map((value) => ({ plain: value, wire: value })),
})
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n))
const leaves = fc.constantFrom(
  leaf(z.string(), fc.string(), 'string'),
  leaf(z.number(), finite, 'number'),
  leaf(z.int(), fc.integer(), 'number'),
  leaf(z.boolean(), fc.boolean(), 'boolean'),
  leaf(z.null(), fc.constant(null), 'null'),
  leaf(z.enum(['red', 'green']), fc.constantFrom('red', 'green'), 'string'),
  leaf(z.literal('only'), fc.constant('only'), 'string'),
  leaf(z.literal([1, 2, 3]), fc.constantFrom(1, 2, 3), 'number'),
  leaf(z.string().min(1).max(3), fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme-ascii' }), 'string'),
)

type Mode = 'required' | 'optional' | 'default' | 'nullish'
const ABSENT = Symbol('absent')

const property = (
  mode: Mode,
  { schema, values, types }: Subject,
  fallback: unknown,
): { schema: z.ZodType; values: Subject['values'] } => {
  if (mode === 'required') return { schema, values }
  const takesNull = types.includes('null')
  // a key that is optional and takes null cannot be told from one that is null: the wire keeps the null
  const absent = fc.constant({ plain: takesNull || mode === 'nullish' ? null : ABSENT, wire: null })
  const wrapped =
    mode === 'optional'
      ? schema.optional()
      : mode === 'nullish'
        ? schema.nullish()
        : schema.default(fallback as never)
  return { schema: wrapped, values: fc.oneof(values, absent) }
}

const objectOf = (
  fields: readonly (readonly [key: string, mode: Mode, subject: Subject, fallback: unknown])[],
  tag?: string,
): Subject => {
  const properties = fields.map(([key, mode, subject, fallback]) => ({
    key,
    ...property(mode, subject, fallback),
  }))
  const shape = Object.fromEntries(properties.map(({ key, schema }) => [key, schema]))
  const values = fc.tuple(...properties.map((one) => one.values)).map((pairs) => {
    const tagged = tag === undefined ? {} : { tag }
    const plain: Record<string, unknown> = { ...tagged }
    const wire: Record<string, unknown> = { ...tagged }
    for (const [i, pair] of pairs.entries()) {
      const { key } = properties[i]!
      wire[key] = pair.wire
      if (pair.plain !== ABSENT) plain[key] = pair.plain
    }
    return { plain, wire }
  })
  return {
    schema: z.object(tag === undefined ? shape : { tag: z.literal(tag), ...shape }),
    values,
    types: ['object'],
  }
}

const subjects = fc.letrec<{ any: Subject; object: Subject }>((tie) => {
  const key = fc.constantFrom('a', 'b', 'c', 'some key', 'tag2')
  const mode = fc.constantFrom<Mode>('required', 'optional', 'default', 'nullish')
  const fields = fc.uniqueArray(
    tie('any').chain((subject) =>
      fc.tuple(
        key,
        mode,
        fc.constant(subject),
        subject.values.map(({ plain }) => plain),
      ),
    ),
    { selector: ([name]) => name, maxLength: 4 },
  )
  const object = fields.map((list) => objectOf(list))
  const array = tie('any').map(
    ({ schema, values }): Subject => ({
      schema: z.array(schema),
      types: ['array'],
      values: fc
        .array(values, { maxLength: 3 })
        .map((pairs) => ({ plain: pairs.map((p) => p.plain), wire: pairs.map((p) => p.wire) })),
    }),
  )
  const nullable = tie('any').map(
    ({ schema, values, types }): Subject => ({
      schema: schema.nullable(),
      types: [...types, 'null'],
      values: fc.oneof(values, fc.constant({ plain: null, wire: null })),
    }),
  )
  // branches that differ by JSON type, or by a tag
  const union = fc.array(tie('any'), { minLength: 2, maxLength: 3 }).map((branches): Subject => {
    const taken = new Set<string>()
    const distinct = branches.filter((branch) => {
      const free = branch.types.every((type) => !taken.has(type))
      if (free) for (const type of branch.types) taken.add(type)
      return free
    })
    return {
      schema: z.union(distinct.map((branch) => branch.schema) as [z.ZodType]),
      types: [...taken],
      values: fc.oneof(...distinct.map((branch) => branch.values)),
    }
  })
  const tagged = fc.tuple(fields, fields, fc.boolean()).map(([one, two, discriminated]): Subject => {
    const branches = [objectOf(one, 'one'), objectOf(two, 'two')]
    const schemas = branches.map((branch) => branch.schema) as [z.ZodObject<{ tag: z.ZodLiteral<string> }>]
    return {
      schema: discriminated ? z.discriminatedUnion('tag', schemas) : z.union(schemas),
      types: ['object'],
      values: fc.oneof(...branches.map((branch) => branch.values)),
    }
  })
  return {
    object,
    any: fc.oneof({ maxDepth: 4, depthIdentifier: 'schema' }, leaves, object, array, nullable, union, tagged),
  }
})

/** A validator of its own, so that a mistake in ours cannot hide in both. */
const fits = (schema: JsonObject, value: unknown, root: JsonObject): boolean => {
  if (schema.$ref)
    return fits((root.$defs as Record<string, JsonObject>)[String(schema.$ref).split('/')[2]!]!, value, root)
  if (schema.anyOf) return (schema.anyOf as JsonObject[]).some((branch) => fits(branch, value, root))
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  const types = ([] as unknown[]).concat(schema.type as unknown)
  if (!types.includes(type) && !(types.includes('integer') && Number.isInteger(value))) return false
  if (schema.const !== undefined && schema.const !== value) return false
  if (schema.enum && !(schema.enum as unknown[]).includes(value)) return false
  if (type === 'array')
    return (value as unknown[]).every((item) => fits(schema.items as JsonObject, item, root))
  if (type !== 'object') return true
  const properties = schema.properties as Record<string, JsonObject>
  const keys = Object.keys(value as object)
  const required = schema.required as string[]
  return (
    schema.additionalProperties === false &&
    required.length === Object.keys(properties).length &&
    required.every((key) => keys.includes(key)) &&
    keys.every(
      (key) => Object.hasOwn(properties, key) && fits(properties[key]!, (value as JsonObject)[key], root),
    )
  )
}

describe('restoring what a strict model wrote', () => {
  it('gives back the value the model meant, for any schema and any value of it', () => {
    const cases = subjects.object.chain((subject) =>
      subject.values.map((value) => ({ schema: subject.schema, ...value })),
    )
    fc.assert(
      fc.property(cases, ({ schema, plain, wire }) => {
        const made = toWireSchema(schema, { kind: 'tool', name: 't' })
        const sent = JSON.parse(JSON.stringify(wire))
        expect(made.strict).toBe(true)
        expect(fits(made.jsonSchema, sent, made.jsonSchema)).toBe(true)
        expect(made.parse(sent)).toEqual({ ok: true, value: schema.parse(plain) })
        expect(sent).toEqual(JSON.parse(JSON.stringify(wire)))
      }),
      { numRuns: 400 },
    )
  })

  it('keeps a null that the schema takes', () => {
    const wire = toWireSchema(
      z.object({ a: z.string().nullish(), b: z.string().optional(), c: z.null().optional() }),
      {
        kind: 'tool',
        name: 't',
      },
    )
    expect(wire.parse({ a: null, b: null, c: null })).toEqual({ ok: true, value: { a: null, c: null } })
  })

  it('returns the very value when there is nothing to restore', () => {
    const seen: unknown[] = []
    const spy = z.custom<unknown>(() => true)
    const inner = z.object({ a: z.string().optional(), list: z.array(z.object({ b: z.int().optional() })) })
    const wire = toWireSchema(
      {
        '~standard': {
          version: 1,
          vendor: 'spy',
          validate: (value: unknown) => {
            seen.push(value)
            return spy['~standard'].validate(value)
          },
          jsonSchema: {
            input: (options: { target: string }) => inner['~standard'].jsonSchema.input(options),
          },
        },
      },
      { kind: 'tool', name: 't' },
    )
    const whole = { a: 'x', list: [{ b: 1 }, {}] }
    wire.parse(whole)
    expect(seen[0]).toBe(whole)
    const partly = { a: 'x', list: [{ b: 1 }, { b: null }] }
    wire.parse(partly)
    expect(seen[1]).toEqual({ a: 'x', list: [{ b: 1 }, {}] })
    expect((seen[1] as typeof partly).list[0]).toBe(partly.list[0])
    expect(partly.list[1]).toEqual({ b: null })
  })

  const parse = (schema: z.ZodType, value: unknown): unknown => {
    const result = toWireSchema(schema, { kind: 'tool', name: 't' }).parse(value)
    if (result instanceof Promise || !result.ok) throw new Error('was not accepted at once')
    return result.value
  }

  it('picks the branch of a union by everything in the value, not by its first key', () => {
    const branches = z.union([
      z.object({ t: z.string().optional(), n: z.number() }),
      z.object({ t: z.null(), n: z.string() }),
      z.object({ t: z.null(), n: z.object({ deep: z.literal('x'), o: z.string().optional() }) }),
      z.object({ t: z.int().optional(), n: z.object({ deep: z.literal('y'), o: z.null() }) }),
    ])
    const schema = z.object({ list: z.array(branches) })
    const value = {
      list: [
        { t: null, n: 1 },
        { t: null, n: 'x' },
        { t: null, n: { deep: 'x', o: null } },
        { t: null, n: { deep: 'y', o: null } },
      ],
    }
    expect(parse(schema, value)).toEqual({
      list: [{ n: 1 }, { t: null, n: 'x' }, { t: null, n: { deep: 'x' } }, { n: { deep: 'y', o: null } }],
    })
  })

  it('prefers the branch that takes a value as it is', () => {
    const schema = z.object({
      u: z.union([z.object({ a: z.string().optional() }), z.object({ a: z.null() })]),
    })
    expect(parse(schema, { u: { a: null } })).toEqual({ u: { a: null } })
  })

  it('restores in records and open objects, where strict mode is off', () => {
    const schema = z.object({ by: z.record(z.string(), z.object({ x: z.int().optional() })) })
    expect(parse(schema, { by: { p: { x: null }, q: { x: 1 } } })).toEqual({ by: { p: {}, q: { x: 1 } } })
    const tuple = z.object({
      t: z.tuple([z.object({ x: z.int().optional() })], z.object({ y: z.int().optional() })),
    })
    expect(parse(tuple, { t: [{ x: null }, { y: null }, { y: 1 }] })).toEqual({ t: [{}, {}, { y: 1 }] })
  })

  it('stays linear in unions that look alike all the way down', () => {
    type Deep = { next?: Deep | undefined; end?: number | undefined }
    let looked = 0
    const One: z.ZodType<Deep> = z.lazy(() => z.union([A, B, C]))
    const A = z.object({ next: One.optional(), end: z.literal(1).optional() })
    const B = z.object({ next: One.optional(), end: z.literal(2).optional() })
    const C = z.object({ next: One.optional(), end: z.int().optional() })
    const depth = 60
    let value: unknown = { next: null, end: 7 }
    // 3^60 steps, were every branch tried for every branch above it; each key is read a bounded number of times instead
    for (let i = 0; i < depth; i++) {
      const inner = value
      value = {
        get next() {
          looked += 1
          return inner
        },
        end: null,
      }
    }
    // the schema itself would take 3^60 steps, so it is only asked for its JSON
    const said = z.object({ top: One })
    const wire = toWireSchema(
      {
        '~standard': {
          version: 1,
          vendor: 'json-only',
          validate: (input: unknown) => ({ value: input }),
          jsonSchema: { input: (options: { target: string }) => said['~standard'].jsonSchema.input(options) },
        },
      },
      { kind: 'tool', name: 't' },
    )
    const result = wire.parse({ top: value })
    expect(result).toMatchObject({ ok: true })
    expect(looked).toBeLessThan(depth * 40)
  })

  it('leaves a value that fits nothing to the schema, and never throws', () => {
    const schema = z.object({
      u: z.union([z.object({ k: z.literal('a'), x: z.int().optional() }), z.array(z.string())]),
    })
    const wire = toWireSchema(schema, { kind: 'tool', name: 't' })
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(wire.parse({ u: value })).toHaveProperty('ok')
        expect(wire.parse(value)).toHaveProperty('ok')
      }),
    )
    expect(wire.parse({ u: { k: 'a', x: 'no' } })).toMatchObject({ ok: false })
  })
})
