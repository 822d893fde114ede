// The code of the guides on tools, running, the queue, approvals, hand-offs, history and errors.
import type { InputItem } from '@antiphon/client'
import {
  agent,
  answer,
  createToolQueue,
  customTool,
  hasCalled,
  offline,
  RunError,
  repairItems,
  responses,
  ToolFailed,
  ToolRetry,
  tool,
  toolOutput,
  validateItems,
} from 'antiphon'
import { call, calls, fakeUpstream, scripted, text } from 'antiphon/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'

const load = async (url: string, _signal: AbortSignal): Promise<string> => url
const orders = new Map([['A-1', { id: 'A-1', total: 20 }]])

it('two throwables', async () => {
  // #region throwables
  const findOrder = tool({
    name: 'find_order',
    description: 'An order by its number, such as A-1',
    inputSchema: z.object({ id: z.string() }),
    effect: 'read',
    execute: ({ id }) => {
      if (!/^[A-Z]-\d+$/.test(id)) throw new ToolRetry('An order number looks like A-1.') // correct it and call again
      const order = orders.get(id)
      if (order === undefined) throw new ToolFailed(`There is no order ${id}.`) // do not call again
      return order
    },
  })
  // #endregion throwables
  const model = scripted([
    calls(call('find_order', { id: '1' }), call('find_order', { id: 'B-2' })),
    text('None.'),
  ])
  const { items } = await agent({ model, tools: [findOrder] })
    .run('Order 1?')
    .result()
  const outputs = items.flatMap((item) => (item.type === 'function_call_output' ? String(item.output) : []))
  expect(outputs[0]).toContain('call again')
  expect(outputs[1]).toContain('do not call it again')
})

it('what the model sees and what people see', async () => {
  // #region tool-output
  const chart = tool({
    name: 'draw_chart',
    inputSchema: z.object({ values: z.array(z.number()) }),
    effect: 'none',
    execute: ({ values }) =>
      toolOutput({
        content: `A chart of ${values.length} values was shown to the user.`, // for the model
        details: { kind: 'bar', values }, // for listeners: tool.ended carries it, it is never sent
      }),
  })
  // #endregion tool-output
  const run = agent({
    model: scripted([calls(call('draw_chart', { values: [1, 2] })), text('Done.')]),
    tools: [chart],
  }).run('Draw')
  const details: unknown[] = []
  run.on('tool.ended', (event) => details.push(event.details))
  await run.result()
  expect(details).toEqual([{ kind: 'bar', values: [1, 2] }])
})

it('a custom tool', async () => {
  const ran: string[] = []
  // #region custom-tool
  const sql = customTool({
    name: 'run_sql',
    description: 'One SQL query over the orders',
    effect: 'read',
    execute: (query, { signal, idempotencyKey }) => {
      signal.throwIfAborted()
      ran.push(query, idempotencyKey)
      return [{ count: 3 }]
    },
  })
  // #endregion custom-tool
  const item = {
    type: 'custom_tool_call',
    id: 'ct_1',
    call_id: 'call_1',
    name: 'run_sql',
    input: 'select count(*) from orders',
  }
  const model = scripted([{ items: [item as never] }, text('3')])
  await agent({ model, tools: [sql] })
    .run('How many?')
    .result()
  expect(ran[0]).toBe('select count(*) from orders')
})

it('steering', async () => {
  const model = scripted([text('Ein Entwurf.'), text('A draft.'), text('A short draft.')])
  // #region steering
  const run = agent({ model }).run('Write a draft.')
  run.once('response.created', () => run.steer('In English.')) // read before the next model call; there is one then
  run.followUp('Now shorten it.') // read when the model would be done
  const { turns } = await run.result()
  // #endregion steering
  expect(turns).toBe(3)
  expect(JSON.stringify(model.requests[1]?.input)).toContain('In English.')
  expect(JSON.stringify(model.requests[1]?.input)).not.toContain('shorten')
  expect(JSON.stringify(model.requests[2]?.input)).toContain('Now shorten it.')
})

