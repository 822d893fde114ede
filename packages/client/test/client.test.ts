import { inspect } from 'node:util'
import {
  createClient,
  isAntiphonError,
  outputText,
  type ResponseEvent,
  type ResponseRequest,
} from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { recordingServer, sendEvents, sendJson } from './recording-server.ts'
import { sampleEvents, sampleResponse } from './sample-response.ts'

const failureOf = async (promise: Promise<unknown>): Promise<Error & { code?: string }> =>
  promise.then(
    () => expect.unreachable('expected a rejection'),
    (error: Error) => error,
  )

describe('which endpoint and which key', () => {
  it('sends the key, organization, project and headers that were given', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const client = createClient({
      baseURL: server.baseURL,
      apiKey: 'test-key-1',
      organization: 'org-1',
      project: 'proj-1',
      headers: { 'X-Team': 'blue' },
    })
    await client.responses.create({ model: 'm', input: 'hi' }, { headers: { 'X-Call': '7' } })
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer test-key-1',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'x-team': 'blue',
      'x-call': '7',
    })
  })

  it('sends no key of the environment to another host', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const env = { COMETAPI_KEY: 'comet-key', OPENAI_API_KEY: 'openai-key' }
    await createClient({ baseURL: server.baseURL, env }).responses.create({ model: 'm', input: 'hi' })
    expect(server.requests[0]?.headers.authorization).toBeUndefined()
  })

  it('finds endpoint and key in the environment', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const env = { COMETAPI_KEY: 'comet-key', COMETAPI_BASE_URL: server.baseURL }
    await createClient({ env }).responses.create({ model: 'm', input: 'hi' })
    expect(server.requests[0]?.headers.authorization).toBe('Bearer comet-key')
  })

  it('fails at the first use, not before, when nothing is set', async () => {
    const client = createClient({ env: {} })
    const error = await failureOf(client.responses.create({ model: 'm', input: 'hi' }))
    expect(error.code).toBe('missing_api_key')
    expect(error.message).toContain('COMETAPI_KEY')
    expect((await failureOf(client.conversations.retrieve('conv_1'))).code).toBe('missing_api_key')
    expect((await failureOf(client.responses.push({ model: 'm' }, () => undefined))).code).toBe(
      'missing_api_key',
    )
    expect(() => client.responses.stream({ model: 'm' })).toThrow(/COMETAPI_KEY/)
  })

  it('shows no key when it, or an error of it, is inspected', async () => {
    const server = await recordingServer((request, response) =>
      sendJson(
        response,
        { error: { message: `Bad key ${request.headers.authorization}`, code: 'invalid_api_key' } },
        401,
      ),
    )
    const client = createClient({
      baseURL: server.baseURL,
      apiKey: 'very-secret-key-1',
      env: { COMETAPI_KEY: 'very-secret-key-2' },
    })
    const error = await failureOf(client.responses.create({ model: 'm', input: 'hi' }))
    const stream = client.responses.stream({ model: 'm', input: 'hi' })
    await failureOf(stream.response())
    for (const shown of [client, client.responses, error, stream]) {
      expect(inspect(shown, { depth: 12, showHidden: true })).not.toContain('very-secret')
    }
    expect(JSON.stringify(client)).not.toContain('very-secret')
  })
})

