import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callsFor, fn } from './offline-ask.ts'

const first = async (question: string, tool: ReturnType<typeof fn>): Promise<unknown> =>
  (await callsFor(question, [tool]))[0]?.args

describe('filling arguments', () => {
  it('takes listed values by their words', async () => {
    const tool = fn('create_ticket', 'Create a ticket', {
      title: { type: 'string' },
      priority: { type: 'string', enum: ['low', 'medium', 'high'] },
      labels: { type: 'array', items: { type: 'string' } },
    })
    expect(await first('Create a ticket with high priority: the login page is broken', tool)).toEqual({
      title: 'the login page is broken',
      priority: 'high',
      labels: [],
    })
  })

  it('takes numbers by the words beside them and keeps their bounds', async () => {
    const roll = fn(
      'roll_dice',
      'Roll dice',
      { count: { type: 'integer', minimum: 1, maximum: 9 }, sides: { type: 'integer', default: 20 } },
      ['count'],
    )
    expect(await first('Roll 3 dice with 6 sides', roll)).toEqual({ count: 3, sides: 6 })
    expect(await first('Roll two dice', roll)).toEqual({ count: 2 })
    expect(await first('Roll 500 dice', roll)).toEqual({ count: 1 })
  })

  it('takes from and to by their prepositions, and dates', async () => {
    const tool = fn('search_flights', 'Search flights', {
      to: { type: 'string' },
      from: { type: 'string' },
      date: { type: 'string', format: 'date' },
    })
    expect(await first('Find flights from Paris to Tokyo on 2026-12-01', tool)).toEqual({
      to: 'Tokyo',
      from: 'Paris',
      date: '2026-12-01',
    })
    expect(await first('Search flights from Paris to Tokyo on 1 December 2026', tool)).toEqual({
      to: 'Tokyo',
      from: 'Paris',
      date: '2026-12-01',
    })
  })

  it('takes currencies by code or by name', async () => {
    const tool = fn('convert_currency', 'Convert an amount between currencies', {
      amount: { type: 'number' },
      from: { type: 'string', description: 'ISO 4217 currency code' },
      to: { type: 'string', description: 'ISO 4217 currency code' },
    })
    expect(await first('Convert 1,250.50 USD to EUR', tool)).toEqual({
      amount: 1250.5,
      from: 'USD',
      to: 'EUR',
    })
    expect(await first('convert 50 euros to yen', tool)).toEqual({ amount: 50, from: 'EUR', to: 'JPY' })
  })

  it('takes flags by their names and negations', async () => {
    const tool = fn('list_users', 'List users', { active: { type: 'boolean' }, limit: { type: 'integer' } })
    expect(await first('List 5 active users', tool)).toEqual({ active: true, limit: 5 })
    expect(await first('List users that are not active', tool)).toEqual({ active: false, limit: 10 })
  })

  it('takes lists into an array parameter', async () => {
    const tool = fn('compare_weather', 'Compare the weather of cities', {
      cities: { type: 'array', items: { type: 'string' } },
    })
    expect(await first('Compare the weather of Paris, Tokyo and Oslo', tool)).toEqual({
      cities: ['Paris', 'Tokyo', 'Oslo'],
    })
  })

  it('takes texts, languages and links by what they look like', async () => {
    const translate = fn('translate', 'Translate a text', {
      text: { type: 'string' },
      language: { type: 'string', description: 'Target language' },
    })
    expect(await first('Translate "good morning" to French', translate)).toEqual({
      text: 'good morning',
      language: 'French',
    })
    const fetchPage = fn('fetch_page', 'Fetch a web page', { url: { type: 'string', format: 'uri' } })
    expect(await first('Fetch https://example.com/a?b=1.', fetchPage)).toEqual({
      url: 'https://example.com/a?b=1',
    })
    const greet = fn('greet', 'Greets someone by name', { name: { type: 'string' } })
    expect(await first('Say hello to Ada', greet)).toEqual({ name: 'Ada' })
  })

  it('writes null where strict schemas say so, and leaves optional parameters out', async () => {
    const strict = fn('list_files', 'List files', {
      path: { type: ['string', 'null'] },
      pattern: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      depth: { type: ['integer', 'null'] },
    })
    expect(await first('List all files', strict)).toEqual({ path: null, pattern: null, depth: null })
    const loose = fn(
      'list_files',
      'List files',
      { path: { type: 'string' }, pattern: { type: 'string', description: 'Glob' } },
      [],
    )
    expect(await first('List all files', loose)).toEqual({})
    expect(await first('List the markdown files in docs/guide', loose)).toEqual({
      path: 'docs/guide',
      pattern: '**/*.md',
    })
  })

  it('follows references and merged schemas', async () => {
    const tool = {
      ...fn('get_weather', 'Current weather', {}),
      parameters: {
        allOf: [{ $ref: '#/$defs/place' }],
        $defs: {
          place: { type: 'object', properties: { city: { $ref: '#/$defs/name' } }, required: ['city'] },
          name: { type: 'string' },
        },
      },
    }
    expect(await first('Weather in Paris?', tool)).toEqual({ city: 'Paris' })
  })
})

