// The same agent against any /v1/responses server: here one that nobody of this project wrote (@copilotkit/aimock).
import assert from 'node:assert/strict'
import { LLMock } from '@copilotkit/aimock'
import { agent, chatCompletions, responses, tool } from 'antiphon'
import { z } from 'zod'

const server = new LLMock({ port: 0 })
await server.start()
server.on(
  { userMessage: 'weather', hasToolResult: false },
  { toolCalls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }] },
)
server.on({ hasToolResult: true }, { content: 'It is 19 degrees in Paris.' })

const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: 19 }),
})

// #region endpoints
const endpoint = { baseURL: `${server.url}/v1`, apiKey: 'any' }
const models = [
  responses('some-model', endpoint), // POST /v1/responses
  chatCompletions({ ...endpoint, model: 'some-model' }), // POST /v1/chat/completions: Ollama, llama.cpp, vLLM, …
]
// #endregion endpoints

try {
  for (const model of models) {
    const { text, toolCalls, stop } = await agent({ model, tools: [weather] })
      .run('How is the weather in Paris?')
      .result()
    console.log(text)
    assert.equal(text, 'It is 19 degrees in Paris.')
    assert.equal(toolCalls, 1)
    assert.equal(stop.reason, 'done')
  }
} finally {
  await server.stop()
}
