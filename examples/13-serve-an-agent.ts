// An agent behind /v1/responses: its tools run in the server, a person decides over the wire, a background response needs no reader.
import assert from 'node:assert/strict'
import { serve } from '@antiphon/server'
import { agent, offline, tool } from 'antiphon'
import { z } from 'zod'

// #region serve
const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius: city.length * 4 }),
})
const pay = tool({
  name: 'send_payment',
  description: 'Send a payment of an amount to a person',
  inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
  needsApproval: true,
  execute: ({ recipient, amount }) => `Paid ${amount} to ${recipient}.`,
})
const clerk = agent({ name: 'clerk', model: offline(), tools: [weather, pay] })
const server = serve(clerk, { store: 'memory' }) // or a SQLite file, or postgres://…
const { url } = await server.listen(0)
// #endregion serve

const responses = `${url}/v1/responses`
type Item = { id: string; type: string; name?: string; output?: string }
type Answer = { id: string; status: string; output: Item[] }
const read = async (answer: Promise<Response>): Promise<Answer> => (await answer).json() as Promise<Answer>
const post = (body: object): Promise<Response> => {
  const headers = { 'content-type': 'application/json' }
  return fetch(responses, { method: 'POST', headers, body: JSON.stringify({ model: 'clerk', ...body }) })
}
const ask = (body: object): Promise<Answer> => read(post(body))

const first = await ask({ input: 'What is the weather in Paris?' })
const [made] = first.output // what the agent has done by itself is there to be seen
assert.deepEqual([made?.type, made?.name], ['mcp_call', 'get_weather'])

// #region approval
const asked = await ask({ input: 'Send a payment of 250 to Grace.' })
const request = asked.output.find(({ type }) => type === 'mcp_approval_request')
const decision = { type: 'mcp_approval_response', approval_request_id: request?.id, approve: true }
const paid = await ask({ previous_response_id: asked.id, input: [decision] })
// #endregion approval
assert.equal(paid.output[0]?.output, 'Paid 250 to Grace.')

// #region background
const begun = await ask({ input: 'Weather in Oslo and Tokyo?', background: true })
const stream = await fetch(`${responses}/${begun.id}?stream=true&starting_after=0`)
const events = await stream.text() // until it ends; whoever is cut off comes back with the last number it has seen
const later = await read(fetch(`${responses}/${begun.id}`))
// #endregion background
assert.equal(begun.status, 'queued')
assert.match(events, /event: response\.output_text\.delta[\s\S]*event: response\.completed/)
assert.equal(later.status, 'completed')
console.log(made?.output, paid.output[0]?.output, `${later.id}: ${events.split('\n\n').length} frames`)
await server.close()
