// A person decides while no process waits. By hand, each line a process of its own:
//   npx tsx examples/10-approval-from-another-process.ts ask       the run stops at the payment, and its process ends
//   npx tsx examples/10-approval-from-another-process.ts approve   (or reject) decides, and pays, which takes ten seconds
// `kill -9` the second while it pays, and start it again: it pays nothing twice, and tells the model that the outcome is unknown.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sqlite } from '@antiphon/store/sqlite'
import { agent, approve, offline, reject, tool } from 'antiphon'
import { z } from 'zod'

const [mode = 'show', folder = join(tmpdir(), 'antiphon-10')] = process.argv.slice(2)
const byHand = process.argv.length === 3
const say = (text: string): void => console.log(`process ${process.pid} ${text}`)
const store = sqlite(join(folder, 'runs.db'))
const pay = tool({
  name: 'send_payment',
  description: 'Send a payment of an amount to a person',
  inputSchema: z.object({ recipient: z.string(), amount: z.number() }),
  needsApproval: true,
  execute: async ({ recipient, amount }) => {
    say(`pays ${amount} to ${recipient}`)
    if (byHand) await wait(10_000)
    return `Paid ${amount} to ${recipient}.`
  },
})
const cashier = agent({ name: 'cashier', model: offline(), tools: [pay] })

if (mode === 'show') {
  const temporary = mkdtempSync(join(tmpdir(), 'antiphon-10-'))
  const program = [...process.execArgv, process.argv[1] ?? '']
  const shown = ['ask', 'approve', 'reject'].map((part) =>
    execFileSync(process.execPath, [...program, part, temporary], { encoding: 'utf8' }),
  )
  rmSync(temporary, { recursive: true })
  console.log(shown.join(''))
  assert.match(shown.join(''), /approval[\s\S]* pays 250[\s\S]* reads: Paid 250[\s\S]* reads: Paid 250/)
  assert.doesNotMatch(shown[2] ?? '', / pays /) // the third process came too late to reject it
} else if (mode === 'ask') {
  mkdirSync(folder, { recursive: true })
  const run = cashier.run('Send a payment of 250 to Grace.', { store, runId: 'payment-1' })
  say(`ends with ${(await run.result()).stop.reason}: no process has to wait`)
} else {
  // #region decide
  const { stop } = await cashier.resume('payment-1', [], { store }).result() // tells what waits
  const [call] = stop.reason === 'approval' ? stop.pending : []
  if (call !== undefined) {
    say(`decides: ${mode} ${call.arguments}`)
    await store.decide('payment-1', [mode === 'approve' ? approve(call) : reject(call, 'over budget')])
    await assert.rejects(store.decide('payment-1', [approve(call)]), { code: 'decision_used' }) // it counts once
  }
  const { text } = await cashier.resume('payment-1', [], { store }).result() // goes on, or tells how it ended
  // #endregion decide
  say(`reads: ${text}`)
  await store.close()
  if (byHand) rmSync(folder, { recursive: true })
}