describe('responses.create', () => {
  it('posts what was set and nothing else', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const client = createClient({ baseURL: server.baseURL })
    const response = await client.responses.create({
      model: 'm',
      input: 'hi',
      temperature: undefined,
      user: undefined,
      metadata: null,
    })
    expect(response).toEqual(sampleResponse())
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/responses', query: {} })
    expect(server.requests[0]?.text).toBe('{"model":"m","input":"hi","metadata":null}')
  })

  it('passes parameters and fields of no contract untouched', async () => {
    const answer = { ...sampleResponse(), content_filters: [{ blocked: false }], frequency_penalty: 0 }
    const server = await recordingServer((_, response) => sendJson(response, answer))
    const params = { model: 'm', input: 'hi', top_k: 5, 'acme:mode': { deep: [1] } }
    expect(await createClient({ baseURL: server.baseURL }).responses.create(params)).toEqual(answer)
    expect(server.requests[0]?.body).toEqual(params)
  })

  it('checks before it sends', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const client = createClient({ baseURL: server.baseURL })
    const params = { model: 'm', input: 'hi', temperature: 3 }
    expect(await failureOf(client.responses.create(params))).toMatchObject({
      code: 'invalid_parameter',
      param: 'temperature',
    })
    expect(await failureOf(client.responses.push(params, () => undefined))).toMatchObject({
      code: 'invalid_parameter',
    })
    expect(() => client.responses.stream(params)).toThrow(/temperature/)
    expect(await failureOf(client.responses.create({ stream_options: {} }))).toMatchObject({
      param: 'stream_options',
    })
    expect(server.requests).toHaveLength(0)
  })

  it('takes stream_options when streaming', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents()))
    const client = createClient({ baseURL: server.baseURL })
    await client.responses.stream({ model: 'm', stream_options: { include_obfuscation: false } }).response()
    expect(server.requests[0]?.body).toEqual({
      model: 'm',
      stream_options: { include_obfuscation: false },
      stream: true,
    })
  })

  it('folds the events of a server that streams without being asked', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents(['a', 'b'])))
    const response = await createClient({ baseURL: server.baseURL }).responses.create({
      model: 'm',
      input: 'hi',
    })
    expect(outputText(response)).toBe('ab')
    expect(server.requests[0]?.body).toEqual({ model: 'm', input: 'hi' })
  })

  it('folds the events when stream: true is passed past the types', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents(['a', 'b'])))
    const params: ResponseRequest = { model: 'm', input: 'hi', stream: true }
    // @ts-expect-error a streamed answer is asked for with stream()
    const response = await createClient({ baseURL: server.baseURL }).responses.create(params)
    expect(outputText(response)).toBe('ab')
  })

  it.each(['failed', 'incomplete', 'cancelled'])('resolves with a %s response', async (status) => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse({ status })))
    expect((await createClient({ baseURL: server.baseURL }).responses.create({ model: 'm' })).status).toBe(
      status,
    )
  })

  it('rejects with the endpoint’s refusal, once', async () => {
    const server = await recordingServer((_, response) =>
      sendJson(
        response,
        {
          error: {
            message: 'Unknown parameter',
            type: 'invalid_request_error',
            param: 'foo',
            code: 'unknown_parameter',
          },
        },
        400,
      ),
    )
    const error = await failureOf(createClient({ baseURL: server.baseURL }).responses.create({ model: 'm' }))
    expect(error).toMatchObject({
      code: 'bad_request',
      status: 400,
      param: 'foo',
      apiCode: 'unknown_parameter',
    })
    expect(server.requests).toHaveLength(1)
  })
})

describe('dropUnsupported', () => {
  const refusal = (param: string, code = 'unsupported_parameter') => ({
    error: { message: 'no', type: 'invalid_request_error', param, code },
  })
  const params = {
    model: 'm',
    input: 'hi',
    temperature: 0.5,
    reasoning: { effort: 'low', summary: 'auto' },
    max_output_tokens: 100,
  } as const

  const refusing = (param: string, code?: string) =>
    recordingServer((request, response) => {
      const [name, child] = param.split('.') as [string, string?]
      const value = (request.body as Record<string, unknown>)[name]
      const sent = child === undefined ? value : (value as Record<string, unknown> | undefined)?.[child]
      if (sent !== undefined) sendJson(response, refusal(param, code), 400)
      else if ((request.body as { stream?: boolean }).stream) sendEvents(response, sampleEvents())
      else sendJson(response, sampleResponse())
    })

  it('is off unless asked for', async () => {
    const server = await refusing('temperature')
    const error = await failureOf(createClient({ baseURL: server.baseURL }).responses.create(params))
    expect(error).toMatchObject({ apiCode: 'unsupported_parameter' })
    expect(server.requests).toHaveLength(1)
  })

  it('sends once more without the parameter that was refused', async () => {
    const server = await refusing('temperature')
    const client = createClient({ baseURL: server.baseURL, dropUnsupported: true })
    expect((await client.responses.create(params)).status).toBe('completed')
    const { temperature: _, ...rest } = params
    expect(server.requests.map((request) => request.body)).toEqual([params, rest])
  })

  it('drops a nested one alone, and works per call and for streams', async () => {
    const server = await refusing('reasoning.summary', 'unsupported_value')
    const client = createClient({ baseURL: server.baseURL })
    await client.responses.stream(params, { dropUnsupported: true }).response()
    expect(server.requests[1]?.body).toEqual({ ...params, reasoning: { effort: 'low' }, stream: true })
    await client.responses.push(params, () => undefined, {
      dropUnsupported: true,
      body: Buffer.from(JSON.stringify({ ...params, stream: true })),
    })
    expect(server.requests[3]?.body).toEqual({ ...params, reasoning: { effort: 'low' }, stream: true })
  })

  it('never drops what the caller relies on, and never twice', async () => {
    const strict = await refusing('max_output_tokens')
    await failureOf(createClient({ baseURL: strict.baseURL, dropUnsupported: true }).responses.create(params))
    expect(strict.requests).toHaveLength(1)
    const never = await recordingServer((_, response) => sendJson(response, refusal('temperature'), 400))
    await failureOf(createClient({ baseURL: never.baseURL, dropUnsupported: true }).responses.create(params))
    expect(never.requests).toHaveLength(2)
  })
})

