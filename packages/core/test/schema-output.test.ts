import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'
import { jsonSchema } from '../src/schema/json-schema.ts'
import type { Schema } from '../src/schema/schema.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'

const output = <S extends Schema>(schema: S) => toWireSchema(schema, { kind: 'output', name: 'answer' })

describe('structured output', () => {
  it('wraps what is no object, and unwraps it on the way back', () => {
    const list = output(z.array(z.object({ a: z.string(), b: z.int().optional() })))
    expect(list).toMatchObject({
      strict: true,
      jsonSchema: {
        type: 'object',
        properties: { value: { type: 'array' } },
        required: ['value'],
        additionalProperties: false,
      },
    })
    expect(list.parse({ value: [{ a: 'x', b: null }] })).toEqual({ ok: true, value: [{ a: 'x' }] })
    expect(output(z.enum(['yes', 'no'])).parse({ value: 'yes' })).toEqual({ ok: true, value: 'yes' })
    expect(output(z3.union([z3.string(), z3.number()])).jsonSchema).toMatchObject({
      type: 'object',
      required: ['value'],
    })
    expect(output(z.object({ a: z.string() }).nullable()).parse({ value: null })).toEqual({
      ok: true,
      value: null,
    })
  })

  it('leaves an object alone, also one that has a property "value"', () => {
    const wire = output(z.object({ value: z.string() }))
    expect(wire.jsonSchema).toMatchObject({ properties: { value: { type: 'string' } } })
    expect(wire.parse({ value: 'x' })).toEqual({ ok: true, value: { value: 'x' } })
  })

  it('takes the bare value too, from a server that ignores the format', () => {
    expect(output(z.array(z.string())).parse(['a'])).toEqual({ ok: true, value: ['a'] })
    expect(
      output(z.union([z.object({ value: z.int(), unit: z.string() }), z.string()])).parse({
        value: 1,
        unit: 'm',
      }),
    ).toEqual({
      ok: true,
      value: { value: 1, unit: 'm' },
    })
  })

  it('gives issues the path they have on the wire', () => {
    expect(output(z.array(z.string())).parse({ value: ['a', 1] })).toMatchObject({
      ok: false,
      message: 'value[1]: Invalid input: expected string, received number',
    })
  })

  it('keeps the references of a recursive root when it is wrapped', () => {
    type Json = string | { items?: Json[] | undefined }
    const Nested: z.ZodType<Json> = z.lazy(() =>
      z.union([z.string(), z.object({ items: z.array(Nested).optional() })]),
    )
    const wire = output(Nested)
    expect(wire.strict).toBe(true)
    expect(JSON.stringify(wire.jsonSchema)).not.toContain('"$ref":"#"')
    const written = { value: { items: [{ items: null }, 'x', { items: [{ items: null }] }] } }
    expect(wire.parse(written)).toEqual({ ok: true, value: { items: [{}, 'x', { items: [{}] }] } })

    const Tree3: z3.ZodType<unknown> = z3.lazy(() => z3.array(Tree3))
    expect(output(Tree3).jsonSchema).toMatchObject({
      properties: { value: { $ref: '#/$defs/root' } },
      $defs: { root: { type: 'array' } },
    })
    expect(output(Tree3).parse({ value: [[], [[]]] })).toEqual({ ok: true, value: [[], [[]]] })
  })
})

