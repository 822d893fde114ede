// Budgets are exact: the call over the limit is not executed, and the user still gets an answer.
import assert from 'node:assert/strict'
import { agent, defaultModel, LimitError, RunError, tool } from 'antiphon'
import { z } from 'zod'

let executed = 0
const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => {
    executed++
    return { city, celsius: 20 }
  },
})

const model = defaultModel()
const question = 'What is the weather in Paris, Tokyo, Lima and Cairo?'

// #region limits
const thrifty = agent({ model, tools: [weather], limits: { toolCalls: 2 } })
const run = thrifty.run(question)
run.on('tool.ended', ({ callId, outcome }) => console.log(callId, outcome))
const result = await run.result()
console.log(result.text)
// #endregion limits

assert.equal(executed, 2)
assert.deepEqual(result.stop, { reason: 'limit', limit: 'toolCalls', used: 2, max: 2 })
assert.ok(result.text.length > 0, 'a last turn without tools gives an answer')
// Every call has exactly one output, the refused ones too: the history can go on.
const count = (type: string) => result.items.filter((item) => item.type === type).length
assert.equal(count('function_call'), count('function_call_output'))

// #region throw
// The same limit as an exception, for callers that prefer one. Nothing is lost: the error carries the result so far.
const strict = agent({ model, tools: [weather], limits: { tools: { get_weather: 1 } }, onLimit: 'throw' })
await assert.rejects(strict.run(question).result(), (error) => {
  assert.ok(error instanceof RunError && error.cause instanceof LimitError)
  assert.equal(error.code, 'limit_reached')
  return error.result.items.length > 0
})
// #endregion throw