it('cancelling', async () => {
  const slow = tool({
    name: 'wait',
    execute: (_input, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const model = scripted([calls(call('wait')), text('Never said.')])
  // #region cancel
  const run = agent({ model, tools: [slow] }).run('Wait.')
  run.once('tool.started', () => run.cancel('the user left')) // or { signal } in the options of run()
  const { stop, history } = await run.result() // resolves: what was reached is yours
  // #endregion cancel
  expect(stop).toEqual({ reason: 'cancelled', message: 'the user left' })
  expect(validateItems(history)).toEqual([])
})

it('hooks', async () => {
  const model = scripted([calls(call('look')), text('Never said.')])
  const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
  // #region hooks
  const assistant = agent({
    model,
    tools: [look],
    instructions: ({ turn, context }) => `Turn ${turn} for ${(context as { user: string }).user}.`,
    prepareTurn: ({ turn }) => (turn === 0 ? { toolChoice: 'required' } : undefined),
    stopWhen: hasCalled('look'),
  })
  const { stop } = await assistant.run('Look.', { context: { user: 'ada' } }).result()
  // #endregion hooks
  expect(stop).toEqual({ reason: 'stop_when' })
  expect(model.requests[0]).toMatchObject({ instructions: 'Turn 0 for ada.', tool_choice: 'required' })
})

it('one queue for a process, and a tool with limits of its own', async () => {
  const model = scripted([calls(call('fetch_page', { url: 'https://a.example/1' })), text('Done.')])
  // #region process-queue
  const queue = createToolQueue({ concurrency: 32 }) // all runs of the process together

  const fetchPage = tool({
    name: 'fetch_page',
    inputSchema: z.object({ url: z.url() }),
    effect: 'read',
    concurrency: 4, // of this tool, over all runs of the process
    rate: { limit: 10, intervalMs: 1000 },
    key: ({ url }) => new URL(url).host, // one at a time per host
    timeoutMs: 20_000,
    retries: 2,
    execute: async ({ url }, { signal }) => (await load(url, signal)).slice(0, 10_000),
  })

  const reader = agent({ model, tools: [fetchPage], queue })
  // #endregion process-queue
  expect((await reader.run('Read').result()).stop.reason).toBe('done')
})

it('a tool that the caller executes', async () => {
  const model = scripted([calls(call('pick_file', {}, 'call_7')), text('You picked it.')])
  // #region client-side
  const pickFile = tool({ name: 'pick_file', description: 'Lets the user pick a file' }) // no execute
  const assistant = agent({ model, tools: [pickFile] })

  const { stop, state } = await assistant.run('Open my file.').result()
  if (stop.reason !== 'approval' || state === undefined) throw new Error('expected a call to wait')
  const done = await assistant
    .resume(
      state,
      stop.pending.map((call) => answer(call, { path: 'notes.txt' })),
    )
    .result()
  // #endregion client-side
  expect(done.text).toBe('You picked it.')
  expect(JSON.stringify(done.items)).toContain('notes.txt')
})

it('a hand-off', async () => {
  const front = scripted([calls(call('transfer_to_billing'))])
  const back = scripted([text('Your invoice is on its way.')])
  // #region handoff
  const billing = agent({ name: 'billing', description: 'Invoices and payments', model: back })
  const support = agent({ name: 'support', model: front, handoffs: [billing] })

  const { text: said, agent: speaker } = await support.run('Where is my invoice?').result()
  // #endregion handoff
  expect([said, speaker]).toEqual(['Your invoice is on its way.', 'billing'])
})

it('a conversation', async () => {
  const model = scripted([text('Hello Ada.'), text('Ada.')])
  const assistant = agent({ model })
  // #region conversation
  let history: InputItem[] = []
  for (const said of ['I am Ada.', 'Who am I?']) {
    const result = await assistant
      .run([...history, { type: 'message', role: 'user', content: said }])
      .result()
    history = result.history // everything that was given and added, verbatim
  }
  // #endregion conversation
  expect(history).toHaveLength(4)
  expect(model.requests[1]?.input).toHaveLength(3)
})

it('history that a crash has cut', async () => {
  const stored: InputItem[] = [
    { type: 'message', role: 'user', content: 'Pay 20 to Ada.' },
    { type: 'function_call', call_id: 'call_1', name: 'pay', arguments: '{"amount":20}' },
  ]
  const assistant = agent({ model: scripted([text('I do not know whether it was paid.')]) })
  // #region repair
  const problems = validateItems(stored) // [{ code: 'missing_output', callId: 'call_1', index: 1, … }]
  const mended = repairItems(stored, 'Unknown outcome: the process ended during this call.')
  const result = await assistant.run([...mended, { type: 'message', role: 'user', content: 'And?' }]).result()
  // #endregion repair
  expect(problems.map(({ code }) => code)).toEqual(['missing_output'])
  expect(result.stop.reason).toBe('done')
})

it('state at the server', async () => {
  const upstream = await fakeUpstream({
    answers: [calls(call('now')), 'Noon.', 'Still noon.'],
    checkState: true,
  })
  onTestFinished(() => upstream.close())
  const model = responses('gpt-5.4', { baseURL: upstream.url })
  const now = tool({ name: 'now', effect: 'read', execute: () => '12:00' })
  // #region server-state
  const clock = agent({ model, tools: [now], state: 'server' })
  const first = await clock.run('What time is it?').result()
  const second = await clock.run('And now?', { previousResponseId: first.response?.id }).result()
  // #endregion server-state
  expect(second.text).toBe('Still noon.')
  expect(upstream.requests.map(({ body }) => body.input?.length)).toEqual([1, 1, 1])
})

it('errors', async () => {
  const failing = agent({ model: scripted([{ error: new Error('The cable is out.') }]) })
  const seen: unknown[] = []
  // #region run-error
  try {
    await failing.run('Hello').result()
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    seen.push(error.code, error.retryable, error.cause)
    const { items, usage, history } = error.result // all that was reached before it failed
    seen.push(items.length, usage.requests, history.length) // history is valid: agent.run(history) goes on from there
  }
  // #endregion run-error
  expect(seen).toEqual(['run_failed', false, expect.any(Error), 0, 0, 1])
})

it('the embedded model', async () => {
  // #region offline
  const clock = tool({
    name: 'current_time',
    description: 'The time in a city',
    inputSchema: z.object({ city: z.string() }),
    effect: 'read',
    execute: ({ city }) => `It is 12:00 in ${city}.`,
  })
  const { text: said } = await agent({ model: offline(), tools: [clock] })
    .run('What is the time in Oslo?')
    .result()
  // #endregion offline
  expect(said).toContain('12:00')
})
