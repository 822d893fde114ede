// A typed answer: the schema goes out with the request, the answer is checked, and repaired once if it does not fit.
import assert from 'node:assert/strict'
import { agent, defaultModel, tool } from 'antiphon'
import { z } from 'zod'

// #region tool
const findOrder = tool({
  name: 'find_order',
  description: 'An order by its number',
  inputSchema: z.object({ number: z.number().int() }),
  effect: 'read',
  execute: ({ number }) => ({ number, customer: 'Ada Lovelace', total: 129.5, currency: 'EUR' }),
})
// #endregion tool

// #region output
const clerk = agent({
  model: defaultModel(),
  instructions: 'Look the order up, then answer.',
  tools: [findOrder],
  output: z.object({
    customer: z.string(),
    total: z.number(),
    currency: z.enum(['EUR', 'USD']),
    note: z.string().optional(), // optional here, nullable on the wire, absent again in the result
  }),
})

const { output } = await clerk.run('Who placed order 4711, and for how much?').result()
// #endregion output
console.log(output)

// `output` is typed: { customer: string; total: number; currency: 'EUR' | 'USD'; note?: string }
assert.equal(output.customer, 'Ada Lovelace')
assert.equal(output.total.toFixed(2), '129.50')
assert.equal(output.currency, 'EUR')
