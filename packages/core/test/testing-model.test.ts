import type { OutputItem, ResponseEvent, ResponseRequest, ToolDefinition } from '@antiphon/client'
import { callOutputItem, checkLifecycle, schemaValue, testModel } from 'antiphon/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const answer = async (
  model: ReturnType<typeof testModel>,
  request: ResponseRequest,
): Promise<OutputItem[]> => {
  const events: ResponseEvent[] = []
  const context = { onAbort: () => undefined, signal: new AbortController().signal }
  await model(request, (event) => events.push(event), context)
  expect(checkLifecycle(events)).toEqual([])
  return (events.at(-1) as unknown as { response: { output: OutputItem[] } }).response.output
}

const tool = (name: string, parameters: Record<string, unknown> = { type: 'object' }): ToolDefinition => ({
  type: 'function',
  name,
  parameters,
  strict: false,
})

const namesOf = (items: OutputItem[]): unknown[] =>
  items.map((item) => (item.type === 'function_call' ? item.name : item.type))

const textOf = (items: OutputItem[]): string => {
  const [item] = items
  const part = item?.type === 'message' ? item.content[0] : undefined
  return part?.type === 'output_text' ? String(part.text) : ''
}

describe('testModel', () => {
  const tools = [tool('a', { type: 'object', properties: { city: { type: 'string' } } }), tool('b')]

  it('calls every tool once, together, then answers from their outputs', async () => {
    const model = testModel()
    const output = await answer(model, { input: 'Go', tools })
    expect(output).toMatchObject([
      { name: 'a', arguments: '{"city":"city"}', call_id: 'call_1' },
      { name: 'b', arguments: '{}', call_id: 'call_2' },
    ])
    const input = [...output, callOutputItem('call_1', 'sunny'), callOutputItem('call_2', { b: 2 })] as never
    expect(textOf(await answer(model, { input, tools }))).toBe('a answered: sunny\nb answered: {"b":2}')
    expect(model.requests).toHaveLength(2)
  })

  it('calls one at a time without parallel calls, also when the server keeps the history', async () => {
    const model = testModel()
    const request = { tools, parallel_tool_calls: false }
    expect(namesOf(await answer(model, { ...request, input: 'Go' }))).toEqual(['a'])
    const next = { ...request, previous_response_id: 'resp_1' }
    expect(namesOf(await answer(model, { ...next, input: [callOutputItem('call_1', '1')] }))).toEqual(['b'])
    expect(namesOf(await answer(model, { ...next, input: [callOutputItem('call_2', '2')] }))).toEqual([
      'message',
    ])
  })

  it('obeys tool_choice', async () => {
    const namesFor = async (tool_choice: ResponseRequest['tool_choice']) =>
      namesOf(await answer(testModel(), { input: 'Go', tools, tool_choice }))
    expect(await namesFor('none')).toEqual(['message'])
    expect(await namesFor('required')).toEqual(['a', 'b'])
    expect(await namesFor({ type: 'function', name: 'b' })).toEqual(['b'])
    const allowed = [{ type: 'function', name: 'a' }]
    expect(await namesFor({ type: 'allowed_tools', mode: 'auto', tools: allowed })).toEqual(['a'])
  })

  it('takes tools, arguments and the text that it is given', async () => {
    const model = testModel({ tools: ['a'], arguments: { a: '{"broken"' }, text: 'Bye', modelName: 'mine' })
    const output = await answer(model, { input: 'Go', tools })
    expect(output).toMatchObject([{ name: 'a', arguments: '{"broken"' }])
    expect(textOf(await answer(model, { input: output as never, tools }))).toBe('Bye')
    expect(model.modelName).toBe('mine')
  })

  it('answers with JSON that fits the text format', async () => {
    const schema = z.object({ celsius: z.number().min(-5).max(-2), tags: z.array(z.enum(['x', 'y'])) })
    const format = { type: 'json_schema' as const, name: 'out', schema: z.toJSONSchema(schema), strict: true }
    const output = await answer(testModel(), { input: 'Go', text: { format } })
    expect(schema.parse(JSON.parse(textOf(output)))).toEqual({ celsius: -5, tags: ['x'] })
    const loose = await answer(testModel(), { input: 'Go', text: { format: { type: 'json_object' } } })
    expect(JSON.parse(textOf(loose))).toEqual({ text: 'No tool was called.' })
  })

  it('leaves tools alone that are no functions', async () => {
    const hosted: ToolDefinition[] = [{ type: 'web_search' }]
    expect(namesOf(await answer(testModel(), { input: 'Go', tools: hosted }))).toEqual(['message'])
  })
})

