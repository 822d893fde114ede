import { agent, OutputError, type RunError, tool, validateItems } from 'antiphon'
import { call, calls, collect, scripted, testModel, text } from 'antiphon/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'

const four = z.object({ city: z.string(), celsius: z.number(), note: z.string().optional() })
const three = z3.object({ city: z3.string(), celsius: z3.number(), note: z3.string().optional() })

const WIRE = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' }, note: { type: ['string', 'null'] } },
  required: ['city', 'celsius', 'note'],
  additionalProperties: false,
}

describe.each([
  ['zod 4', four],
  ['zod 3', three],
] as const)('an output schema in %s', (_name, output) => {
  it('goes out strictly, optional as nullable, and comes back typed', async () => {
    const answer = '{"city":"Rome","celsius":21.5,"note":null}'
    const model = scripted([text(answer)])
    const result = await agent({ name: 'w', model, output }).run('Rome?').result()
    expectTypeOf(result.output).toEqualTypeOf<{ city: string; celsius: number; note?: string | undefined }>()
    expect(model.requests[0]?.text).toEqual({
      format: { type: 'json_schema', name: 'w_output', schema: WIRE, strict: true },
    })
    expect(result.output).toEqual({ city: 'Rome', celsius: 21.5 })
    expect(result.text).toBe(answer)
    expect(result.warnings).toEqual([])
  })

  it('is what testModel fits its answer to', async () => {
    const { output: value } = await agent({ model: testModel(), output }).run('Go').result()
    expect(typeof value.city).toBe('string')
    expect(typeof value.celsius).toBe('number')
  })
})

describe('an answer that does not fit', () => {
  const output = z.object({ n: z.number().int() })

  it('is asked for once more, with the reasons', async () => {
    const model = scripted([text('{"n":"one"}'), text('{"n":1}')])
    const run = agent({ model, output }).run('Go')
    const events = await collect(run)
    const result = await run.result()
    expect(result.output).toEqual({ n: 1 })
    expect(result.turns).toBe(2)
    const asked = model.requests[1]?.input?.at(-1)
    expect(asked).toMatchObject({ role: 'user', content: expect.stringContaining('n: Invalid input') })
    expect(events.filter((event) => event.type === 'warning')).toMatchObject([{ code: 'output_repaired' }])
    expect(result.history).toHaveLength(4)
  })

  it.each([
    ['no JSON', 'It is one.', /not valid JSON/],
    ['nothing', '', /not valid JSON/],
    ['another shape', '{"m":1}', /n: /],
  ])('twice because it is %s fails the run', async (_name, answer, message) => {
    const model = scripted([text(answer), text(answer)])
    const error = (await agent({ model, output })
      .run('Go')
      .result()
      .catch((reason: unknown) => reason)) as RunError
    expect(error.code).toBe('output_invalid')
    expect(error.cause).toBeInstanceOf(OutputError)
    expect(error.cause).toMatchObject({ text: answer })
    expect(error.message).toMatch(message)
    expect(model.requests).toHaveLength(2)
    expect(validateItems(error.result.history)).toEqual([])
  })

  it('after a repair is not asked for again, even when tools were called between', async () => {
    const ping = tool({ name: 'ping', execute: () => 'pong' })
    const model = scripted([text('no'), calls(call('ping')), text('no')])
    const run = agent({ model, output, tools: [ping] }).run('Go')
    await expect(run.result()).rejects.toMatchObject({ code: 'output_invalid' })
    expect(model.requests).toHaveLength(3)
  })

  it('may be mended with the help of tools', async () => {
    const ping = tool({ name: 'ping', execute: () => 'pong' })
    const model = scripted([text('no'), calls(call('ping')), text('{"n":2}')])
    const result = await agent({ model, output, tools: [ping] })
      .run('Go')
      .result()
    expect(result.output).toEqual({ n: 2 })
  })

  it('because the model refuses is not asked for again', async () => {
    const model = scripted([{ refusal: 'I cannot say that.' }])
    const run = agent({ model, output }).run('Go')
    await expect(run.result()).rejects.toMatchObject({
      code: 'output_invalid',
      message: expect.stringContaining('I cannot say that.'),
    })
    expect(model.requests).toHaveLength(1)
  })
})