type Json = Record<string, unknown>

/** A validator of its own, for the keywords that the schemas below use. */
const problems = (value: unknown, schema: Json, path = '$'): string[] => {
  if (Array.isArray(schema.anyOf)) {
    const each = (schema.anyOf as Json[]).map((one) => problems(value, one, path))
    return each.some((list) => list.length === 0) ? [] : each.flat()
  }
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? [] : [`${path}: not listed`]
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' &&
        value.length >= Number(schema.minLength ?? 0) &&
        value.length <= Number(schema.maxLength ?? Infinity)
        ? []
        : [`${path}: string`]
    case 'integer':
    case 'number': {
      const fits =
        typeof value === 'number' &&
        (schema.type === 'number' || Number.isInteger(value)) &&
        value >= Number(schema.minimum ?? -Infinity) &&
        value <= Number(schema.maximum ?? Infinity)
      return fits ? [] : [`${path}: number ${String(value)}`]
    }
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: boolean`]
    case 'null':
      return value === null ? [] : [`${path}: null`]
    case 'array': {
      if (!Array.isArray(value)) return [`${path}: array`]
      const short =
        value.length < Number(schema.minItems ?? 0) || value.length > Number(schema.maxItems ?? Infinity)
      return [
        ...(short ? [`${path}: length`] : []),
        ...value.flatMap((one, index) => problems(one, schema.items as Json, `${path}[${index}]`)),
      ]
    }
    default: {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: object`]
      const properties = schema.properties as Record<string, Json>
      const missing = (schema.required as string[])
        .filter((name) => !(name in value))
        .map((name) => `${path}.${name}: missing`)
      return [
        ...missing,
        ...Object.entries(value).flatMap(([name, one]) =>
          properties[name] === undefined
            ? [`${path}.${name}: unknown`]
            : problems(one, properties[name], `${path}.${name}`),
        ),
      ]
    }
  }
}

const names = fc.constantFrom(
  'city',
  'path',
  'pattern',
  'query',
  'count',
  'order_id',
  'email',
  'url',
  'date',
  'amount',
  'input',
  'active',
  'unit',
  'items',
  'title',
  'from',
  'to',
  'q',
  'extension',
)
const scalar = fc.oneof(
  fc.record({
    type: fc.constant('string'),
    minLength: fc.nat(3),
    description: fc.constantFrom('', 'Name of a city', 'Glob pattern', 'Search query'),
  }),
  fc.record({ type: fc.constant('string'), maxLength: fc.nat(4) }),
  fc
    .tuple(fc.constantFrom('integer', 'number'), fc.integer({ min: -50, max: 50 }), fc.nat(40))
    .map(([type, minimum, range]) => ({ type, minimum, maximum: minimum + range })),
  fc.constant({ type: 'boolean' }),
  fc
    .uniqueArray(fc.constantFrom('celsius', 'fahrenheit', 'low', 'high', 'Paris', 3), { minLength: 1 })
    .map((values) => ({ enum: values })),
)
const nullable = scalar.map((schema) => ({ anyOf: [schema, { type: 'null' }] }))
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.tuple(fc.dictionary(names, value, { maxKeys: 4 }), fc.boolean()).map(([properties, all]) => ({
    type: 'object',
    properties: { ...properties },
    required: Object.keys(properties).filter((_name, index) => all || index % 2 === 0),
    additionalProperties: false,
  }))
const leaf = fc.oneof(scalar, nullable) as fc.Arbitrary<Json>
const arrayOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc
    .tuple(value, fc.nat(2), fc.nat(3))
    .map(([items, minItems, more]) => ({ type: 'array', items, minItems, maxItems: minItems + more }))
const schemas = objectOf(
  fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: objectOf(leaf) },
    { weight: 1, arbitrary: arrayOf(fc.oneof(leaf, objectOf(leaf))) },
  ),
)
const questions = fc.oneof(
  fc.constantFrom(
    'Weather in Paris and Tokyo, celsius?',
    'List 5 high items in packages/core, *.ts files, from Oslo to Rome',
    'Refund 20 euros for order #42, email ada@example.com, see https://a.b/c on 2026-12-01',
    'search for "x y" and count: 3, 4 and 5; title: Hello',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.lorem(),
)

describe('for any schema and question', () => {
  it('forced arguments are JSON that the schema takes', async () => {
    await fc.assert(
      fc.asyncProperty(schemas, questions, async (schema, question) => {
        const tool = { ...fn('do_it', 'Does it'), parameters: schema }
        const calls = await callsFor(question, [tool], { tool_choice: 'required' })
        expect(calls.length).toBeGreaterThan(0)
        for (const call of calls) expect(problems(call.args, schema)).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('chosen arguments are JSON that the schema takes', async () => {
    await fc.assert(
      fc.asyncProperty(schemas, questions, async (schema, question) => {
        const tool = {
          ...fn('search_weather', 'Lists files, the weather and orders; searches and converts'),
          parameters: schema,
        }
        for (const call of await callsFor(question, [tool])) expect(problems(call.args, schema)).toEqual([])
      }),
      { numRuns: 400 },
    )
  })
})