describe('jsonSchema(…)', () => {
  const raw = jsonSchema<{ city: string; days?: number }>({
    type: 'object',
    properties: {
      city: { type: 'string', minLength: 2, pattern: '^[A-Z]' },
      days: { type: 'integer', minimum: 1, exclusiveMaximum: 15, multipleOf: 0.1 },
      tags: { type: 'array', items: { $ref: '#/definitions/Tag' }, minItems: 1, uniqueItems: true },
      place: {
        anyOf: [
          { type: 'string' },
          { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] },
        ],
      },
      kind: { enum: ['a', 1, null] },
      fixed: { const: { x: [1] } },
      pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
      old: { type: 'array', items: [{ type: 'string' }], additionalItems: { type: 'boolean' } },
      more: { type: 'object', patternProperties: { '^n_': { type: 'number' } }, additionalProperties: false },
      one: {
        oneOf: [
          { type: 'number', minimum: 5 },
          { type: 'number', maximum: 6 },
        ],
      },
      not: { not: { type: 'string' } },
    },
    required: ['city'],
    additionalProperties: false,
    definitions: { Tag: { type: 'string', maxLength: 3 } },
  })
  const parse = (value: unknown) => toWireSchema(raw, { kind: 'tool', name: 't' }).parse(value)

  it('accepts what fits', () => {
    const value = {
      city: 'Rome',
      days: 3,
      tags: ['a', 'b'],
      place: { lat: 1 },
      kind: 1,
      fixed: { x: [1] },
      pair: ['a', 1],
      old: ['a', true, false],
      more: { n_a: 1 },
      one: 4,
      not: 1,
    }
    expect(parse(value)).toEqual({ ok: true, value })
    expect(parse({ city: 'Rome', kind: null, days: null })).toEqual({
      ok: true,
      value: { city: 'Rome', kind: null },
    })
  })

  it.each([
    [{}, 'city: is required'],
    [{ city: 'R' }, 'city: expected a length of at least 2'],
    [{ city: 'rome' }, 'city: expected to match ^[A-Z]'],
    [{ city: 5 }, 'city: expected string, received number'],
    [
      { city: 'Rome', days: 1.25 },
      'days: expected integer, received number\ndays: expected a multiple of 0.1',
    ],
    [{ city: 'Rome', days: 15 }, 'days: expected less than 15'],
    [{ city: 'Rome', days: 0 }, 'days: expected at least 1'],
    [{ city: 'Rome', tags: ['toolong'] }, 'tags[0]: expected a length of at most 3'],
    [{ city: 'Rome', tags: [] }, 'tags: expected an item count of at least 1'],
    [{ city: 'Rome', tags: ['a', 'a'] }, 'tags: expected no item twice'],
    [{ city: 'Rome', place: { lat: 'x' } }, 'place: matches none of the allowed forms'],
    [{ city: 'Rome', kind: 2 }, 'kind: expected one of "a", 1, null'],
    [{ city: 'Rome', fixed: { x: [2] } }, 'fixed: expected {"x":[1]}'],
    [{ city: 'Rome', pair: ['a', 1, 2] }, 'pair[2]: must be absent'],
    [{ city: 'Rome', old: ['a', 1] }, 'old[1]: expected boolean, received number'],
    [
      { city: 'Rome', more: { n_a: 'x', m: 1 } },
      'more.n_a: expected number, received string\nmore.m: is not a known key',
    ],
    [{ city: 'Rome', one: 5 }, 'one: matches more than one form'],
    [{ city: 'Rome', not: 'x' }, 'not: is a value that is ruled out'],
    [{ city: 'Rome', extra: 1 }, 'extra: is not a known key'],
    [[], 'expected object, received array'],
  ])('refuses %j', (value, message) => {
    expect(parse(value)).toMatchObject({ ok: false, message })
  })

  it('checks recursive schemas', () => {
    const tree = jsonSchema({
      type: 'object',
      properties: { kids: { type: 'array', items: { $ref: '#' } } },
      required: ['kids'],
    })
    const wire = toWireSchema(tree, { kind: 'tool', name: 't' })
    expect(wire.strict).toBe(true)
    expect(wire.parse({ kids: [{ kids: [] }] })).toMatchObject({ ok: true })
    expect(wire.parse({ kids: [{ kids: [{}] }] })).toMatchObject({
      ok: false,
      message: 'kids[0].kids[0].kids: is required',
    })
  })
})
