import type { InputItem, ResponseRequest } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { callsIn, eventsFor, fn, responseFor, textIn, weather } from './offline-ask.ts'

/** JSON that breaks code which turns any value into text, or looks names up in plain objects. */
const HOSTILE = [
  '{"":{"toString":0}}',
  '{"city":{"toString":0,"valueOf":0}}',
  '[{"toString":null}]',
  '[[{"toString":0,"valueOf":0}]]',
  '{"__proto__":{"toString":0,"valueOf":0}}',
  '{"city":{"__proto__":null},"unit":{"toString":1}}',
  '{"constructor":{"name":{"toString":0}},"prototype":null}',
  '{"length":{"toString":0,"valueOf":0}}',
  '{"toJSON":{"toJSON":0},"toString":0,"valueOf":0}',
  '{"error":{"message":{"toString":0,"valueOf":0}}}',
  '{"hasOwnProperty":0,"items":[{"path":{"toString":0}}],"count":{"valueOf":0,"toString":0}}',
  '{"Symbol(Symbol.toPrimitive)":0,"toString":[],"valueOf":[]}',
]

const bad = (): Record<string, unknown> => JSON.parse('{"toString":0,"valueOf":0}')

const asked = (output: string, more: Partial<ResponseRequest> = {}, question = 'Weather in Paris?') =>
  responseFor({
    input: [
      { role: 'user', content: question },
      { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      { type: 'function_call_output', call_id: 'call_1', output },
    ],
    tools: [weather],
    ...more,
  })

const formatted = (properties: Record<string, unknown>): Partial<ResponseRequest> => ({
  tools: [],
  text: {
    format: {
      type: 'json_schema',
      name: 'answer',
      schema: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
    },
  },
})

describe('values that are no text', () => {
  it.each(HOSTILE)('answers from the output %s', async (output) => {
    for (const question of ['Weather in Paris?', 'How many files?', 'Where is Paris?', 'Paris']) {
      expect(textIn(await asked(output, {}, question))).toMatch(/offline model/)
    }
  })

  it.each(HOSTILE)('fills a schema from the output %s', async (output) => {
    const answer = await asked(
      output,
      formatted({
        city: { type: 'string' },
        unit: { enum: ['celsius', 'kelvin'] },
        count: { type: 'integer' },
        toString: { type: 'boolean' },
        valueOf: { type: 'string', enum: ['x'] },
        items: { type: 'array', items: { enum: ['a', 1, true] } },
        length: { type: ['number', 'boolean'] },
      }),
    )
    const value = JSON.parse(textIn(answer)) as Record<string, unknown>
    expect(typeof value.city).toBe('string')
    expect(['celsius', 'kelvin']).toContain(value.unit)
    expect(Number.isInteger(value.count)).toBe(true)
    expect(typeof value.toString).toBe('boolean')
    expect(value.valueOf).toBe('x')
  })

  it.each(HOSTILE)('plans calls after the output %s', async (output) => {
    const tools = [
      fn('get_forecast', 'Forecast for a city', {
        city: { type: 'string' },
        unit: { enum: ['celsius', 'kelvin'] },
        toString: { type: 'boolean' },
        constructor: { type: 'string' },
        error: { type: ['integer', 'null'] },
      }),
    ]
    const response = await asked(output, { tools, tool_choice: 'required' }, 'Forecast please')
    expect(callsIn(response).map((call) => call.name)).toEqual(['get_forecast'])
  })

  it('corrects a call whose argument is no text', async () => {
    const tools = [fn('get_thing', 'Get a thing', { thing: {}, file: { type: 'string' } })]
    const issues = ['expected number, received object', 'expected string', 'not found', 'expected boolean']
    for (const issue of issues) {
      const response = await responseFor({
        input: [
          { role: 'user', content: 'Get the thing of a.txt' },
          {
            type: 'function_call',
            call_id: 'call_1',
            name: 'get_thing',
            arguments: JSON.stringify({ thing: bad(), file: bad() }),
          },
          { type: 'function_call_output', call_id: 'call_1', output: `Error: thing: ${issue}` },
        ],
        tools,
      })
      expect(response.status).toBe('completed')
    }
  })
})

describe('names that every object inherits', () => {
  const NAMES = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf']

  it.each(NAMES)('%s as a format, a type, a reference and a property of a schema', async (name) => {
    const tools = [
      fn('find_thing', 'Find a thing', {
        one: { type: 'string', format: name },
        two: { type: name },
        three: { $ref: `#/${name}` },
        four: { $ref: `#/properties/${name}/x` },
      }),
    ]
    for (const tool_choice of ['auto', 'required'] as const) {
      const response = await responseFor({ input: `Find ${name}`, tools, tool_choice })
      for (const call of callsIn(response)) expect(typeof (call.args as { one: unknown }).one).toBe('string')
    }
    const answer = await asked('{}', formatted({ text: { type: 'string', format: name } }))
    expect(typeof JSON.parse(textIn(answer)).text).toBe('string')
  })

  it.each(NAMES)('%s as a word of the question is no currency and no kind of file', async (name) => {
    const tools = [
      fn('convert', 'Convert money', {
        amount: { type: 'number' },
        currency: { type: 'string', description: 'Currency code' },
      }),
      fn('list_files', 'List files', { pattern: { type: 'string', description: 'Glob' } }),
      fn('read_file', 'Read a file', { path: { type: 'string' } }),
    ]
    for (const input of [
      `Convert 5 ${name}`,
      `How many .${name} files are in src/a.${name}?`,
      `Read a.${name}`,
    ]) {
      for (const call of callsIn(await responseFor({ input, tools }))) {
        expect(JSON.stringify(call.args)).not.toMatch(/native code|\[object/)
      }
    }
  })

  it.each(NAMES)('%s as a property that must be filled is an own property', async (name) => {
    const properties = Object.fromEntries([[name, { type: 'string' }]])
    const answer = textIn(await asked('{}', formatted(properties)))
    expect(Object.entries(JSON.parse(answer) as object)).toEqual([[name, expect.any(String)]])
    // An earlier call that has no such argument lends none.
    const response = await responseFor({
      input: [
        { role: 'user', content: 'Get the weather' },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'fine' },
        { role: 'assistant', content: 'Fine.' },
        { role: 'user', content: 'And the weather now?' },
      ],
      tools: [fn('get_weather', 'Get the weather', properties)],
    })
    expect(textIn(response)).toMatch(/I need/)
  })
})

describe('items and schemas of a wrong form', () => {
  it('reads a history in which names, ids and messages are no text', async () => {
    const items = [
      'name',
      'call_id',
      'id',
      'arguments',
      'output',
      'content',
      'role',
      'type',
      'error',
    ].flatMap((field) =>
      [
        { type: 'message', role: 'user', content: 'Weather in Oslo?' },
        { type: 'mcp_call', id: 'mcp_1', name: 'get_weather', arguments: '{}', error: { message: 'no' } },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'fine' },
      ].map((item) => ({ ...item, [field]: bad() })),
    )
    items.push({
      type: 'mcp_call',
      id: 'mcp_2',
      name: 'x',
      arguments: '{}',
      error: { message: bad() },
    } as never)
    for (const item of items) {
      const response = await responseFor({
        input: [{ role: 'user', content: 'Weather in Paris?' }, item as unknown as InputItem],
        tools: [weather],
      })
      expect(response.status).toBe('completed')
    }
  })

  it('reads tools in which names, values and patterns are no text', async () => {
    const parameters = {
      type: 'object',
      properties: {
        unit: { enum: [bad(), 'celsius'] },
        ext: { type: 'string', pattern: bad(), description: bad() },
        broken: { $ref: '#/%E0%A4%A' },
        city: { const: bad() },
      },
      required: ['unit', bad(), 'city'],
    }
    const tools = [
      { type: 'function', name: bad(), description: bad(), parameters },
      { type: 'namespace', name: bad(), tools: [{ type: 'function', name: 'get_weather', parameters }] },
    ] as unknown as ResponseRequest['tools']
    for (const tool_choice of ['auto', 'required'] as const) {
      const response = await responseFor({
        input: 'Weather in Paris in celsius, .ts files',
        tools,
        tool_choice,
      })
      expect(response.status).toBe('completed')
    }
  })

  it('ends for schemas that are only made of references to themselves', async () => {
    for (const parameters of [
      { allOf: [{ $ref: '#' }] },
      { anyOf: [{ $ref: '#' }] },
      {
        type: 'object',
        properties: { a: { oneOf: [{ $ref: '#/properties/a' }, { type: 'null' }] } },
        required: ['a'],
      },
      {
        type: 'object',
        properties: { a: { $ref: '#/properties/b' }, b: { $ref: '#/properties/a' } },
        required: ['a'],
      },
    ]) {
      const tools = [
        { type: 'function', name: 'get_weather', parameters },
      ] as unknown as ResponseRequest['tools']
      const events = await eventsFor({ input: 'Weather in Paris?', tools, tool_choice: 'required' })
      expect(events.at(-1)?.type).toBe('response.completed')
    }
  })

  it('describes values that are nested deeper than a stack', async () => {
    const depth = 20_000
    const response = await asked('['.repeat(depth) + ']'.repeat(depth))
    expect(response.status).toBe('completed')
  })
})
