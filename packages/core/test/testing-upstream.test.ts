import type { OutputItem, ResponseEvent } from '@antiphon/client'
import {
  call,
  calls,
  checkLifecycle,
  type FakeUpstreamOptions,
  fakeUpstream,
  messageItem,
  type WireEvent,
} from 'antiphon/testing'
import { afterEach, describe, expect, it } from 'vitest'

const open: { close(): Promise<void> }[] = []

const start = async (options?: FakeUpstreamOptions) => {
  const upstream = await fakeUpstream({ maxOpenMs: 10_000, ...options })
  open.push(upstream)
  const send = async (path: string, body?: object, init: RequestInit = {}) =>
    fetch(`${upstream.url}${path}`, {
      method: body ? 'POST' : 'GET',
      body: body && JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    })
  return { upstream, send, ask: (body: object) => send('/responses', body) }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.close()))
})

/** Reads `data:` lines of the plain framing. */
const eventsOf = async (response: Response): Promise<WireEvent[]> =>
  (await response.text())
    .split('\n\n')
    .flatMap((block) => /^data: (.*)$/m.exec(block)?.[1] ?? [])
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data))

const json = async (response: Response) => (await response.json()) as Record<string, unknown>

describe('fakeUpstream: responses', () => {
  it('answers as JSON, echoing the request', async () => {
    const { ask, upstream } = await start({ answers: ['Hello', calls(call('f', { a: 1 }))] })
    const body = { model: 'gpt-5.4', input: 'Hi', metadata: { a: 'b' } }
    expect(await json(await ask(body))).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'gpt-5.4',
      metadata: { a: 'b' },
      output: [messageItem('Hello')],
    })
    expect(await json(await ask(body))).toMatchObject({ output: [{ type: 'function_call', name: 'f' }] })
    expect(upstream.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
  })

  it('streams a valid lifecycle', async () => {
    const { ask } = await start({ answers: [{ reasoning: 'Hm.', text: 'Hello you', calls: [call('f')] }] })
    const response = await ask({ input: 'Hi', stream: true })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const events = await eventsOf(response)
    expect(checkLifecycle(events as unknown as ResponseEvent[])).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' })
  })

  it('writes the type as event line, too, and ends without [DONE]', async () => {
    const { ask } = await start()
    const text = await (await ask({ input: 'Hi', stream: true })).text()
    expect(text).toMatch(/^event: response\.created\ndata: \{"type":"response\.created"/)
    expect(text).not.toContain('[DONE]')
  })

  it('records method, path, query, headers, body and raw text', async () => {
    const { upstream, send } = await start()
    await send('/responses?a=1', { input: 'Hi', tools: [] }, { headers: { authorization: 'Bearer k' } })
    const [request] = upstream.requests
    expect(request).toMatchObject({ method: 'POST', path: '/v1/responses', body: { input: 'Hi', tools: [] } })
    expect(request?.text).toBe('{"input":"Hi","tools":[]}')
    expect(request?.headers.authorization).toBe('Bearer k')
    expect(request?.query.get('a')).toBe('1')
    expect(request?.outcome).toBe('answered')
  })

  it('makes answers from the request', async () => {
    const { ask } = await start({ answers: (request, n) => `${n}: ${request.body.input}` })
    expect(JSON.stringify(await json(await ask({ input: 'x' })))).toContain('"0: x"')
    expect(JSON.stringify(await json(await ask({ input: 'y' })))).toContain('"1: y"')
  })

  it('passes given events on, streamed or as the response of the last one', async () => {
    const events = [
      { type: 'acme:first' },
      { type: 'response.completed', response: { id: 'resp_x', output: [] } },
    ] as unknown as ResponseEvent[]
    const { ask } = await start({ answers: [{ events }, { events }] })
    expect(await eventsOf(await ask({ stream: true }))).toEqual(events)
    expect(await json(await ask({}))).toEqual({ id: 'resp_x', output: [] })
  })

  it('sends events as an async source yields them', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const events = (async function* () {
      yield { type: 'acme:first' } as unknown as ResponseEvent
      await gate
      yield { type: 'acme:second' } as unknown as ResponseEvent
    })()
    const { ask } = await start({ answers: [{ events }] })
    const reader = (await ask({ stream: true })).body!.getReader()
    const first = Buffer.from((await reader.read()).value!).toString()
    expect(first).toContain('acme:first')
    expect(first).not.toContain('acme:second')
    release()
    expect(Buffer.from((await reader.read()).value!).toString()).toContain('acme:second')
  })

  it('answers 400 script_exhausted, not worth a retry, when its list is used up', async () => {
    const { ask } = await start({ answers: ['only'] })
    await ask({ input: 'Hi' })
    const response = await ask({ input: 'Hi' })
    expect(response.status).toBe(400)
    expect(await json(response)).toMatchObject({ error: { code: 'script_exhausted' } })
  })

  it('answers 400 with what a function of the test throws', async () => {
    const { ask } = await start({
      answers: () => {
        throw new Error('the test itself')
      },
    })
    const response = await ask({ input: 'Hi' })
    expect(response.status).toBe(400)
    expect(await json(response)).toMatchObject({ error: { message: 'the test itself' } })
  })

  it('demands its key', async () => {
    const { send } = await start({ apiKey: 'right' })
    const tried = (key: string) =>
      send('/responses', { input: '' }, { headers: { authorization: `Bearer ${key}` } })
    expect((await tried('wrong')).status).toBe(401)
    expect((await tried('right')).status).toBe(200)
  })
})

