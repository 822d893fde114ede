// Everything a run tells while it goes: text as it is written, calls with their waiting and running times.
import assert from 'node:assert/strict'
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

// #region progress
const population = tool({
  name: 'get_population',
  description: 'Number of people living in a city',
  inputSchema: z.object({ city: z.string() }),
  effect: 'read',
  async *execute({ city }, context) {
    yield `looking up ${city}` // progress, for listeners only
    context.signal.throwIfAborted()
    return { city, population: city === 'Oslo' ? 717_710 : 1_656_000 }
  },
})
// #endregion progress

const assistant = agent({ model: defaultModel(), tools: [population] })
const run = assistant.run('What is the population of Oslo and of Hamburg?')

// #region consumers
// Any number of consumers: a listener by name …
const progress: unknown[] = []
run.on('tool.progress', (event) => progress.push(event.progress))

// … and iterators over everything. Wire events (response.*) come through unchanged.
let streamed = ''
for await (const event of run) {
  if (event.type === 'response.output_text.delta') {
    streamed += event.delta
    process.stdout.write(event.delta)
  }
  if (event.type === 'tool.ended')
    console.log(
      `${event.name}: waited ${event.queuedMs.toFixed(1)} ms, ran ${event.durationMs.toFixed(1)} ms`,
    )
}
// #endregion consumers

const result = await run.result()
console.log(`\n${result.usage.totalTokens} tokens in ${result.turns} turns, stopped: ${result.stop.reason}`)

assert.equal(progress.length, 2)
assert.ok(streamed.includes(result.text))
assert.equal(result.stop.reason, 'done')
