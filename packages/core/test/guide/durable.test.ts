// The code of docs/guide/durable-runs.md. In memory: what it shows is the same with every store.
import { agent, approve, isAntiphonError, memoryRuns, memorySessions, type RunStore, tool } from 'antiphon'
import { call, calls, scripted, text } from 'antiphon/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'

const order = z.object({ article: z.string() })

it('the same id is the same run', async () => {
  const model = scripted([text('Done.')])
  const reporter = agent({ model })
  const store = memoryRuns()
  // #region same-id
  const first = await reporter.run('Write the report.', { store, runId: 'report-42' }).result()
  const again = await reporter.run('Write the report.', { store, runId: 'report-42' }).result() // no model call
  // #endregion same-id
  expect(again.text).toBe(first.text)
  expect(model.requests).toHaveLength(1)
})

/** A process that hangs in the middle of a call, and one that goes on with its run. */
const hangIn = async (
  idempotent: boolean,
): Promise<{ store: RunStore; keys: string[]; outputs: string[] }> => {
  const store = memoryRuns()
  const keys: string[] = []
  let begun = (): void => undefined
  const inside = new Promise<void>((resolve) => {
    begun = resolve
  })
  const shop = {
    place: async (_order: { article: string }, { key }: { key: string }): Promise<string> => {
      keys.push(key)
      begun()
      return keys.length === 1 ? new Promise(() => undefined) : 'ordered'
    },
  }
  // #region idempotent
  const placeOrder = tool({
    name: 'place_order',
    inputSchema: order,
    effect: 'write', // the default
    idempotent: true, // the shop remembers keys: the same order twice is one order
    execute: ({ article }, { idempotencyKey }) => shop.place({ article }, { key: idempotencyKey }),
  })
  // #endregion idempotent
  const used = idempotent ? placeOrder : { ...placeOrder, idempotent: false }
  const steps = [calls(call('place_order', { article: 'lamp' })), text('Ordered.')]
  const run = (from: number) => agent({ model: scripted(steps.slice(from)), tools: [used] })
  const cut = run(0).run('Order a lamp.', { store, runId: 'order-7' }).result().catch(String)
  await inside
  const { items } = await run(1).resume('order-7', [], { store, takeOver: true }).result()
  await cut
  const outputs = items.flatMap((item) => (item.type === 'function_call_output' ? String(item.output) : []))
  return { store, keys, outputs }
}

it('a call that changes the world and was cut off is not run again', async () => {
  const { keys, outputs } = await hangIn(false)
  expect(keys).toHaveLength(1)
  expect(outputs).toEqual([expect.stringMatching(/^Unknown outcome/)])
})

it('one that says it may be repeated is run again, with the same key', async () => {
  const { keys, outputs } = await hangIn(true)
  expect(keys).toEqual([keys[0], keys[0]])
  expect(outputs).toEqual(['ordered'])
})

it('a call waits with no process, a decision counts once, and time may run out', async () => {
  const pay = tool({ name: 'pay', inputSchema: order, needsApproval: true, execute: () => 'paid' })
  const steps = [calls(call('pay', { article: 'lamp' })), text('Paid.')]
  const cashier = (from: number) => agent({ model: scripted(steps.slice(from)), tools: [pay] })
  const store = memoryRuns()
  // #region decide-within
  const weekMs = 7 * 24 * 3_600_000
  const run = cashier(0).run('Pay for the lamp.', { store, runId: 'pay-1', decideWithinMs: weekMs })
  // #endregion decide-within
  const { stop } = await run.result()
  const [waiting] = stop.reason === 'approval' ? stop.pending : []
  if (waiting === undefined) throw new Error('expected a call to wait')
  await store.decide('pay-1', [approve(waiting)])
  await expect(store.decide('pay-1', [approve(waiting)])).rejects.toMatchObject({ code: 'decision_used' })
  const done = await cashier(1).resume('pay-1', [], { store }).result()
  expect(done.text).toBe('Paid.')
})

it('followers read live or later, from any place', async () => {
  const store = memoryRuns()
  const writer = agent({ model: scripted([text('Once upon a time.')]) })
  const running = writer.run('Tell a story.', { store, runId: 'story-1' })
  running.detach()
  await running.result()
  let shown = ''
  const show = (delta: string): void => {
    shown += delta
  }
  const lastSeen = 0
  // #region follow
  let after = lastSeen // 0 from the beginning; a browser that comes back says what it has seen
  for await (const { seq, event } of store.follow('story-1', { after })) {
    after = seq
    if (event.type === 'response.output_text.delta') show(event.delta)
  }
  // #endregion follow
  expect(shown).toBe('Once upon a time.')
  expect(after).toBeGreaterThan(5)
})

it('cancelled from outside', async () => {
  const store = memoryRuns()
  const wait = tool({
    name: 'wait',
    execute: (_, { signal }) => new Promise((_, no) => signal.addEventListener('abort', no)),
  })
  const run = agent({ model: scripted([calls(call('wait')), text('Never.')]), tools: [wait] }).run('Wait.', {
    store,
    runId: 'long-1',
  })
  run.once('tool.started', async () => {
    // #region cancel
    await store.cancel('long-1', 'the user left') // from any process; false when it was over
    const summary = await store.get('long-1') // { status: 'cancelled', agent, createdAt, … }
    // #endregion cancel
    expect(summary?.status).toBe('cancelled')
  })
  const { stop } = await run.result()
  expect(stop).toMatchObject({ reason: 'cancelled', message: expect.stringContaining('the user left') })
})

it('a conversation over several runs', async () => {
  const model = scripted([text('Hello Ada.'), text('You are Ada.')])
  const assistant = agent({ model })
  const store = memorySessions()
  // #region session
  const session = store.session('user-42')
  await assistant.run('I am Ada.', { session }).result()
  const { text: said } = await assistant.run('Who am I?', { session }).result() // sees what was said before
  // #endregion session
  expect(said).toBe('You are Ada.')
  expect(model.requests[1]?.input).toHaveLength(3)
})

it('a changed agent is not followed in silence', async () => {
  const store = memoryRuns()
  const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
  const failing = scripted([calls(call('look')), { error: new Error('down') }] as never)
  await agent({ name: 'a', model: failing, tools: [look] })
    .run('Look.', { store, runId: 'look-1' })
    .result()
    .catch(() => undefined)
  const codes: unknown[] = []
  const changed = agent({ name: 'b', model: scripted([text('Seen.')]), tools: [look] })
  // #region nondeterministic
  try {
    await changed.resume('look-1', [], { store, strictReplay: true }).result()
  } catch (error) {
    if (!isAntiphonError(error)) throw error
    codes.push(error.code) // run_conflict, nondeterministic, run_busy, run_taken, …
  }
  // #endregion nondeterministic
  expect(codes).toEqual(['run_conflict'])
})