describe('schemaValue: what a schema asks for', () => {
  it.each<[string, unknown, unknown]>([
    ['anything', {}, 'value'],
    ['a constant', { const: { a: 1 } }, { a: 1 }],
    ['an enum, null avoided', { enum: [null, 'b'] }, 'b'],
    ['a nullable type, null avoided', { type: ['null', 'integer'], minimum: 4 }, 4],
    ['a nullable union, null avoided', { anyOf: [{ type: 'null' }, { type: 'boolean' }] }, true],
    ['exclusive bounds', { type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 }, 4],
    ['a narrow range', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.5 }, 0.25],
    ['multiples', { type: 'integer', minimum: 10, multipleOf: 7 }, 14],
    ['only negative numbers', { type: 'number', maximum: -3 }, -4],
    ['a text of some length', { type: 'string', minLength: 8, maxLength: 8 }, 'xxxvalue'],
    ['a short text', { type: 'string', maxLength: 2 }, 'ue'],
    ['a pattern', { type: 'string', pattern: '^[A-Z]{2}-\\d{3}(?:x|y)$' }, 'AA-000x'],
    [
      'distinct elements',
      { type: 'array', minItems: 3, uniqueItems: true, items: { type: 'integer' } },
      [1, 2, 3],
    ],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'integer' }, { const: 'b' }], items: false },
      [1, 'b'],
    ],
    ['a map', { type: 'object', additionalProperties: { type: 'integer' } }, { key: 1 }],
    ['required without a schema', { type: 'object', required: ['a'] }, { a: 'a' }],
    ['parts that all hold', { allOf: [{ minimum: 5 }, { type: 'integer', maximum: 5 }] }, 5],
    [
      'optional properties that allow nothing',
      { type: 'object', properties: { a: false, b: { not: {} } } },
      {},
    ],
    ['a local reference', { $defs: { a: { const: 1 } }, properties: { x: { $ref: '#/$defs/a' } } }, { x: 1 }],
    ['a reference with escapes', { $defs: { 'a/b': { const: 2 } }, $ref: '#/$defs/a~1b' }, 2],
    [
      'a recursion, ended where it may',
      {
        type: 'object',
        properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
        required: ['next'],
      },
      { next: { next: { next: { next: { next: null } } } } },
    ],
    [
      'a property called __proto__',
      { properties: JSON.parse('{"__proto__":{"const":1}}') },
      JSON.parse('{"__proto__":1}'),
    ],
  ])('makes %s', (_name, schema, value) => {
    expect(schemaValue(schema)).toEqual(value)
  })

  it.each<[string, unknown, RegExp]>([
    ['a schema that allows nothing', false, /at #: it allows nothing/],
    ['bounds that exclude each other', { type: 'integer', minimum: 3, maximum: 2 }, /bounds leave no number/],
    [
      'a pattern out of reach',
      { properties: { a: { type: 'string', pattern: '^(?!.)x' } } },
      /#\/properties\/a/,
    ],
    ['an endless recursion', { properties: { a: { $ref: '#' } }, required: ['a'] }, /recursion has no end/],
    [
      'branches that all recur',
      { anyOf: [{ $ref: '#' }, { $ref: '#' }, { $ref: '#' }] },
      /recursion has no end/,
    ],
    ['a reference to elsewhere', { $ref: 'https://example.com/x.json' }, /leaves the document/],
    ['a reference to nothing', { $ref: '#/$defs/none' }, /nothing is at/],
  ])('refuses %s, naming the place', (_name, schema, message) => {
    expect(() => schemaValue(schema)).toThrow(message)
  })
})

const leaf: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.constantFrom<z.ZodType>(
    z.string(),
    z.email(),
    z.uuid(),
    z.url(),
    z.iso.datetime(),
    z.iso.date(),
    z.iso.time(),
    z.iso.duration(),
    z.ipv4(),
    z.ipv6(),
    z.base64(),
    z.e164(),
    z.nanoid(),
    z.ulid(),
    z.string().startsWith('ab'),
    z.string().includes('q.q'),
    z.string().regex(/^\p{L}+\s(?<n>\d{2,4})$/u),
    z.string().regex(/^#[0-9a-f]{6}$/i),
    z.boolean(),
    z.null(),
    z.literal(['a', 1, null]),
    z.enum(['x', 'y']),
    z.int(),
    z.int32(),
    z.number().positive(),
    z.number().negative(),
    z.number().multipleOf(0.25).min(3.1),
    z.unknown(),
  ),
  fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })).map(([min, more]) =>
    z
      .string()
      .min(min)
      .max(min + more),
  ),
  fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 50 })).map(([min, more]) =>
    z
      .int()
      .min(min)
      .max(min + more),
  ),
  fc
    .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 50, noNaN: true }))
    .map(([min, more]) =>
      z
        .number()
        .gt(min)
        .lt(min + more),
    ),
)

const { schema: anySchema } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    { weight: 3, arbitrary: leaf },
    fc
      .dictionary(fc.string(), fc.tuple(tie('schema'), fc.constantFrom('required', 'optional', 'nullable')), {
        maxKeys: 4,
      })
      .map((fields) => {
        const shape = Object.entries(fields).map(([name, [schema, how]]) => [
          name,
          how === 'optional' ? schema.optional() : how === 'nullable' ? schema.nullable() : schema,
        ])
        return z.strictObject(Object.fromEntries(shape))
      }),
    fc
      .tuple(tie('schema'), fc.integer({ min: 0, max: 3 }))
      .map(([schema, min]) => z.array(schema).min(min).max(3)),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.tuple([a, b])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.union([a, b])),
    tie('schema').map((schema) => z.record(z.string(), schema)),
    tie('schema').map((schema) => z.record(z.enum(['k1', 'k2']), schema)),
    tie('schema').map((schema) =>
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('a'), value: schema }),
        z.object({ kind: z.literal('b') }),
      ]),
    ),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.intersection(z.object({ a }), z.object({ b }))),
  ),
}))

describe('schemaValue: any schema', () => {
  it('makes a value that the schema accepts, the same every time', () => {
    fc.assert(
      fc.property(anySchema, (schema) => {
        const json = z.toJSONSchema(schema, { io: 'input' })
        const value = schemaValue(json)
        expect(schema.safeParse(value).error?.issues ?? [], JSON.stringify({ json, value })).toEqual([])
        expect(schemaValue(json)).toEqual(value)
        expect(JSON.parse(JSON.stringify(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('makes the arguments of recursive schemas', () => {
    const node: z.ZodType = z.object({
      name: z.string(),
      get children() {
        return z.array(node)
      },
      get parent() {
        return node.optional()
      },
    })
    const value = schemaValue(z.toJSONSchema(node, { io: 'input' }))
    expect(node.safeParse(value).success).toBe(true)
    expect(value).toMatchObject({ children: [{ name: 'name' }], parent: { name: 'name' } })
  })
})
