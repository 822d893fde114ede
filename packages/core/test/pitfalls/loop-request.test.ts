import { agent, type ResponsesOptions, tool } from 'antiphon'
import { call, calls, type UpstreamAnswer } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { modelOf, outcomeOf, outputsOf, runOn, serve, traces, watchProcess } from '../faults-world.ts'

watchProcess()

const refuse = (code: string, param: string): UpstreamAnswer => ({
  status: 400,
  body: { error: { message: `Refused: ${param}.`, type: 'invalid_request_error', code, param } },
})

describe('pitfall 4: include', () => {
  it('is not sent unless it was asked for', async () => {
    const { upstream } = await runOn(['ok'], { settings: { store: false } })
    expect(upstream.requests[0]?.body).not.toHaveProperty('include')
  })

  it('goes out as it was asked for, with every turn', async () => {
    const { tools } = traces()
    const include = ['reasoning.encrypted_content'] as const
    const { upstream } = await runOn([calls(call('look', { city: 'Oslo' })), 'ok'], {
      tools,
      settings: { include: [...include] },
    })
    expect(upstream.requests.map(({ body }) => body.include)).toEqual([include, include])
  })

  it('that a model refuses is left out when that is allowed, and no tool runs twice', async () => {
    const { tools, ran } = traces()
    const upstream = await serve({
      answers: ({ body }) =>
        body.include !== undefined
          ? (refuse('unsupported_parameter', 'include') as never)
          : body.input?.length === 1
            ? calls(call('book', { city: 'Oslo' }))
            : 'ok',
    })
    const model = modelOf(upstream, { dropUnsupported: true })
    const settings = { include: ['reasoning.encrypted_content' as const] }
    const { result } = await outcomeOf(agent({ model, tools, settings }).run('Go'))
    expect(result.text).toBe('ok')
    expect(ran).toEqual(['book Oslo'])
  })
})

describe('pitfall 31: previous_response_id that a server does not know', () => {
  const asks = calls(call('book', { city: 'Oslo' }, 'c1'))
  const answers: [string, UpstreamAnswer][] = [
    ['400 with its code', refuse('previous_response_not_found', 'previous_response_id')],
    ['400 with its parameter', refuse('invalid_value', 'previous_response_id')],
    ['404', { status: 404, body: { error: { message: 'Not found.' } } }],
    ['404 in plain text', { status: 404, body: 'not found' }],
    ['501', { status: 501, body: { error: { message: 'No store.' } } }],
  ]
  it.each(answers)(
    '(%s) is answered with the whole history, once and for the rest of the run',
    async (_name, refusal) => {
      const { tools, ran } = traces()
      const upstream = await serve({
        answers: ({ body }) => {
          if (body.previous_response_id) return refusal as never
          const turns = (body.input as unknown as { type: string }[]).filter(
            ({ type }) => type === 'function_call',
          ).length
          return turns === 0 ? asks : turns === 1 ? calls(call('look', { city: 'Oslo' }, 'c2')) : 'ok'
        },
      })
      const { result } = await outcomeOf(
        agent({ model: modelOf(upstream), tools, state: 'server' }).run('Go'),
      )
      expect(result.text).toBe('ok')
      expect(ran).toEqual(['book Oslo', 'look Oslo'])
      expect(
        upstream.requests.map(({ body }) => [body.previous_response_id !== undefined, body.input?.length]),
      ).toEqual([
        [false, 1],
        [true, 1],
        [false, 3],
        [false, 5],
      ])
      expect(result.warnings).toMatchObject([{ code: 'server_state_lost' }])
    },
  )

  it('is no reason to send all again when something else was refused', async () => {
    const { tools } = traces()
    const { error, upstream } = await runOn([asks, refuse('invalid_value', 'tools[0]')], {
      tools,
      state: 'server',
    })
    expect(error?.code).toBe('bad_request')
    expect(upstream.requests).toHaveLength(2)
  })
})

describe('pitfall 32: strict that is left out', () => {
  it('is said for every tool, false where the schema cannot be strict', async () => {
    const strict = tool({
      name: 'strict',
      inputSchema: z.object({ a: z.string(), b: z.number().optional() }),
      execute: () => 1,
    })
    const loose = tool({ name: 'loose', inputSchema: z.object({ a: z.string() }).loose(), execute: () => 1 })
    const none = tool({ name: 'none', execute: () => 1 })
    const { upstream } = await runOn(['ok'], { tools: [strict, loose, none] })
    const sent = upstream.requests[0]?.body.tools as unknown as {
      name: string
      strict: boolean
      parameters: Record<string, unknown>
    }[]
    expect(sent.map(({ name, strict }) => [name, strict])).toEqual([
      ['strict', true],
      ['loose', false],
      ['none', true],
    ])
    expect(sent[0]?.parameters).toMatchObject({ required: ['a', 'b'], additionalProperties: false })
  })

  it('gives the tool no null for what was left out', async () => {
    const seen: unknown[] = []
    const strict = tool({
      name: 'strict',
      inputSchema: z.object({ a: z.string(), b: z.number().optional() }),
      execute: (input) => void seen.push(input),
    })
    await runOn([calls(call('strict', { a: 'x', b: null }), call('strict', { a: 'x' })), 'ok'], {
      tools: [strict],
    })
    expect(seen).toEqual([{ a: 'x' }, { a: 'x' }])
  })
})

