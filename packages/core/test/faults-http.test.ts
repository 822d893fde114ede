import { agent } from 'antiphon'
import { call, calls, type UpstreamAnswer, type UpstreamFaults } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { modelOf, outcomeOf, outputsOf, runOn, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const asks = calls(call('look', { city: 'Oslo' }, 'c1'), call('book', { city: 'Oslo' }, 'c2'))
const limited = { error: { message: 'Slow down.', type: 'requests', code: 'rate_limit_exceeded' } }
const html = '<!doctype html><html><head><title>Oops</title></head><body><h1>Internal</h1></body></html>'

/** A run of two turns; `fault` meets the first requests of the second one. */
const secondTurn = async (fault: UpstreamFaults, times: number, retries = 2) => {
  const { tools, ran } = traces()
  let failed = 0
  const upstream = await serve({
    answers: ({ body }) => (body.input?.length === 1 ? asks : failed++ < times ? (fault as never) : 'Done.'),
  })
  const model = modelOf(upstream, { retries })
  const outcome = await outcomeOf(agent({ model, tools }).run('Go'))
  // Whatever became of the second request, the tools ran once.
  expect(ran).toEqual(['look Oslo', 'book Oslo'])
  return { ...outcome, upstream }
}

describe('429', () => {
  const told: [string, Record<string, string>][] = [
    ['retry-after-ms', { 'retry-after-ms': '20' }],
    ['retry-after: 0', { 'retry-after': '0' }],
    ['a date that has passed', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['no retry-after', {}],
    ['a retry-after that says nothing', { 'retry-after': 'soon' }],
  ]
  it.each(told)('(%s) is waited out, and no tool runs again', async (_name, headers) => {
    const { result, error, upstream } = await secondTurn({ status: 429, headers, body: limited }, 1)
    expect(error).toBeUndefined()
    expect(result.text).toBe('Done.')
    expect(upstream.requests).toHaveLength(3)
    expect(upstream.requests[2]?.text).toBe(upstream.requests[1]?.text)
  })

  it('for ever ends the run with its code, retryable, and all that was reached', async () => {
    const fault = { status: 429, headers: { 'retry-after-ms': '5' }, body: limited }
    const { result, error, upstream } = await secondTurn(fault, 99)
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true })
    expect(error?.message).toContain('Slow down.')
    expect(upstream.requests).toHaveLength(4)
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
    expect(result.turns).toBe(1)
  })

  it('for a quota that is used up is final', async () => {
    const body = { error: { message: 'No credit.', code: 'insufficient_quota' } }
    const { error, upstream } = await secondTurn({ status: 429, body }, 99)
    expect(error).toMatchObject({ code: 'quota_exceeded', retryable: false })
    expect(upstream.requests).toHaveLength(2)
  })
})

describe('an answer that is none', () => {
  const answers: [string, UpstreamFaults, object, RegExp][] = [
    [
      '500 HTML',
      { status: 500, headers: { 'content-type': 'text/html' }, body: html },
      { code: 'server_error', retryable: true },
      /500.*Oops/,
    ],
    [
      '502 plain text',
      { status: 502, body: 'upstream connect error' },
      { code: 'server_error', retryable: true },
      /502.*upstream connect error/,
    ],
    ['503 without a body', { status: 503, body: '' }, { code: 'server_error', retryable: true }, /503/],
    [
      '400',
      { status: 400, body: { error: { message: 'Bad tool.', param: 'tools[0]', code: 'invalid_value' } } },
      { code: 'bad_request', retryable: false },
      /Bad tool/,
    ],
    [
      '401',
      { status: 401, body: { error: { message: 'Wrong key.' } } },
      { code: 'authentication', retryable: false },
      /Wrong key/,
    ],
    [
      '413 plain text',
      { status: 413, body: 'too large' },
      { code: 'payload_too_large', retryable: false },
      /too large/,
    ],
    ['200 HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: html }, {}, /./],
    ['200 plain text', { status: 200, body: 'hello' }, {}, /./],
    [
      '200 with an error object',
      { status: 200, body: { error: { message: 'Hidden.', code: 'server_error' } } },
      { code: 'server_error', retryable: true },
      /Hidden/,
    ],
    ['200 with a JSON list', { status: 200, body: [] }, {}, /./],
    [
      '200 with JSON of another kind',
      { status: 200, body: { choices: [] } },
      { code: 'invalid_answer' },
      /baseURL/,
    ],
    ['200 with nothing', { status: 200, body: '' }, {}, /./],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://elsewhere.invalid/v1' }, body: '' },
      { code: 'redirect' },
      /elsewhere/,
    ],
  ]
  it.each(answers)(
    '(%s) ends the run with a typed error; what was reached is kept',
    async (_name, fault, shape, words) => {
      const { result, error } = await secondTurn(fault, 99, 0)
      expect(error).toMatchObject(shape)
      expect(error?.message).toMatch(words)
      expect(result.stop).toMatchObject({ reason: 'error', code: error?.code })
      expect(outputsOf(result.history)).toEqual(['saw Oslo', 'booked Oslo'])
      expect(JSON.stringify([error, error?.message, error?.cause])).not.toContain('Bearer')
    },
  )

  it.each(answers.filter(([, , shape]) => 'retryable' in shape && shape.retryable))(
    '(%s) that passes is made again, and no tool runs twice',
    async (_name, fault) => {
      const { result, upstream } = await secondTurn(
        { ...fault, headers: { ...fault.headers, 'retry-after-ms': '5' } },
        1,
      )
      expect(result.text).toBe('Done.')
      expect(upstream.requests).toHaveLength(3)
    },
  )

  it('(a connection that is reset) is made again; for ever, it is an error', async () => {
    const { result } = await secondTurn({ resetConnection: true }, 1, 1)
    expect(result.text).toBe('Done.')
    const { error } = await secondTurn({ resetConnection: true }, 99, 0)
    expect(error?.retryable).toBe(true)
    expect(typeof error?.code).toBe('string')
  })

  it('(nobody there) is a typed error', async () => {
    const upstream = await serve({ answers: 'ok' })
    await upstream.close()
    const { error, result } = await outcomeOf(agent({ model: modelOf(upstream) }).run('Go'))
    expect(error).toMatchObject({ name: 'RunError', retryable: true })
    expect(result.history).toHaveLength(1)
  })

  it.each([
    ['no headers', { never: true }],
    ['no first event', { firstEventDelayMs: 60_000 }],
    ['silence after two events', { stallAfterEvents: 2 }],
  ] as [string, UpstreamFaults][])('(%s) runs into the timeout of the model', async (_name, fault) => {
    const answer = { text: 'one two three', ...fault } as UpstreamAnswer
    const { error } = await runOn([answer], {}, { model: { timeouts: { firstEventMs: 150, idleMs: 150 } } })
    expect(error?.code).toMatch(/timeout/)
    expect(error?.retryable).toBe(true)
  })
})
