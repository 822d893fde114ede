import { createServer } from 'node:https'
import {
  AntiphonError,
  ApiError,
  ConnectionError,
  createSender,
  fetchTransport,
  isAntiphonError,
} from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { readErrorBody } from '../src/errors/error-body.ts'
import { closedPort, failure, json, serve, serveBytes } from './loopback.ts'

const post = { method: 'POST', path: '/responses', body: {} }
const plain = (text: string): string => text

describe('an answer outside 2xx', () => {
  it.each([
    [301, 'redirect'],
    [400, 'bad_request'],
    [401, 'authentication'],
    [402, 'quota_exceeded'],
    [403, 'permission'],
    [404, 'not_found'],
    [405, 'method_not_allowed'],
    [408, 'request_timeout'],
    [409, 'conflict'],
    [413, 'payload_too_large'],
    [415, 'unsupported_media_type'],
    [418, 'bad_request'],
    [422, 'unprocessable'],
    [429, 'rate_limited'],
    [500, 'server_error'],
    [501, 'not_implemented'],
    [529, 'server_error'],
  ])('%d is %s', async (status, code) => {
    const server = await serve((response) => json(response, status, { error: { message: 'because' } }))
    const error = await failure(createSender({ baseURL: server.origin, retries: 0 }).json(post))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toBeInstanceOf(AntiphonError)
    expect(isAntiphonError(error)).toBe(true)
    expect(error).toMatchObject({ name: 'ApiError', code, status })
    expect(error.message).toContain(
      `POST /responses to 127.0.0.1:${server.port} was answered with ${status}: because`,
    )
  })

  it('carries the facts of the server', async () => {
    const body = {
      error: {
        message: 'Too long.',
        type: 'invalid_request_error',
        param: 'input',
        code: 'context_length_exceeded',
      },
    }
    const server = await serve((response) => json(response, 400, body, { 'x-request-id': 'req_7' }))
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({
      requestId: 'req_7',
      type: 'invalid_request_error',
      param: 'input',
      apiCode: 'context_length_exceeded',
      body,
      retryAfterMs: undefined,
    })
    expect(error.message).toMatch(/\(context_length_exceeded\): Too long\. .*req_7/)
  })

  it('tells how long to wait, also when that is too long to obey', async () => {
    const server = await serve((response) => json(response, 429, {}, { 'retry-after': '3600' }))
    const error = await failure(createSender({ baseURL: server.origin, retries: 0 }).json(post))
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_600_000, retryable: true })
  })

  it.each(['insufficient_quota', 'insufficient_user_quota', 'billing_hard_limit_reached'])(
    '%s means that the quota is used up, whatever the status',
    async (code) => {
      const server = await serve((response) => json(response, 403, { error: { message: 'x', code } }))
      expect(await failure(createSender({ baseURL: server.origin }).json(post))).toMatchObject({
        code: 'quota_exceeded',
      })
    },
  )

  it.each([
    ['undici', undefined],
    ['fetch', fetchTransport()],
  ])('a redirect names its goal without its query (%s)', async (_name, transport) => {
    const server = await serve((response) => {
      response.writeHead(308, { location: 'https://elsewhere.test/v1/responses?token=abc' })
      response.end()
    })
    const error = await failure(createSender({ baseURL: server.origin, transport }).json(post))
    expect(error).toMatchObject({ code: 'redirect', status: 308 })
    expect(error.message).toContain('https://elsewhere.test/v1/responses. Redirects are not followed')
    expect(error.message).not.toContain('token')
  })

  it('has a huge body, of which only the beginning is read', async () => {
    const server = await serveBytes((socket) => {
      socket.write(`HTTP/1.1 400 Bad Request\r\ncontent-length: ${2 ** 40}\r\n\r\n`)
      const more = (): void => {
        if (!socket.destroyed) socket.write('x'.repeat(16_384), more)
      }
      more()
    })
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({ code: 'bad_request', status: 400, body: 'x'.repeat(2_000) })
    expect(error.message.length).toBeLessThan(1_000)
    await server.closed(1)
  })

  it('has a body that is cut', async () => {
    const server = await serveBytes((socket) => {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\nNo such model')
    })
    const error = await failure(createSender({ baseURL: server.origin }).json(post))
    expect(error).toMatchObject({ code: 'not_found', body: 'No such model' })
  })
})

