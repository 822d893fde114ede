import { inspect } from 'node:util'
import { createClient, createSender, fetchTransport } from '@antiphon/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createRedactor,
  isSensitiveHeader,
  redactCause,
  redactValue,
  secretsOfHeader,
} from '../src/errors/redact.ts'
import { closedPort, failure, frame, json, serve, serveBytes } from './loopback.ts'

const apiKey = 'sk-proj-S3cr3tS3cr3tS3cr3t'
const azureKey = '0123456789abcdef0123456789abcdef'
const basic = `Basic ${Buffer.from('user:hunter2-hunter2').toString('base64')}`
const secrets = [apiKey, azureKey, 'hunter2', basic.slice(6), 'tok-of-the-call']
const post = { method: 'POST', path: '/responses', body: {}, headers: { 'x-auth-token': 'tok-of-the-call' } }

/** Everything that a log, a debugger or a serialiser could show of a value. */
const everything = (value: unknown): string => {
  const deep = inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    getters: true,
  })
  const parts = [deep, JSON.stringify(value), String(value)]
  for (let error = value; error instanceof Error; error = error.cause)
    parts.push(error.message, error.stack ?? '')
  return parts.join('\n')
}

const expectNoSecret = (value: unknown): void => {
  const shown = everything(value)
  for (const secret of secrets) expect(shown).not.toContain(secret)
}

const senderOf = (baseURL: string, more: object = {}): ReturnType<typeof createSender> =>
  createSender({
    baseURL,
    apiKey,
    retries: 0,
    headers: { 'Api-Key': azureKey, 'proxy-authorization': basic },
    ...more,
  })

describe.each([
  ['undici', undefined],
  ['fetch', fetchTransport()],
])('no secret is shown (%s)', (_name, transport) => {
  const echo = `Incorrect API key provided: ${apiKey}. Headers: ${azureKey}, ${basic}, hunter2-hunter2, tok-of-the-call`

  it('by the sender', () => {
    expectNoSecret(senderOf('http://127.0.0.1:1', { transport }))
  })

  it.each<[string, string, string]>([
    [
      'JSON',
      'application/json',
      JSON.stringify({
        error: { message: echo, code: apiKey, type: apiKey, param: apiKey, [apiKey]: [echo] },
      }),
    ],
    [
      'escaped JSON',
      'application/json',
      JSON.stringify({ error: { message: echo } }).replaceAll('-', '\\u002d'),
    ],
    [
      'quoted JSON',
      'application/json',
      JSON.stringify({ error: { message: JSON.stringify({ message: echo }) } }),
    ],
    ['text', 'text/plain', echo],
    ['HTML', 'text/html', `<title>${echo}</title>`],
    ['text that is cut inside the key', 'text/plain', `${'x'.repeat(64 * 1024 - 10)}${apiKey}`],
    ['text that is cut inside the message', 'text/plain', `${'x'.repeat(590)}${apiKey}`],
    ['text that is cut inside the kept body', 'text/plain', `${'x'.repeat(1_990)}${apiKey}`],
  ])('by the error of a server that echoes them in %s', async (_shape, type, body) => {
    const server = await serve((response) => {
      response.writeHead(401, { 'content-type': type, 'x-request-id': apiKey, location: `/${apiKey}` })
      response.end(body)
    })
    const error = await failure(senderOf(server.origin, { transport }).json(post))
    expect(error).toMatchObject({ code: 'authentication' })
    expectNoSecret(error)
    expect(everything(error)).not.toContain('sk-proj-S3')
  })

  it('by an answer that is not JSON', async () => {
    const server = await serve((response) => response.end(echo))
    expectNoSecret(await failure(senderOf(server.origin, { transport }).json(post)))
  })

  it('by an event that cannot be read, or one that is an error', async () => {
    const server = await serve((response, _request, number) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        number === 1 ? `data: ${echo}\n\n` : frame({ type: 'error', code: 'server_error', message: echo }),
      )
    })
    const seen: unknown[] = []
    const sender = senderOf(server.origin, { transport })
    expectNoSecret(await failure(sender.events(post, () => undefined)))
    const retried = sender.events(
      { ...post, retries: 1, onRetry: ({ error }) => seen.push(error) },
      (event) => {
        throw sender.errorOf(event)
      },
    )
    const error = await failure(retried)
    for (const shown of [...seen, error]) {
      // The header of the one call is unknown to errorOf(), which belongs to the sender.
      expect(everything(shown)).not.toContain(apiKey)
    }
    expect(seen).toHaveLength(1)
    expectNoSecret(seen[0])
  })

  it('by a port that sends every byte back', async () => {
    const server = await serveBytes((socket, _number, head) => socket.end(head))
    const error = await failure(senderOf(server.origin, { transport }).json(post))
    expect(error).toMatchObject({ code: 'connection_failed' })
    expectNoSecret(error)
  })

  it('by a refused connection, a timeout, an abort', async () => {
    expectNoSecret(
      await failure(senderOf(`http://127.0.0.1:${await closedPort()}`, { transport }).json(post)),
    )
    const server = await serve(() => undefined)
    const sender = senderOf(server.origin, { transport })
    expectNoSecret(await failure(sender.json({ ...post, timeouts: { firstEventMs: 20 } })))
    expectNoSecret(await failure(sender.json({ ...post, signal: AbortSignal.timeout(20) })))
  })

  it('by the query of the base URL', async () => {
    const server = await serve((response) => json(response, 404, {}))
    const error = await failure(senderOf(`${server.origin}/v1?key=${azureKey}`, { transport }).json(post))
    expectNoSecret(error)
  })
})

