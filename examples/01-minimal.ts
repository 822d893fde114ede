// An agent with one tool. Without a key it runs on the embedded rule-based model.
import assert from 'node:assert/strict'
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read', // only reads the world: it may start while the answer still streams
  execute: ({ city }) => ({ city, celsius: city === 'Tokyo' ? 26 : 19 }),
})

const assistant = agent({
  model: defaultModel(), // responses('gpt-5.4') with COMETAPI_KEY or OPENAI_API_KEY set, else offline()
  instructions: 'Answer briefly.',
  tools: [weather],
})

const { text, toolCalls } = await assistant.run('What is the weather in Paris and Tokyo?').result()
console.log(text)

assert.equal(toolCalls, 2)
assert.match(text, /19[\s\S]*26/)
