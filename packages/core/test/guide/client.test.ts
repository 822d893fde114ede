// The code of packages/client/README.md.
import { createClient, isAntiphonError, outputText } from '@antiphon/client'
import { fakeUpstream } from 'antiphon/testing'
import { expect, it, onTestFinished, vi } from 'vitest'

/** An endpoint on loopback that the environment names, as a user's would. */
const upstream = async (options: Parameters<typeof fakeUpstream>[0] = {}) => {
  const server = await fakeUpstream({ answers: () => 'Hello.', ...options })
  vi.stubEnv('COMETAPI_KEY', 'a-key-of-a-test')
  vi.stubEnv('COMETAPI_BASE_URL', server.url)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    return server.close()
  })
  return server
}

it('creates a response', async () => {
  const { requests } = await upstream()
  // #region create
  const client = createClient() // COMETAPI_KEY, else OPENAI_API_KEY; or { baseURL, apiKey }

  const response = await client.responses.create({ model: 'gpt-5.4', input: 'Say hello.' })
  const said = outputText(response) // response is the wire object, verbatim; look at response.status, too
  // #endregion create
  expect(said).toBe('Hello.')
  expect(requests[0]?.headers.authorization).toBe('Bearer a-key-of-a-test')
})

it('streams a response', async () => {
  await upstream()
  const client = createClient()
  let written = ''
  // #region stream
  const stream = client.responses.stream({ model: 'gpt-5.4', input: 'Say hello.' })
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') written += event.delta
  }
  const { usage } = await stream.response()
  // #endregion stream
  expect(written).toBe('Hello.')
  expect(usage?.total_tokens).toBeGreaterThan(0)
})

it('pushes events', async () => {
  await upstream()
  const client = createClient()
  // #region push
  const types = new Set<string>()
  await client.responses.push({ model: 'gpt-5.4', input: 'Say hello.' }, (event) => types.add(event.type))
  // #endregion push
  expect(types.has('response.completed')).toBe(true)
})

it('waits for a background response', async () => {
  await upstream()
  const client = createClient()
  // #region background
  const begun = await client.responses.create({ model: 'gpt-5.4', input: 'A long task.', background: true })
  const done = await client.responses.poll(begun.id, { intervalMs: 50, timeoutMs: 60_000 })
  // #endregion background
  expect(begun.status).toBe('queued')
  expect(done.status).toBe('completed')
})

it('resumes a stream', async () => {
  await upstream()
  const client = createClient()
  const begun = client.responses.stream({ model: 'gpt-5.4', input: 'A long task.', background: true })
  await begun.response()
  const { id = '', lastSequenceNumber = 0 } = begun
  const seen = lastSequenceNumber - 2
  const rest: string[] = []
  // #region resume
  // Another process, later: `id` and the number of the last event seen are all it needs.
  for await (const event of client.responses.resume(id, { startingAfter: seen })) rest.push(event.type)
  // #endregion resume
  expect(rest).toHaveLength(2)
  expect(rest.at(-1)).toBe('response.completed')
})

it('keeps a conversation', async () => {
  const conversation = { id: 'conv_1', object: 'conversation', created_at: 1, metadata: {} }
  const page = { object: 'list', data: [{ type: 'message', id: 'msg_1', role: 'user' }], has_more: false }
  const { requests } = await upstream({
    faults: ({ method, path }) =>
      path.startsWith('/v1/conversations') ? { body: method === 'GET' ? page : conversation } : undefined,
  })
  const client = createClient()
  const items: unknown[] = []
  // #region conversations
  const { id } = await client.conversations.create({ metadata: { topic: 'greetings' } })
  await client.responses.create({ model: 'gpt-5.4', input: 'Say hello.', conversation: id })
  // A page is one page; iterating it reads all that follow.
  for await (const item of await client.conversations.items.list(id, { order: 'asc' })) items.push(item)
  // #endregion conversations
  expect(items).toHaveLength(1)
  expect(requests[1]?.body.conversation).toBe('conv_1')
})

it('fails with a code', async () => {
  await upstream({
    faults: { status: 429, headers: { 'retry-after-ms': '1' }, body: { error: { message: 'Slow down.' } } },
  })
  const client = createClient({ retries: 1 })
  const failures: unknown[] = []
  // #region errors
  try {
    await client.responses.create({ model: 'gpt-5.4', input: 'Say hello.' })
  } catch (error) {
    if (!isAntiphonError(error)) throw error
    failures.push(error.code, error.retryable, error.message) // rate_limited, true, what happened and what to do
  }
  // #endregion errors
  expect(failures.slice(0, 2)).toEqual(['rate_limited', true])
  expect(String(failures[2])).toContain('Slow down.')
  expect(String(failures[2])).not.toContain('a-key-of-a-test')
})