describe('pitfall 34: parameters that a model does not take', () => {
  it('are not sent unless they were set', async () => {
    const { tools } = traces()
    const { upstream } = await runOn(['ok'], { tools, instructions: 'Be brief.' })
    expect(Object.keys(upstream.requests[0]!.body).sort()).toEqual([
      'input',
      'instructions',
      'model',
      'stream',
      'tools',
    ])
  })

  it.each(['unsupported_parameter', 'unsupported_value'])(
    '(%s) are left out when that is allowed, and an error when not',
    async (code) => {
      const { tools, ran } = traces()
      const answers: UpstreamAnswer = ({ body }) =>
        (body.temperature !== undefined
          ? refuse(code, 'temperature')
          : body.input?.length === 1
            ? calls(call('book', { city: 'Oslo' }))
            : 'ok') as never
      const go = (options: ResponsesOptions) =>
        runOn(answers, { tools, settings: { temperature: 0.2 } }, { model: options })
      const allowed = await go({ dropUnsupported: true })
      expect(allowed.result.text).toBe('ok')
      expect(ran).toEqual(['book Oslo'])
      const refused = await go({})
      expect(refused.error).toMatchObject({ code: 'bad_request', retryable: false })
      expect(refused.error?.message).toContain('temperature')
      expect(refused.upstream.requests).toHaveLength(1)
    },
  )
})

describe('pitfall 35: items that a server does not take', () => {
  it('carry what strict servers ask for: a type each, and id and status as they came', async () => {
    const { tools } = traces()
    const { upstream } = await runOn(
      [{ reasoning: 'Hm.', text: 'I look.', calls: [call('look', { city: 'Oslo' })] }, 'ok'],
      { tools },
    )
    const sent = upstream.requests[1]!.body.input as unknown as Record<string, unknown>[]
    expect(sent.every(({ type }) => typeof type === 'string')).toBe(true)
    expect(sent.find(({ type }) => type === 'function_call')).toMatchObject({
      id: 'fc_1',
      status: 'completed',
    })
    expect(sent[2]).toMatchObject({ type: 'message', role: 'assistant', id: 'msg_1', status: 'completed' })
  })

  it('are told by the error, and what was reached is kept', async () => {
    const { tools, ran } = traces()
    const refusal = refuse('invalid_union', 'input[1]')
    const { error, result } = await runOn([calls(call('book', { city: 'Oslo' })), refusal], { tools })
    expect(error).toMatchObject({ code: 'bad_request', retryable: false })
    expect(error?.message).toContain('input[1]')
    expect(error?.cause).toMatchObject({ param: 'input[1]', status: 400 })
    expect(ran).toEqual(['book Oslo'])
    expect(outputsOf(result.history)).toEqual(['booked Oslo'])
  })
})

describe('pitfall 36: a text format that is ignored', () => {
  const output = z.object({ celsius: z.number() })
  const ask = async (answers: UpstreamAnswer[]) => {
    const upstream = await serve({ answers })
    const outcome = await outcomeOf(agent({ model: modelOf(upstream), output }).run('How warm?'))
    return { ...outcome, upstream }
  }

  it('shows when the answer is checked, and is mended by asking once more', async () => {
    const { result, upstream } = await ask(['It is 21 degrees.', '{"celsius":21}'])
    expect(result.output).toEqual({ celsius: 21 })
    expect(result.warnings).toMatchObject([{ code: 'output_repaired' }])
    expect(upstream.requests[0]?.body.text).toMatchObject({ format: { type: 'json_schema', strict: true } })
    expect(upstream.requests).toHaveLength(2)
  })

  it('is an error with the text when it is ignored again', async () => {
    const { error, upstream } = await ask(['It is 21 degrees.', 'As I said: 21.', '{"celsius":21}'])
    expect(error?.code).toBe('output_invalid')
    expect(error?.cause).toMatchObject({ text: 'As I said: 21.' })
    expect(upstream.requests).toHaveLength(2)
  })

  it('is forgiven for a fence around the JSON', async () => {
    const { result, upstream } = await ask(['```json\n{"celsius":21}\n```'])
    expect(result.output).toEqual({ celsius: 21 })
    expect(upstream.requests).toHaveLength(1)
  })
})
