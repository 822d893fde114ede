import { DEFAULT_MODEL, defaultModel } from 'antiphon'
import { fakeUpstream } from 'antiphon/testing'
import { expect, it } from 'vitest'

it.each<[string, Record<string, string>, string]>([
  ['nothing', {}, 'offline'],
  ['an empty key', { COMETAPI_KEY: '', OPENAI_API_KEY: ' ' }, 'offline'],
  ['a key', { COMETAPI_KEY: 'k' }, DEFAULT_MODEL],
  ['the other key', { OPENAI_API_KEY: 'k' }, DEFAULT_MODEL],
  ['a server that needs no key', { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }, DEFAULT_MODEL],
  ['a key and a name', { COMETAPI_KEY: 'k', ANTIPHON_MODEL: 'named' }, 'named'],
  ['a name without an endpoint', { ANTIPHON_MODEL: 'named' }, 'offline'],
])('the environment has %s', (_what, env, expected) => {
  expect(defaultModel(undefined, env).modelName).toBe(expected)
})

it('asks the endpoint that the environment names', async () => {
  await using server = await fakeUpstream({ answers: 'Hello.' })
  const model = defaultModel('some-model', { OPENAI_BASE_URL: server.url })
  await model({ input: 'Hi' }, () => undefined, {
    onAbort: () => undefined,
    signal: new AbortController().signal,
  })
  expect(server.requests[0]?.body.model).toBe('some-model')
})
