// A person decides before money moves. The run stops with JSON state; any process can resume it, days later.
import assert from 'node:assert/strict'
import { agent, approve, defaultModel, type RunState, reject, tool } from 'antiphon'
import { z } from 'zod'

const paid: number[] = []
// #region gate
const pay = tool({
  name: 'send_payment',
  description: 'Send a payment of an amount to a person',
  inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
  needsApproval: ({ amount }) => amount > 100,
  execute: ({ recipient, amount }) => {
    paid.push(amount)
    return `Paid ${amount} to ${recipient}.`
  },
})
// #endregion gate

const cashier = agent({ model: defaultModel(), tools: [pay] })

// #region stop
const first = await cashier.run('Send a payment of 250 to Grace.').result()
assert.equal(first.stop.reason, 'approval')
assert.deepEqual(paid, [])
const stored = JSON.stringify(first.state) // a file, a database, a queue …
// #endregion stop

// #region resume
// Later, elsewhere: look at what waits, and decide. A decision is bound to the call and to the hash of its arguments.
const state = JSON.parse(stored) as RunState
const [waiting] = first.stop.pending
assert.ok(waiting)
console.log(`${waiting.name} wants ${waiting.arguments}`)

const done = await cashier
  .resume(state, [approve(waiting, { arguments: { recipient: 'Grace', amount: 200 } })])
  .result()
// #endregion resume
console.log(done.text)
assert.deepEqual(paid, [200]) // with the edited amount
assert.equal(done.stop.reason, 'done')

// The same state, decided the other way: the model reads the reason.
const refused = await cashier.resume(state, [reject(waiting, 'over budget')]).result()
console.log(refused.text)
assert.deepEqual(paid, [200])
assert.ok(
  refused.items.some(
    (item) => item.type === 'function_call_output' && String(item.output).includes('over budget'),
  ),
)