describe('an answer that nearly fits', () => {
  it.each(['```json\n{"n":1}\n```', '```\n{"n":1}```', '\n\n```json {"n":1} ```\n', ' {"n":1} '])(
    'is forgiven its wrapping: %j',
    async (answer) => {
      const output = z.object({ n: z.number() })
      const result = await agent({ model: scripted([text(answer)]), output })
        .run('Go')
        .result()
      expect(result.output).toEqual({ n: 1 })
      expect(result.turns).toBe(1)
    },
  )

  it('keeps a fence inside a string', async () => {
    const output = z.object({ code: z.string() })
    const value = { code: '```js\n1\n```' }
    const result = await agent({ model: scripted([text(JSON.stringify(value))]), output })
      .run('Go')
      .result()
    expect(result.output).toEqual(value)
  })
})

describe('a schema that is no object', () => {
  it.each([
    ['a list', z.array(z.string()), '{"value":["a","b"]}', ['a', 'b']],
    ['a choice', z.enum(['yes', 'no']), '{"value":"yes"}', 'yes'],
    ['a number', z.number(), '{"value":7}', 7],
  ])('is wrapped on the wire and unwrapped again: %s', async (_name, output, answer, value) => {
    const model = scripted([text(answer)])
    const result = await agent({ model, output: output as z.ZodType })
      .run('Go')
      .result()
    expect(result.output).toEqual(value)
    expect(model.requests[0]?.text?.format).toMatchObject({ schema: { type: 'object', required: ['value'] } })
  })
})

describe('an output schema', () => {
  const output = z.object({ n: z.number() })
  const ping = tool({ name: 'ping', execute: () => 'pong' })

  it('goes out with every turn, beside tools and other text settings', async () => {
    const model = scripted([calls(call('ping')), text('{"n":1}')])
    const settings = { text: { verbosity: 'low' as const } }
    const result = await agent({ model, output, tools: [ping], settings })
      .run('Go')
      .result()
    expect(result.output).toEqual({ n: 1 })
    for (const request of model.requests)
      expect(request.text).toMatchObject({ verbosity: 'low', format: { type: 'json_schema' } })
  })

  it('gives the value of the last answer at a limit, or undefined when it does not fit', async () => {
    for (const [answer, value] of [
      ['{"n":1}', { n: 1 }],
      ['Sorry.', undefined],
    ] as const) {
      const model = scripted([calls(call('ping')), text(answer)])
      const result = await agent({ model, output, tools: [ping], limits: { turns: 1 } })
        .run('Go')
        .result()
      expect(result.stop).toMatchObject({ reason: 'limit' })
      expect(result.output).toEqual(value)
      expect(result.text).toBe(answer)
    }
  })

  it('with a transform or an asynchronous check gives what these make of it', async () => {
    const rich = z
      .object({ when: z.string().transform((value) => new Date(value).getUTCFullYear()) })
      .refine(async ({ when }) => when > 2000)
    const model = scripted([text('{"when":"1999-01-01"}'), text('{"when":"2026-11-22"}')])
    const result = await agent({ model, output: rich }).run('Go').result()
    expect(result.output).toEqual({ when: 2026 })
    expect(result.turns).toBe(2)
  })

  it('with a transform that throws counts as an answer that does not fit', async () => {
    const strictly = z.object({
      n: z.number().transform((n) => {
        if (n > 1) throw new Error('too many')
        return n
      }),
    })
    const model = scripted([text('{"n":2}'), text('{"n":1}')])
    const result = await agent({ model, output: strictly }).run('Go').result()
    expect(result.output).toEqual({ n: 1 })
  })

  it('that cannot be said in JSON Schema throws at definition and names the place', () => {
    const bad = z.object({ list: z.array(z.object({ when: z.date() })) })
    expect(() => agent({ model: scripted([]), output: bad })).toThrow(/list/)
  })
})