it('the client shows no key', () => {
  expectNoSecret(createClient({ baseURL: 'http://127.0.0.1:1', apiKey }))
})

it('an answer that is no error is handed on as it is', async () => {
  const server = await serve((response) =>
    json(response, 200, { id: 'resp_1', text: `your key is ${apiKey}` }),
  )
  expect(await senderOf(server.origin).json(post)).toEqual({ id: 'resp_1', text: `your key is ${apiKey}` })
})

describe('the redactor', () => {
  it('finds every place of every secret in any text', () => {
    const secret = fc.string({ minLength: 4, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.array(fc.string()), (keys, parts) => {
        const text = parts.join(keys[0]) + keys.join(' ')
        const clean = createRedactor(keys)(text)
        for (const key of keys)
          if (!'[redacted]'.includes(key)) expect(clean.replaceAll('[redacted]', '')).not.toContain(key)
      }),
    )
  })

  it.each([
    ['a half masked key', 'Incorrect API key provided: sk-ab12****************yz90.', /: \[redacted\]/],
    ['a bearer token', 'got "Bearer abc.def-ghi" here', /got "\[redacted\]" here/],
  ])('knows the shape of %s', (_what, text, expected) => {
    expect(createRedactor([])(text)).toMatch(expected)
  })

  it.each(['The task-force asked: is this a risk-free disk-image?', 'a', '', 'model gpt-5.4 not found'])(
    'leaves %j alone',
    (text) => {
      expect(createRedactor(['x', 'abc'])(text)).toBe(text)
    },
  )

  it('reads the secret out of a header value', () => {
    expect(secretsOfHeader('Bearer abcdef')).toContain('abcdef')
    expect(secretsOfHeader(basic)).toEqual(
      expect.arrayContaining(['user:hunter2-hunter2', 'hunter2-hunter2']),
    )
    expect(secretsOfHeader('Basic not base64!')).toContain('not base64!')
    expect(
      ['authorization', 'x-goog-api-key', 'cookie', 'x-amz-security-token'].every(isSensitiveHeader),
    ).toBe(true)
    expect(['content-type', 'idempotency-key', 'user-agent'].some(isSensitiveHeader)).toBe(false)
  })

  it('copies a value without changing it, __proto__ and depth included', () => {
    const value = JSON.parse('{"__proto__":{"a":"secret!"},"list":["secret!",1,null,true]}')
    const before = JSON.stringify(value)
    const copy = redactValue(value, createRedactor(['secret!']))
    expect(JSON.stringify(copy)).toBe(before.replaceAll('secret!', '[redacted]'))
    expect(JSON.stringify(value)).toBe(before)
    let deep: unknown = 'secret!'
    for (let i = 0; i < 10_000; i++) deep = [deep]
    expect(inspect(redactValue(deep, createRedactor(['secret!'])), { depth: null })).not.toContain('secret!')
  })

  it('copies errors with their causes, and nothing else of them', () => {
    const cause = Object.assign(new Error('inner secret!'), { code: 'ECONNRESET', data: 'secret!' })
    const copy = redactCause(new AggregateError([cause], 'outer secret!'), createRedactor(['secret!']))
    expect(copy).toMatchObject({
      name: 'AggregateError',
      message: 'outer [redacted]',
      cause: { code: 'ECONNRESET' },
    })
    expect(inspect(copy, { showHidden: true, depth: null })).not.toContain('secret!')
    expect(redactCause('secret!', createRedactor(['secret!'])).message).toBe('[redacted]')
  })
})
