import { isAntiphonError, type ResponseEvent } from '@antiphon/client'
import { agent, type JsonObject, jsonSchema, tool } from 'antiphon'
import { checkLifecycle, schemaValue, scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { hostileValues, spoiled } from '../../client/test/hostile-values.ts'
import { toWireSchema } from '../src/schema/wire-schema.ts'
import { outcomeOf, outputsOf, sealed } from './faults-world.ts'

const schema = {
  type: 'object',
  properties: {
    a: { type: ['string', 'null'], pattern: '^a', minLength: 1, format: 'email', description: 'd' },
    b: { anyOf: [{ $ref: '#/$defs/n' }, { enum: [1, 'x'] }, { const: null }] },
    c: {
      type: 'array',
      items: { type: 'number', minimum: 1, multipleOf: 2 },
      minItems: 1,
      uniqueItems: true,
    },
    d: { allOf: [{ type: 'object', properties: { e: { type: 'boolean' } } }, { required: ['e'] }] },
    f: { type: 'array', prefixItems: [{ type: 'string' }], items: false },
    g: { oneOf: [{ type: 'integer' }, { not: { type: 'string' } }] },
    h: { type: 'object', additionalProperties: { type: 'string' }, patternProperties: { '^x': {} } },
  },
  required: ['a', 'b'],
  additionalProperties: false,
  $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } },
}

const fits = { a: 'a@b.c', b: 1, c: [2, 4], d: { e: true }, f: ['x'], g: true, h: { x: 1, y: 'z' } }

const inherited = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']

/** The work, unless what it throws is an error in words. */
const faultOf = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    return isAntiphonError(error) ? undefined : ((error as Error).stack ?? String(error))
  }
  return undefined
}

const wireOf = (given: unknown, strict: boolean | 'auto') =>
  toWireSchema(jsonSchema(given as JsonObject), { kind: 'tool', name: 't', strict })

const messageOf = (given: unknown, value: unknown): string => {
  const result = wireOf(given, false).parse(value)
  return 'then' in result ? 'late' : result.ok ? '' : result.message
}

describe('a JSON Schema of somebody else, with a value of another kind in any place', () => {
  it('is taken or refused in words, and its check says what does not fit', () => {
    expect(messageOf(schema, fits)).toBe('')
    const bad: string[] = []
    const values = [
      fits,
      ...hostileValues(),
      ...hostileValues().map((a) => ({ ...fits, a, b: a, c: [a], d: a })),
    ]
    for (const { name, value } of spoiled(schema)) {
      for (const strict of [true, false, 'auto'] as const) {
        const fault = faultOf(() => {
          const wire = wireOf(value, strict)
          for (const each of values) {
            const result = wire.parse(structuredClone(each))
            if (!('then' in result) && !result.ok && result.message.includes('The schema threw'))
              throw new Error(`${result.message} for ${JSON.stringify(each)}`)
          }
        })
        if (fault !== undefined) bad.push(`${name}: ${fault}`)
      }
    }
    expect(bad.slice(0, 5)).toEqual([])
  })

  it('gives a value for tests, or says that there is none', () => {
    const bad: string[] = []
    for (const { name, value } of spoiled(schema)) {
      const fault = faultOf(() => schemaValue(value))
      if (fault !== undefined) bad.push(`${name}: ${fault}`)
    }
    expect(bad.slice(0, 5)).toEqual([])
  })
})

describe('names that every object inherits', () => {
  it.each(inherited)('%s is no keyword', (name) => {
    const odd = { type: 'object', properties: { a: { type: 'string', ...Object.fromEntries([[name, {}]]) } } }
    expect(messageOf(odd, { a: 'x' })).toBe('')
    expect(messageOf(odd, { a: 1 })).toBe('a: expected string, received number')
    const joined = {
      type: 'object',
      properties: { j: { allOf: [odd, { ...Object.fromEntries([[name, 1]]), properties: { b: {} } }] } },
    }
    expect(messageOf(joined, { j: { a: 'x' } })).toBe('')
  })

  it.each(inherited)('%s is a property like any other', (name) => {
    const given = {
      type: 'object',
      properties: Object.fromEntries([[name, { type: 'string' }]]),
      required: [name],
    }
    expect(messageOf(given, Object.fromEntries([[name, 'x']]))).toBe('')
    expect(messageOf(given, {})).toContain('is required')
    for (const one of [
      given,
      { allOf: [given, { ...given, description: 'again' }] },
      { allOf: [{}, given] },
    ]) {
      const value = schemaValue(one) as object
      expect(Object.entries(value)).toEqual([[name, expect.any(String)]])
    }
  })

  it.each(inherited)('%s is no format and no type', (name) => {
    expect(schemaValue({ type: 'string', format: name })).toEqual(expect.any(String))
    const given = { type: 'object', properties: { a: { type: name } }, required: ['a'] }
    expect(messageOf(given, { a: 'x' })).toContain('a: expected')
    expect(wireOf(given, 'auto').jsonSchema).toMatchObject({ properties: { a: { type: name } } })
  })
})

it('a pattern that this engine cannot read lets every text pass', () => {
  const given = { type: 'object', properties: { a: { type: 'string', pattern: '[' } }, required: ['a'] }
  expect(messageOf(given, { a: 'x' })).toBe('')
  const open = { type: 'object', patternProperties: { '(': { type: 'string' } }, additionalProperties: false }
  expect(messageOf(open, { a: 1 })).toBe('')
})

describe('arguments of a model', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const hostile = [
    ...hostileValues().map((value) => JSON.stringify(value)),
    ...hostileValues().map((value) => JSON.stringify({ city: value })),
    '{"__proto__":{"city":"Oslo"}}',
    `{"city":${deep}}`,
    deep,
  ]

  it('of any form are answered with what is wrong about them', async () => {
    const tools = [
      tool({ name: 'typed', inputSchema: z.object({ city: z.string() }), execute: ({ city }) => city }),
      tool({ name: 'nested', inputSchema: z.object({ city: z.array(z.json()) }), execute: () => 'done' }),
      tool({
        name: 'foreign',
        inputSchema: jsonSchema({
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
          additionalProperties: { type: 'string' },
        }),
        execute: () => 'done',
      }),
      tool({ name: 'open', inputSchema: jsonSchema({ type: 'object' }), execute: (input) => input as never }),
    ]
    const names = [...tools.map(({ name }) => name), 'parallel', 'nobody']
    for (const text of hostile) {
      const calls = names.map((name, n) => ({
        type: 'function_call',
        id: `fc_${n}`,
        call_id: `c${n}`,
        name,
        arguments: name === 'parallel' ? `{"tool_uses":[${text},{"recipient_name":${text}}]}` : text,
      }))
      const model = scripted([{ events: sealed(calls).events as ResponseEvent[] }, 'Done.'])
      const { result, error } = await outcomeOf(agent({ model, tools }).run('Go'))
      expect([text.slice(0, 80), error?.code, error?.cause]).toEqual([
        text.slice(0, 80),
        undefined,
        undefined,
      ])
      expect(outputsOf(result.history).length).toBeGreaterThanOrEqual(names.length)
    }
  })
})

it('the check of an order of events says what is wrong with a value of another kind', () => {
  const { events } = sealed([{ type: 'function_call', id: 'i', call_id: 'c', name: 'n', arguments: '{}' }])
  const bad: string[] = []
  for (const { name, value } of spoiled(events)) {
    const fault = faultOf(() => checkLifecycle(value))
    if (fault !== undefined) bad.push(`${name}: ${fault}`)
  }
  expect(bad.slice(0, 5)).toEqual([])
})
