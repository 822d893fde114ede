// The official SDK of OpenAI, as it is, against a server of our own. Only the base URL is another one.
import assert from 'node:assert/strict'
import { serve } from '@antiphon/server'
import { offline } from 'antiphon'
import OpenAI from 'openai'

// #region client
const server = serve(offline(), { store: 'memory', keys: { acme: 'sk-acme-123' } })
const { url } = await server.listen(0)
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-acme-123' })
const model = server.models[0] ?? ''
// #endregion client

// #region stream
let text = ''
const stream = await openai.responses.create({ model, input: 'Hello, I am Ada.', stream: true })
let id = ''
for await (const event of stream) {
  if (event.type === 'response.created') id = event.response.id
  if (event.type === 'response.output_text.delta') text += event.delta
}
// #endregion stream
const hello = await openai.responses.retrieve(id)
assert.equal(hello.output_text, text)

// #region go-on
const next = await openai.responses.create({
  model,
  input: 'And goodbye.',
  previous_response_id: hello.id, // the server has the rest of the history
})
const conversation = await openai.conversations.create({ metadata: { topic: 'weather' } })
await openai.responses.create({ model, input: 'Hello.', conversation: conversation.id })
const { data: items } = await openai.conversations.items.list(conversation.id, { order: 'asc' })
// #endregion go-on
assert.equal((await openai.responses.retrieve(next.id)).previous_response_id, hello.id)
assert.deepEqual(
  items.map(({ type }) => type),
  ['message', 'message'],
)

// #region function
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const weather = { type: 'function', name: 'get_weather', parameters: city, strict: false } as const
const tools = [{ ...weather, description: 'Current weather in a city' }]
const asks = await openai.responses.create({ model, tools, input: 'What is the weather in Oslo?' })
const outputs = asks.output.flatMap((item) =>
  item.type === 'function_call'
    ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: '{"celsius":16}' }]
    : [],
)
const told = await openai.responses.create({ model, tools, previous_response_id: asks.id, input: outputs })
// #endregion function
assert.equal(outputs.length, 1)
assert.match(told.output_text, /16/)
console.log(told.output_text)

await assert.rejects(openai.responses.retrieve('resp_of_somebody_else'), OpenAI.NotFoundError)
await server.close()