describe('the body of an error', () => {
  it.each<[string, string, object]>([
    [
      'OpenAI',
      '{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
      { message: 'm', type: 't', param: 'p', apiCode: 'c' },
    ],
    ['nulls', '{"error":{"message":"m","type":"t","param":null,"code":null}}', { message: 'm', type: 't' }],
    ['a code that is a number', '{"error":{"message":"m","code":1301}}', { message: 'm', apiCode: '1301' }],
    [
      'nested twice',
      '{"error":{"error":{"message":"m","code":"c"},"type":"outer"}}',
      { message: 'm', apiCode: 'c', type: 'outer' },
    ],
    ['text under error', '{"error":"model not found"}', { message: 'model not found' }],
    [
      'quoted JSON',
      '{"error":{"message":"{\\"error\\":{\\"message\\":\\"deep\\",\\"code\\":\\"c\\"}}","type":"upstream_error"}}',
      { message: 'deep', apiCode: 'c', type: 'upstream_error' },
    ],
    ['flat', '{"message":"m","code":"c","type":"t"}', { message: 'm', apiCode: 'c', type: 't' }],
    ['FastAPI text', '{"detail":"Not Found"}', { message: 'Not Found' }],
    [
      'FastAPI list',
      '{"detail":[{"loc":["body","tools",0,"name"],"msg":"Field required","type":"missing"},{"loc":["body"],"msg":"bad"}]}',
      { message: 'tools.0.name: Field required; bad', param: 'tools.0.name' },
    ],
    ['an object under detail', '{"detail":{"message":"m"}}', { message: 'm' }],
    ['problem+json', '{"title":"Bad","detail":"why","status":"400"}', { message: 'why' }],
    ['a list of errors', '{"errors":[{"message":"m","code":"c"}]}', { message: 'm', apiCode: 'c' }],
    [
      'Google',
      '[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]',
      { message: 'm', apiCode: '400', type: 'INVALID_ARGUMENT' },
    ],
    [
      'HTML',
      '<html>\n<head><title>502 Bad\n Gateway</title></head><body>long</body>',
      { message: '502 Bad Gateway', body: '502 Bad Gateway' },
    ],
    [
      'HTML without a title',
      '<!DOCTYPE html><style>p{}</style><h1>Oops &amp; <b>sorry</b></h1>',
      { message: 'Oops & sorry' },
    ],
    [
      'text',
      'upstream connect error\nreset reason: overflow',
      { message: 'upstream connect error reset reason: overflow' },
    ],
    ['control characters', '{"message":"a\\u001b[31mb\\u0000c"}', { message: 'a [31mb c' }],
    ['broken JSON', '{"error":{"message":"hal', { message: '{"error":{"message":"hal' }],
  ])('%s', (_name, body, facts) => {
    expect(readErrorBody(body, null, plain)).toMatchObject(facts)
  })

  it.each([
    '',
    '  \n',
    '[]',
    '{}',
    'null',
    '{"error":{}}',
    '{"error":null}',
    '[[[[[[[[[[]]]]]]]]]]',
    '{"message":{"a":1}}',
  ])('%j says nothing, and that is no failure', (body) => {
    const { message } = readErrorBody(body, null, plain)
    expect(message === undefined || message === 'null').toBe(true)
  })

  it('nested without end is read to some depth', () => {
    const deep = `${'{"error":'.repeat(5_000)}1${'}'.repeat(5_000)}`
    expect(() => readErrorBody(deep, null, plain)).not.toThrow()
  })

  it('has no length limit that would hurt', () => {
    const { message } = readErrorBody(JSON.stringify({ message: 'm'.repeat(60_000) }), null, plain)
    expect(message?.length).toBeLessThan(1_000)
  })
})

describe('an error inside a stream', () => {
  const sender = createSender({ baseURL: 'http://127.0.0.1:1', apiKey: 'sk-abcdef123456' })

  it.each<[object, string, boolean]>([
    [
      { type: 'error', code: 'server_error', message: 'm', param: null, sequence_number: 3 },
      'server_error',
      true,
    ],
    [{ type: 'error', error: { type: 'too_many_requests', message: 'm' } }, 'rate_limited', true],
    [{ type: 'error', error: { code: 'rate_limit_exceeded', message: 'm' } }, 'rate_limited', true],
    [{ type: 'error', error: { type: 'overloaded_error', message: 'm' } }, 'server_error', true],
    [{ type: 'error', error: { code: 'insufficient_quota', message: 'm' } }, 'quota_exceeded', false],
    [{ type: 'error', error: { code: 'invalid_prompt', message: 'm' } }, 'bad_request', false],
    [
      { type: 'error', error: { type: 'invalid_request_error', code: 'model_not_found', message: 'm' } },
      'not_found',
      false,
    ],
    [{ type: 'error', error: { code: '503', message: 'm' } }, 'server_error', true],
    [{ code: 'server_error', message: 'm' }, 'server_error', true],
    [{ type: 'error', message: 'm' }, 'bad_request', false],
  ])('%j is %s', (event, code, retryable) => {
    const error = sender.errorOf(event)
    expect(error).toMatchObject({ code, retryable, status: undefined })
    expect(error.message).toContain(': m')
  })
})

describe('a connection that fails', () => {
  it.each([
    ['undici', undefined],
    ['fetch', fetchTransport()],
  ])('names the host and the port, and what to check (%s)', async (_name, transport) => {
    const port = await closedPort()
    const sender = createSender({ baseURL: `http://127.0.0.1:${port}/v1`, transport, retries: 0 })
    const error = await failure(sender.json(post))
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({
      code: 'connection_failed',
      host: '127.0.0.1',
      port,
      reason: 'refused',
      retryable: true,
    })
    expect(error.message).toContain(`127.0.0.1:${port} failed (ECONNREFUSED). Nothing listens there`)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('because the name does not exist', async () => {
    const sender = createSender({ baseURL: 'http://no-such-host.invalid', retries: 0 })
    const error = await failure(sender.json(post))
    expect(error).toMatchObject({
      code: 'connection_failed',
      host: 'no-such-host.invalid',
      port: 80,
      reason: 'dns',
    })
  })

  it('because TLS was spoken to a plain port', async () => {
    const plainHttp = await serve((response) => json(response, 200, {}))
    const error = await failure(createSender({ baseURL: `https://127.0.0.1:${plainHttp.port}` }).json(post))
    expect(error).toMatchObject({ code: 'connection_failed', reason: 'tls', retryable: false })
    expect(error.message).toMatch(/scheme \(http or https\)/)
  })

  it('because plain HTTP was spoken to a TLS port', async () => {
    const server = createServer({})
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    try {
      const sender = createSender({ baseURL: `http://127.0.0.1:${port}`, retries: 0 })
      expect(await failure(sender.json(post))).toMatchObject({ code: 'connection_failed', port })
    } finally {
      server.close()
    }
  })
})
