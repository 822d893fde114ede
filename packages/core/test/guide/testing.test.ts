// The code of docs/guide/testing.md.
import { agent, responses, tool } from 'antiphon'
import { blockNetwork, call, calls, fakeUpstream, scripted, testModel, text } from 'antiphon/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

const weather = tool({
  name: 'get_weather',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: 21 }),
})

// #region scripted
it('asks for the weather and tells it', async () => {
  const model = scripted([calls(call('get_weather', { city: 'Paris' })), text('21 degrees.')])
  const { text: said, toolCalls } = await agent({ model, tools: [weather] })
    .run('Weather in Paris?')
    .result()
  expect(said).toBe('21 degrees.')
  expect(toolCalls).toBe(1)
  expect(model.requests[1]?.input).toHaveLength(3) // the question, the call, its output
})
// #endregion scripted

// #region test-model
it('survives every one of its tools', async () => {
  const { items } = await agent({ model: testModel(), tools: [weather] })
    .run('Go')
    .result()
  expect(items.filter((item) => item.type === 'function_call_output')).toHaveLength(1)
})
// #endregion test-model

// #region upstream
it('lives through a cut connection and a busy server', async () => {
  await using upstream = await fakeUpstream({
    answers: [{ text: 'Never arrives.', status: 503, headers: { 'retry-after-ms': '1' } }, 'Here I am.'],
    apiKey: 'key',
  })
  const model = responses('any', { baseURL: upstream.url, apiKey: 'key' })
  const { text: said } = await agent({ model }).run('Are you there?').result()
  expect(said).toBe('Here I am.')
  expect(upstream.requests).toHaveLength(2)
})
// #endregion upstream

it('needs no network', async () => {
  // #region block
  using _network = blockNetwork()
  await expect(fetch('https://example.com')).rejects.toMatchObject({ cause: { code: 'network_blocked' } })
  // #endregion block
})