describe('responses.push', () => {
  it('pushes every event in order, unknown ones included, and ends at the terminal one', async () => {
    const script = [...sampleEvents()]
    script.splice(
      2,
      0,
      { type: 'keepalive', sequence_number: 2 } as ResponseEvent,
      { type: 'acme:note', x: 1 } as ResponseEvent,
    )
    const server = await recordingServer((_, response) =>
      sendEvents(response, [...script, { type: 'acme:late' }, { type: 'error', message: 'late' }]),
    )
    const seen: ResponseEvent[] = []
    await createClient({ baseURL: server.baseURL }).responses.push({ model: 'm', input: 'hi' }, (event) =>
      seen.push(event),
    )
    expect(seen.map((event) => ({ ...event }))).toMatchObject(script)
    expect(seen).toHaveLength(script.length)
    expect(server.requests[0]?.body).toEqual({ model: 'm', input: 'hi', stream: true })
  })

  it('sends given bytes as they are', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents()))
    const body = Buffer.from('{"stream":true, "model" : "m"}')
    await createClient({ baseURL: server.baseURL }).responses.push({ model: 'other' }, () => undefined, {
      body,
    })
    expect(server.requests[0]?.text).toBe('{"stream":true, "model" : "m"}')
    expect(server.requests[0]?.headers['content-type']).toBe('application/json')
  })

  it.each(['completed', 'incomplete', 'failed'])('turns a %s JSON answer into events', async (status) => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse({ status })))
    const types: string[] = []
    const client = createClient({ baseURL: server.baseURL })
    await client.responses.push({ model: 'm', stream: false }, (event) => types.push(event.type))
    expect(types[0]).toBe('response.created')
    expect(types).toContain('response.output_item.done')
    expect(types.at(-1)).toBe(`response.${status}`)
    expect(server.requests[0]?.body).toEqual({ model: 'm', stream: false })
  })

  it('takes a JSON answer although it asked for a stream', async () => {
    const server = await recordingServer((_, response) => sendJson(response, sampleResponse()))
    const types: string[] = []
    await createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, (event) =>
      types.push(event.type),
    )
    expect(types.at(-1)).toBe('response.completed')
  })

  it('rejects a stream without a terminal event', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents().slice(0, -1)))
    const error = await failureOf(
      createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, () => undefined),
    )
    expect(error).toMatchObject({ code: 'stream_truncated', retryable: true })
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['flat', { type: 'error', code: 'server_error', message: 'overloaded', param: null }, true],
    [
      'nested',
      { type: 'error', error: { type: 'invalid_request_error', code: 'invalid_prompt', message: 'no' } },
      false,
    ],
  ])('rejects with a %s error event when nothing follows', async (_, event, retryable) => {
    const server = await recordingServer((__, response) =>
      sendEvents(response, [...sampleEvents().slice(0, 3), event]),
    )
    const seen: string[] = []
    const push = createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, ({ type }) =>
      seen.push(type),
    )
    const error = await failureOf(push)
    expect(isAntiphonError(error) && error.retryable).toBe(retryable)
    expect(error).toMatchObject({ apiCode: retryable ? 'server_error' : 'invalid_prompt' })
    expect(seen.at(-1)).toBe('error')
    expect(server.requests).toHaveLength(1)
  })

  it('resolves when response.failed follows the error event', async () => {
    const failed = {
      type: 'response.failed',
      response: sampleResponse({ status: 'failed', output: [] }),
      sequence_number: 4,
    }
    const script = [
      ...sampleEvents().slice(0, 3),
      { type: 'error', code: 'server_error', message: 'x' },
      failed,
    ]
    const server = await recordingServer((_, response) => sendEvents(response, script))
    const seen: string[] = []
    await createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, ({ type }) =>
      seen.push(type),
    )
    expect(seen.at(-1)).toBe('response.failed')
  })

  it('resolves at the terminal event of a server that keeps the stream open', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents(), true))
    await createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, () => undefined)
    await server.requests[0]?.aborted
    expect(server.requests).toHaveLength(1)
  })

  it('rejects with what the sink threw', async () => {
    const server = await recordingServer((_, response) => sendEvents(response, sampleEvents(), true))
    const boom = new Error('boom')
    const push = createClient({ baseURL: server.baseURL }).responses.push({ model: 'm' }, () => {
      throw boom
    })
    expect(await failureOf(push)).toBe(boom)
    await server.requests[0]?.aborted
  })

  it('stops by the function it hands over, and by a signal', async () => {
    const server = await recordingServer((_, response) =>
      sendEvents(response, sampleEvents().slice(0, 3), true),
    )
    const client = createClient({ baseURL: server.baseURL })
    const reason = new Error('enough')
    let cancel: (reason: Error) => void = () => expect.unreachable('no cancel function')
    const cancelled = client.responses.push({ model: 'm' }, () => cancel(reason), {
      onAbort: (stop) => {
        cancel = stop
      },
    })
    expect(await failureOf(cancelled)).toMatchObject({ code: 'aborted', cause: reason })
    const controller = new AbortController()
    const aborted = client.responses.push({ model: 'm' }, () => controller.abort(reason), {
      signal: controller.signal,
    })
    expect(await failureOf(aborted)).toMatchObject({ code: 'aborted', cause: reason })
    await Promise.all(server.requests.map((request) => request.aborted))
    expect(server.requests).toHaveLength(2)
  })
})
