// An agent as a tool of another. Both share one queue and one purse; the inner events show up in the outer run.
import assert from 'node:assert/strict'
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

const model = defaultModel()

const stock = tool({
  name: 'check_stock',
  description: 'How many pieces of an article are in stock',
  inputSchema: z.object({ article: z.string().describe('Name of the article, such as "lamp"') }),
  effect: 'read',
  execute: ({ article }) => ({ article, pieces: 12 }),
})

// #region sub-agent
const warehouse = agent({
  name: 'warehouse',
  description: 'Answers questions about the stock of articles',
  model,
  tools: [stock],
})

const desk = agent({
  name: 'desk',
  model,
  instructions: 'Ask the warehouse about stock.',
  tools: [warehouse.asTool()],
  limits: { toolCalls: 5 }, // the warehouse's calls count, too
})
// #endregion sub-agent

const run = desk.run('Ask the warehouse for the stock of the article "lamp".')
// #region inner-events
const inner: string[] = []
run.on('agent.event', ({ agent: name, event }) => {
  if (event.type === 'tool.ended') inner.push(`${name}: ${event.name} ${event.outcome}`)
})
// #endregion inner-events
const { text, toolCalls, usage } = await run.result()
console.log(inner.join('\n'))
console.log(text, `(${usage.requests} model calls)`)

assert.deepEqual(inner, ['warehouse: check_stock ok'])
assert.equal(toolCalls, 2) // the sub-agent's own call and the one that ran it
assert.match(text, /12/)
