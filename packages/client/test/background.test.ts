import { createClient, PollTimeoutError, type ResponseEvent } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { recordingServer, sendJson } from './recording-server.ts'
import { sampleResponse } from './sample-response.ts'

const queued = sampleResponse({ status: 'queued', output: [], background: true })
const working = sampleResponse({ status: 'in_progress', output: [], background: true })
const done = sampleResponse({ background: true })

/** Answers each look with the next state, and stays at the last. */
const stateServer = (states: readonly object[]) => {
  let looks = 0
  return recordingServer((request, response) => {
    const state = request.method === 'POST' ? queued : states[Math.min(looks++, states.length - 1)]
    sendJson(response, state)
  })
}

describe('a background response', () => {
  it('is created as queued and polled until it is done', async () => {
    const server = await stateServer([queued, working, working, done])
    const { responses } = createClient({ baseURL: server.baseURL })
    const created = await responses.create({ model: 'm', input: 'hi', background: true })
    expect(created.status).toBe('queued')
    const updates: unknown[] = []
    const options = {
      intervalMs: 1,
      onUpdate: (response: { status?: string }) => updates.push(response.status),
    }
    expect(await responses.poll(created.id, options)).toEqual(done)
    expect(updates).toEqual(['queued', 'in_progress', 'in_progress', 'completed'])
    expect(server.requests[0]?.body).toEqual({ model: 'm', input: 'hi', background: true })
    expect(server.requests.slice(1).map(({ method, path, query }) => [method, path, query])).toEqual(
      Array.from({ length: 4 }, () => ['GET', '/responses/resp_1', {}]),
    )
  })

  it.each(['completed', 'failed', 'incomplete', 'cancelled', 'acme_done', undefined])(
    'ends polling as %s',
    async (status) => {
      const server = await stateServer([working, { ...done, status }])
      const response = await createClient({ baseURL: server.baseURL }).responses.poll('resp_1', {
        intervalMs: 1,
      })
      expect(response.status).toBe(status)
      expect(server.requests).toHaveLength(2)
    },
  )

  it('asks for extra data with every look', async () => {
    const server = await stateServer([working, done])
    await createClient({ baseURL: server.baseURL }).responses.poll('resp_1', {
      intervalMs: 1,
      include: ['reasoning.encrypted_content'],
    })
    for (const { query } of server.requests)
      expect(query).toEqual({ 'include[]': ['reasoning.encrypted_content'] })
  })

  it('is given up after timeoutMs, with what it was last', async () => {
    const server = await stateServer([working])
    const poll = createClient({ baseURL: server.baseURL }).responses.poll('resp_1', {
      intervalMs: 5,
      timeoutMs: 500,
    })
    const error = await poll.then(
      () => expect.unreachable(),
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(PollTimeoutError)
    expect(error).toMatchObject({ code: 'poll_timeout', retryable: true, response: working })
    expect((error as Error).message).toContain('resp_1')
    expect(server.requests.length).toBeGreaterThan(1)
  })

  it('is looked at once more at the very end of timeoutMs', async () => {
    const server = await stateServer([working, done])
    const options = { intervalMs: 60_000, timeoutMs: 1_000 }
    expect((await createClient({ baseURL: server.baseURL }).responses.poll('resp_1', options)).status).toBe(
      'completed',
    )
  })

  it('is no longer polled after an abort: before, during and between looks', async () => {
    const reason = new Error('enough')
    const during = new AbortController()
    const between = new AbortController()
    const server = await recordingServer((request, response) => {
      if (request.path.endsWith('hangs')) during.abort(reason)
      else sendJson(response, working)
    })
    const { responses } = createClient({ baseURL: server.baseURL })
    const stopped = { code: 'aborted', cause: reason }
    const before = responses.poll('resp_1', { signal: AbortSignal.abort(reason) })
    await expect(before).rejects.toMatchObject(stopped)
    expect(server.requests).toHaveLength(0)
    await expect(responses.poll('resp_hangs', { signal: during.signal })).rejects.toMatchObject(stopped)
    const onUpdate = () => setTimeout(() => between.abort(reason), 5)
    const options = { intervalMs: 60_000, signal: between.signal, onUpdate }
    await expect(responses.poll('resp_1', options)).rejects.toMatchObject(stopped)
    expect(server.requests).toHaveLength(2)
  })

  it('ends polling with what onUpdate throws, and with a refusal', async () => {
    const server = await recordingServer((request, response) =>
      request.path.endsWith('gone')
        ? sendJson(response, { error: { message: 'gone' } }, 404)
        : sendJson(response, working),
    )
    const { responses } = createClient({ baseURL: server.baseURL })
    const boom = new Error('boom')
    const onUpdate = () => {
      throw boom
    }
    await expect(responses.poll('resp_1', { onUpdate })).rejects.toBe(boom)
    await expect(responses.poll('gone')).rejects.toMatchObject({ code: 'not_found' })
    await expect(responses.poll('resp_1', { intervalMs: Number.NaN })).rejects.toMatchObject({
      param: 'intervalMs',
    })
  })
})

describe('push of a background response that does not stream', () => {
  it('polls, then pushes the events it would have been', async () => {
    const server = await stateServer([working, done])
    const seen: ResponseEvent[] = []
    const params = { model: 'm', background: true, stream: false }
    await createClient({ baseURL: server.baseURL }).responses.push(params, (event) => seen.push(event))
    expect(seen[0]?.type).toBe('response.created')
    expect(seen.at(-1)).toMatchObject({ type: 'response.completed', response: done })
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
  })

  it('does so for an endpoint that queues by itself, and can be stopped at any moment meanwhile', async () => {
    for (const waitMs of [0, 1, 2, 5, 10, 20]) {
      const server = await stateServer([working])
      let cancel: (reason: Error) => void = () => expect.unreachable('no cancel function')
      let handedOver = 0
      const onAbort = (stop: (reason: Error) => void) => {
        cancel = stop
        handedOver++
      }
      const client = createClient({ baseURL: server.baseURL })
      const push = client.responses.push({ model: 'm' }, () => undefined, { onAbort })
      setTimeout(() => cancel(new Error('enough')), waitMs)
      await expect(push).rejects.toMatchObject({ code: 'aborted' })
      expect(handedOver).toBe(1)
    }
  })
})
