// The log of a model is a cassette: the run again without any model, another end to the same beginning, and where a changed agent differs.
import assert from 'node:assert/strict'
import { agent, defaultModel, fork, type Model, parseLog, record, replay, tool } from 'antiphon'
import { z } from 'zod'

let celsius = 21
const weather = tool({
  name: 'get_weather',
  description: 'Current weather in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  execute: ({ city }) => ({ city, celsius }),
})
const assistant = (model: Model) => agent({ model, tools: [weather], instructions: 'Answer briefly.' })
const question = 'What is the weather in Paris and Tokyo?'

// #region record
const recording = record(defaultModel(), { redact: { fields: ['password'] } })
const first = await assistant(recording).run(question).result()
const log = recording.toJSONL() // a file: a test fixture, an attachment to a bug report
// #endregion record
console.log(first.text)
assert.deepEqual(
  parseLog(log).records.map(({ key }) => key),
  ['run', 't0/model', 't1/model'],
)

// #region replay
const again = await assistant(replay(log)).run(question).result() // no model, no key, no network
assert.deepEqual(again.items, first.items)
// #endregion replay

// #region fork
const other: Model = defaultModel() // or a better one: the first turn is the recorded one, the rest is its own
const branch = await assistant(fork(log, { at: 1, model: other }))
  .run(question)
  .result()
// #endregion fork
assert.deepEqual(branch.items.slice(0, 4), first.items.slice(0, 4)) // two calls, two outputs
assert.equal(branch.stop.reason, 'done')

// #region differs
celsius = 30 // a tool that answers otherwise is another conversation: the replay says where
const failure = await assistant(replay(log))
  .run(question)
  .result()
  .catch((error: unknown) => error as Error & { code: string })
assert.ok(failure instanceof Error)
console.log(failure.message)
assert.equal(failure.code, 'replay_mismatch')
assert.match(failure.message, /t1\/model.*input\[3\]\.output/)
// #endregion differs