describe('fakeUpstream: stored responses', () => {
  it('retrieves, lists the input, deletes', async () => {
    const { ask, send } = await start()
    const input = ['a', 'b', 'c'].map((content) => ({ type: 'message', role: 'user', content }))
    const created = await json(await ask({ input }))
    const path = `/responses/${created.id}`
    expect(await json(await send(path))).toEqual(created)
    const page = await json(await send(`${path}/input_items?limit=2`))
    expect(page).toMatchObject({ object: 'list', has_more: true, data: [{ content: 'c' }, { content: 'b' }] })
    const rest = await json(await send(`${path}/input_items?limit=2&after=${page.last_id}`))
    expect(rest).toMatchObject({ has_more: false, data: [{ content: 'a' }] })
    expect(await json(await send(path, undefined, { method: 'DELETE' }))).toMatchObject({ deleted: true })
    expect((await send(path)).status).toBe(404)
  })

  it('does not store with store: false', async () => {
    const { ask, send } = await start()
    const created = await json(await ask({ input: 'Hi', store: false }))
    expect((await send(`/responses/${created.id}`)).status).toBe(404)
  })

  it('runs in the background: queued, in progress, completed', async () => {
    const { ask, send } = await start({ backgroundPolls: 2 })
    const created = await json(await ask({ input: 'Hi', background: true }))
    const statuses = [created.status]
    for (let n = 0; n < 3; n++) statuses.push((await json(await send(`/responses/${created.id}`))).status)
    expect(statuses).toEqual(['queued', 'in_progress', 'in_progress', 'completed'])
  })

  it('cancels what runs in the background, and leaves the finished alone', async () => {
    const { ask, send } = await start()
    const running = await json(await ask({ input: 'Hi', background: true }))
    expect(await json(await send(`/responses/${running.id}/cancel`, {}))).toMatchObject({
      status: 'cancelled',
    })
    expect(await json(await send(`/responses/${running.id}`))).toMatchObject({ status: 'cancelled' })
    const finished = await json(await ask({ input: 'Hi' }))
    expect(await json(await send(`/responses/${finished.id}/cancel`, {}))).toMatchObject({
      status: 'completed',
    })
  })

  it('resumes a stream after a sequence number', async () => {
    const { ask, send } = await start({ answers: [{ text: 'one two three', cutAfterEvents: 5 }] })
    const cut = await ask({ input: 'Hi', background: true, stream: true })
    await expect(cut.text()).rejects.toThrow()
    const whole = await eventsOf(await send('/responses/resp_1?stream=true'))
    expect(checkLifecycle(whole as unknown as ResponseEvent[])).toEqual([])
    const rest = await eventsOf(await send('/responses/resp_1?stream=true&starting_after=4'))
    expect(rest).toEqual(whole.slice(5))
  })

  it('knows which response it gave out, when told to check', async () => {
    const { ask } = await start({ checkState: true })
    const first = await json(await ask({ input: 'Hi' }))
    expect((await ask({ input: 'Hi', previous_response_id: first.id })).status).toBe(200)
    const unknown = await ask({ input: 'Hi', previous_response_id: 'resp_unknown' })
    expect(unknown.status).toBe(400)
    expect(await json(unknown)).toMatchObject({ error: { code: 'previous_response_not_found' } })
  })

  it('compacts and counts', async () => {
    const { send } = await start()
    const compacted = await json(await send('/responses/compact', { input: ['a'] }))
    expect(compacted).toMatchObject({ object: 'response.compaction', output: [{ type: 'compaction' }] })
    const counted = await json(await send('/responses/input_tokens', { input: 'Hello' }))
    expect(counted).toMatchObject({ object: 'response.input_tokens', input_tokens: 2 })
  })

  it('answers 404 to anything else', async () => {
    const { send } = await start()
    for (const path of ['/models', '/responses/resp_1/what', '/other'])
      expect((await send(path)).status).toBe(404)
  })
})

