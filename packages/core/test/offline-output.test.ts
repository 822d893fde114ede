import type { ResponseRequest } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { converse, folderTools, responseFor, textIn, weather } from './offline-ask.ts'

const format = (schema: z.ZodType): Partial<ResponseRequest> => ({
  text: {
    format: {
      type: 'json_schema',
      name: 'answer',
      strict: true,
      schema: z.toJSONSchema(schema) as Record<string, unknown>,
    },
  },
})

const answer = async <T>(input: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(textIn(await responseFor({ input, ...format(schema) }))))

describe('structured output', () => {
  it('has one entry for each output, by the names of its fields', async () => {
    const schema = z.strictObject({
      cities: z.array(z.strictObject({ city: z.string(), celsius: z.number() })),
    })
    const temperatures: Record<string, number> = { Paris: 21, Tokyo: 26 }
    const { text } = await converse(
      'Weather in Paris and Tokyo?',
      [weather],
      { get_weather: ({ city }: { city: string }) => ({ city, celsius: temperatures[city], sky: 'clear' }) },
      format(schema),
    )
    expect(schema.parse(JSON.parse(text))).toEqual({
      cities: [
        { city: 'Paris', celsius: 21 },
        { city: 'Tokyo', celsius: 26 },
      ],
    })
  })

  it('takes counts and places from the calls, and the answer for a free text', async () => {
    const schema = z.strictObject({
      folder: z.string(),
      count: z.int(),
      summary: z.string(),
      hint: z.string().nullable(),
    })
    const { text } = await converse(
      'How many TypeScript files has packages/core?',
      folderTools,
      { list_files: () => ['packages/core/a.ts', 'packages/core/b.ts'] },
      format(schema),
    )
    expect(schema.parse(JSON.parse(text))).toEqual({
      folder: 'packages/core',
      count: 2,
      summary: 'packages/core has 2 TypeScript files.',
      hint: null,
    })
  })

  it('extracts from the text by name, type and format', async () => {
    const schema = z.strictObject({
      name: z.string(),
      email: z.email(),
      age: z.int(),
      role: z.enum(['user', 'admin']),
      urgent: z.boolean(),
    })
    expect(
      await answer(
        'Extract the person: Ada Lovelace, 36 years old, ada@example.com, is an admin. It is urgent.',
        schema,
      ),
    ).toEqual({
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      age: 36,
      role: 'admin',
      urgent: true,
    })
  })

  it('extracts rows', async () => {
    const schema = z.strictObject({
      people: z.array(z.strictObject({ name: z.string(), email: z.string() })),
    })
    expect(await answer('People: Ada (ada@x.org), Bob (bob@x.org)', schema)).toEqual({
      people: [
        { name: 'Ada', email: 'ada@x.org' },
        { name: 'Bob', email: 'bob@x.org' },
      ],
    })
  })

  it('is valid where nothing is known: unions, bounds, formats, tuples, recursion', async () => {
    interface Tree {
      label: string
      children: Tree[]
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.strictObject({ label: z.string(), children: z.array(tree) }))
    const schema = z.strictObject({
      kind: z.literal('report'),
      size: z.union([z.strictObject({ width: z.number().min(3) }), z.string()]),
      day: z.iso.date(),
      id: z.uuid(),
      pair: z.tuple([z.string(), z.int()]),
      tags: z.array(z.enum(['a', 'b'])).min(2),
      share: z.number().gt(0).lt(1),
      step: z.number().multipleOf(5).min(7),
      limit: z.string().nullable(),
      tree,
    })
    expect(await answer('Hello', schema)).toMatchObject({ kind: 'report', limit: null, step: 10 })
  })

  it('is an object with the answer for json_object', async () => {
    const response = await responseFor({ input: 'Hello, as JSON', text: { format: { type: 'json_object' } } })
    expect(JSON.parse(textIn(response))).toEqual({ answer: 'Hello!' })
  })

  it('comes after the calls, not instead of them', async () => {
    const schema = z.strictObject({ celsius: z.number() })
    const response = await responseFor({ input: 'Weather in Paris?', tools: [weather], ...format(schema) })
    expect(response.output.map((item) => item.type)).toEqual(['function_call'])
  })

  it('is valid for any schema of ours and any text', async () => {
    const leaf = fc.constantFrom<z.ZodType>(
      z.string(),
      z.string().min(2).max(5),
      z.int().min(-3).max(40),
      z.number(),
      z.boolean(),
      z.enum(['low', 'high']),
      z.string().nullable(),
      z.literal(4),
      z.email(),
      z.array(z.string()),
      z.array(z.int()).min(1),
    )
    const keys = fc.constantFrom(
      'city',
      'name',
      'count',
      'total',
      'answer',
      'emails',
      'items',
      'unit',
      'reason',
      'date',
    )
    const object = fc.dictionary(keys, leaf, { maxKeys: 5 }).map((shape) => z.strictObject({ ...shape }))
    const schemas = fc.oneof(
      object,
      fc
        .tuple(keys, object)
        .map(([key, inner]) => z.strictObject({ [key]: z.array(inner), extra: inner.nullable() })),
    )
    const texts = fc.oneof(
      fc.constantFrom('How many files? 3 or 4, for Ada at ada@x.org in Paris, high', 'Hello'),
      fc.string({ unit: 'grapheme' }),
    )
    const outputs = fc.oneof(
      fc.json(),
      fc.constantFrom('{"city":"Paris","count":3}', '["a","b"]', 'plain text'),
    )
    await fc.assert(
      fc.asyncProperty(schemas, texts, outputs, async (schema, text, output) => {
        const response = await responseFor({
          input: [
            { role: 'user', content: text },
            { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
            { type: 'function_call_output', call_id: 'call_1', output },
          ],
          ...format(schema),
        })
        expect(schema.safeParse(JSON.parse(textIn(response))).error?.issues).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })
})
