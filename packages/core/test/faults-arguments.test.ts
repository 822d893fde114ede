import type { FunctionCall } from '@antiphon/client'
import { agent, jsonSchema, tool } from 'antiphon'
import { call, callItem, calls } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { modelOf, outcomeOf, outputsOf, runOn, sealed, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const anything = (seen: unknown[]) =>
  tool({
    name: 'anything',
    inputSchema: jsonSchema<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    execute: (input) => {
      seen.push(input)
      return 'ok'
    },
  })

/** The call as the second request sent it back. */
const sentBack = (text: string | undefined): FunctionCall =>
  (JSON.parse(text ?? '{}').input as FunctionCall[]).find((item) => item.type === 'function_call')!

describe('a call of an unknown tool', () => {
  it('is answered with the tools there are, and the run goes on', async () => {
    const { tools, ran } = traces()
    const { result, error, upstream } = await runOn([calls(call('fly', { city: 'Oslo' })), 'Sorry.'], {
      tools,
    })
    expect(error).toBeUndefined()
    expect(result.text).toBe('Sorry.')
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toEqual(['Error: there is no tool "fly". Tools: look, book.'])
    expect(upstream.requests).toHaveLength(2)
  })

  it('is answered, too, when the agent has no tools at all', async () => {
    const { result } = await runOn([calls(call('fly')), 'Sorry.'])
    expect(outputsOf(result.history)).toEqual(['Error: there is no tool "fly". No tools can be called.'])
    expect(result.text).toBe('Sorry.')
  })

  it('that is hidden in this turn is not executed, and not named', async () => {
    const { tools, ran } = traces()
    const { result, upstream } = await runOn([calls(call('book', { city: 'Oslo' })), 'Sorry.'], {
      tools,
      prepareTurn: () => ({ tools: ['look'] }),
    })
    expect(ran).toEqual([])
    expect(outputsOf(result.history)).toEqual(['Error: there is no tool "book". Tools: look.'])
    expect(upstream.requests[0]?.body.tools).toHaveLength(1)
    expect(result.text).toBe('Sorry.')
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', ''])(
    'named %j finds nothing it inherits',
    async (name) => {
      const { tools } = traces()
      const { result } = await runOn([calls(call(name)), 'ok'], { tools })
      expect(outputsOf(result.history)).toEqual([`Error: there is no tool "${name}". Tools: look, book.`])
      expect(result.text).toBe('ok')
    },
  )
})

describe('arguments that are no arguments', () => {
  const broken: [string, string, RegExp][] = [
    ['broken JSON', '{city: Oslo}', /not valid JSON/],
    ['truncated JSON', '{"city":"Os', /not valid JSON/],
    ['two values', '{"city":"Oslo"}{"city":"Oslo"}', /not valid JSON/],
    ['text', 'Oslo', /not valid JSON/],
    ['a wrong type', '{"city":5}', /city/],
    ['null for a text', '{"city":null}', /city/],
    ['a missing field', '{}', /city/],
    ['empty text', '', /city/],
    ['blanks', ' \n\t', /city/],
    ['null', 'null', /schema/],
    ['a list', '[]', /schema/],
    ['a number', '42', /schema/],
    ['a text in quotes', '"{\\"city\\":\\"Oslo\\"}"', /schema/],
  ]
  it.each(broken)('(%s) are told to the model, which may try again', async (_name, text, problem) => {
    const { tools, ran } = traces()
    const { result, events } = await runOn(
      [calls(call('look', text)), calls(call('look', { city: 'Oslo' })), 'Seen.'],
      { tools },
    )
    const [first, second] = outputsOf(result.history)
    expect(first).toMatch(problem)
    expect(first).toMatch(/^Error: .*\n?[\s\S]*Correct the arguments and call again\.$/)
    expect(second).toBe('saw Oslo')
    expect(ran).toEqual(['look Oslo'])
    expect(result.text).toBe('Seen.')
    expect(events.find((event) => event.type === 'tool.ended')).toMatchObject({ outcome: 'invalid' })
  })

  it.each(['', ' \n', '{}'])('%j are none, for a tool that takes none', async (text) => {
    const now = tool({ name: 'now', execute: () => 'noon' })
    const { result } = await runOn([calls(call('now', text)), 'ok'], { tools: [now] })
    expect(outputsOf(result.history)).toEqual(['noon'])
  })

  it.each([
    ['an object', { city: 'Oslo' }, 'saw Oslo'],
    ['null', null, 'Error: '],
    ['absent', undefined, 'Error: '],
    ['a number', 7, 'Error: '],
  ])('that are no text at all (%s) do not end the run', async (_name, value, output) => {
    const { tools } = traces()
    const item = { ...callItem('look', '{}', 'c1'), arguments: value } as never
    const { result, error } = await runOn([sealed([item]), 'ok'], { tools })
    expect(error).toBeUndefined()
    expect(outputsOf(result.history)[0]).toContain(output)
    expect(result.text).toBe('ok')
  })
})

describe('arguments that are too much', () => {
  it('of 1 MB reach the tool and go back as they came', async () => {
    const seen: unknown[] = []
    const city = 'ø'.repeat(500_000)
    const { result, upstream } = await runOn([calls(call('anything', { city })), 'ok'], {
      tools: [anything(seen)],
    })
    expect(seen).toEqual([{ city }])
    expect(result.text).toBe('ok')
    expect(sentBack(upstream.requests[1]?.text).arguments).toBe(JSON.stringify({ city }))
  })

  it('nested 10,000 levels deep are answered, by the tool or by an error', async () => {
    const seen: unknown[] = []
    const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    const list: z.ZodType = z.lazy(() => z.array(list))
    const nested = tool({ name: 'nested', inputSchema: z.object({ a: list }), execute: () => 'never mind' })
    const { result, error, upstream } = await runOn(
      [calls(call('anything', deep), call('nested', deep)), 'ok'],
      { tools: [anything(seen), nested] },
    )
    expect(error).toBeUndefined()
    expect(seen).toHaveLength(1)
    expect(outputsOf(result.history)).toHaveLength(2)
    expect(sentBack(upstream.requests[1]?.text).arguments).toBe(deep)
    expect(result.text).toBe('ok')
  })
})

describe('arguments that are strange', () => {
  it('with lone surrogates reach the tool and go back as they came', async () => {
    const seen: unknown[] = []
    const text = '{"city":"\\ud800 and \udc00"}'
    const { result, upstream } = await runOn([calls(call('anything', text)), 'ok'], {
      tools: [anything(seen)],
    })
    expect(seen).toEqual([{ city: '\ud800 and \udc00' }])
    expect(sentBack(upstream.requests[1]?.text).arguments).toBe(text)
    expect(result.text).toBe('ok')
  })

  it('with numbers beyond 2^53 go back digit by digit', async () => {
    const text = '{"id":12345678901234567890,"x":1e400,"y":0.1000000000000000055511151231257827}'
    const { upstream, result } = await runOn([calls(call('anything', text)), 'ok'], { tools: [anything([])] })
    expect(sentBack(upstream.requests[1]?.text).arguments).toBe(text)
    expect(upstream.requests[1]?.text).toContain(JSON.stringify(text))
    expect(result.text).toBe('ok')
  })

  it('with names of the prototype pollute nothing', async () => {
    const seen: unknown[] = []
    const text =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":"y"}'
    const typed = tool({
      name: 'typed',
      inputSchema: z.object({ constructor: z.object({ prototype: z.object({}).optional() }).optional() }),
      execute: (input) => {
        seen.push(input)
        return input
      },
    })
    const { result } = await runOn([calls(call('anything', text), call('typed', text)), 'ok'], {
      tools: [anything(seen), typed],
    })
    expect(result.text).toBe('ok')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(seen[0] as object)).toBe(Object.prototype)
    expect(Object.hasOwn(seen[0] as object, '__proto__')).toBe(true)
    expect(outputsOf(result.history)).toHaveLength(2)
  })
})

describe('a tool with a name of the prototype', () => {
  it.each(['__proto__', 'constructor', 'toString'])('(%s) runs and keeps its own limit', async (name) => {
    const ran: string[] = []
    const odd = tool({ name, execute: () => void ran.push(name) })
    const upstream = await serve({ answers: [calls(call(name), call(name), call(name)), 'ok'] })
    const limits = { tools: Object.fromEntries([[name, 2]]) }
    const run = agent({ model: modelOf(upstream), tools: [odd], limits }).run('Go')
    const { result } = await outcomeOf(run)
    expect(ran).toEqual([name, name])
    expect(result.stop).toMatchObject({ reason: 'limit', limit: `tools.${name}`, used: 2, max: 2 })
  })

  it.each(['__proto__', 'constructor', 'toString'])(
    '(%s) that is unknown is bounded by name, too',
    async (name) => {
      const limits = { tools: Object.fromEntries([[name, 1]]) }
      const { result } = await runOn([calls(call(name), call(name)), 'ok'], { limits })
      expect(result.stop).toMatchObject({ reason: 'limit', limit: `tools.${name}` })
    },
  )
})