describe('fakeUpstream: chat completions', () => {
  const chat = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

  it('answers as JSON', async () => {
    const { send } = await start({
      answers: [{ reasoning: 'Hm.', text: 'Look', calls: [call('f', { a: 1 }, 'c1')] }, { refusal: 'No.' }],
    })
    const first = await json(await send('/chat/completions', chat))
    expect(first).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'Look',
            reasoning_content: 'Hm.',
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
          },
        },
      ],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    })
    const second = await json(await send('/chat/completions', chat))
    expect(second).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: null, refusal: 'No.' } }],
    })
  })

  it('streams chunks that add up, ends with [DONE], and counts when asked', async () => {
    const answers = {
      text: 'A longer answer.',
      calls: [call('f', { city: 'Paris' }, 'c1'), call('g', {}, 'c2')],
    }
    const { send } = await start({ answers })
    const body = { ...chat, stream: true, stream_options: { include_usage: true } }
    const raw = await (await send('/chat/completions', body)).text()
    expect(raw).not.toContain('event:')
    expect(raw.endsWith('data: [DONE]\n\n')).toBe(true)
    const chunks = await eventsOf(await send('/chat/completions', body))
    let content = ''
    const args: string[] = []
    for (const chunk of chunks as { choices: { delta: Record<string, unknown> }[] }[]) {
      const delta = chunk.choices[0]?.delta
      content += delta?.content ?? ''
      for (const each of (delta?.tool_calls ?? []) as { index: number; function: { arguments: string } }[]) {
        args[each.index] = (args[each.index] ?? '') + each.function.arguments
      }
    }
    expect(content).toBe('A longer answer.')
    expect(args).toEqual(['{"city":"Paris"}', '{}'])
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] })
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 120 } })
  })

  it('has the finish reasons length and content_filter, and errors', async () => {
    const { send } = await start({
      answers: [
        { text: 'a b', incomplete: 'max_output_tokens' },
        { text: 'a b', incomplete: 'content_filter' },
        { failed: { code: 'server_error', message: 'Boom' } },
      ],
    })
    const reason = async () =>
      ((await json(await send('/chat/completions', chat))).choices as { finish_reason: string }[])[0]
        ?.finish_reason
    expect([await reason(), await reason()]).toEqual(['length', 'content_filter'])
    const failed = await send('/chat/completions', chat)
    expect(failed.status).toBe(500)
    expect(await json(failed)).toMatchObject({ error: { message: 'Boom' } })
  })

  it('sends given chunks verbatim', async () => {
    const chunks = [{ id: 'x', choices: [] }, { odd: true }]
    const { send } = await start({ answers: [{ chunks, doneMarker: false }] })
    expect(await eventsOf(await send('/chat/completions', { ...chat, stream: true }))).toEqual(chunks)
  })
})

describe('fakeUpstream: its own life', () => {
  it('closes at once although an answer is open, and twice', async () => {
    const { upstream, ask } = await start({ answers: [{ never: true }] })
    const asked = ask({ input: 'Hi' }).catch((error: Error) => error.message)
    await upstream.waitForRequests(1)
    await Promise.all([upstream.close(), upstream.close()])
    expect(await asked).toBe('fetch failed')
  })

  it('closes at the end of its scope', async () => {
    let url = ''
    {
      await using upstream = await fakeUpstream()
      url = upstream.url
      expect((await fetch(`${url}/responses/none`)).status).toBe(404)
    }
    await expect(fetch(`${url}/responses/none`)).rejects.toThrow('fetch failed')
  })

  it('notes that the client left', async () => {
    const { upstream, send } = await start({ answers: [{ text: 'Hi', stallAfterEvents: 1 }] })
    const leaving = new AbortController()
    const response = await send('/responses', { stream: true }, { signal: leaving.signal })
    leaving.abort()
    await expect(response.text()).rejects.toThrow()
    await expect.poll(() => upstream.requests[0]?.outcome).toBe('aborted')
  })

  it('ends by itself what stays open too long', async () => {
    const { upstream, ask } = await start({ answers: [{ never: true }], maxOpenMs: 20 })
    await expect(ask({ input: 'Hi' })).rejects.toThrow('fetch failed')
    expect(upstream.requests[0]?.outcome).toBe('cut')
  })

  it('counts connections', async () => {
    const { upstream, ask } = await start({ faults: { never: true } })
    expect(await upstream.connections()).toBe(0)
    const asked = ask({ input: 'Hi' }).catch((error: Error) => error.message)
    await upstream.waitForRequests(1)
    expect(await upstream.connections()).toBe(1)
    await upstream.close()
    expect(await asked).toBe('fetch failed')
  })

  it('gives up waiting for requests', async () => {
    const { upstream } = await start()
    await expect(upstream.waitForRequests(1, 10)).rejects.toMatchObject({ code: 'collect_limit' })
  })

  it('keeps items of unknown types', async () => {
    const item = { type: 'acme:thing', id: 'x', payload: [1] } as unknown as OutputItem
    const { ask } = await start({ answers: [{ items: [item] }] })
    expect(await json(await ask({ input: '' }))).toMatchObject({ output: [item] })
  })
})
