import type { InputItem, McpApprovalRequest, McpCall, OutputItem } from '@antiphon/client'
import { agent, customTool, memoryRuns, tool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentUpstream } from '../src/agents/agent-upstream.ts'
import { callIdOf } from '../src/upstream/item-id.ts'
import { ask, type TestApprovals, testApprovals, typesOf, user } from './agent-ask.ts'

/** An agent with a tool that has to be approved, and what it did. */
const bank = (steps: readonly ScriptStep[], more: object = {}) => {
  const done: string[] = []
  const pay = tool({
    name: 'pay',
    needsApproval: true,
    inputSchema: z.object({ to: z.string() }),
    execute: ({ to }) => {
      done.push(to)
      return `paid ${to}`
    },
  })
  const look = tool({ name: 'look', effect: 'read', execute: () => 'seen' })
  const model = scripted(steps)
  const upstream = agentUpstream(agent({ name: 'bank', model, tools: [pay, look], ...more }))
  return { upstream, model, done, approvals: testApprovals() }
}

const decide = (item: OutputItem | undefined, approve: boolean, reason?: string): InputItem =>
  ({
    type: 'mcp_approval_response',
    approval_request_id: (item as McpApprovalRequest).id,
    approve,
    ...(reason === undefined ? {} : { reason }),
  }) as InputItem
const history = (output: readonly OutputItem[], ...more: readonly InputItem[]): InputItem[] => [
  user('Pay Ann.'),
  ...(output as InputItem[]),
  ...more,
]

describe('a call of a served agent that needs approval', () => {
  it('ends the response with a request, and runs in the response that approves it, before any model call', async () => {
    const { upstream, model, done, approvals } = bank([
      { reasoning: 'Pay.', calls: [call('pay', { to: 'Ann' })] },
      (request) => text(`Last: ${JSON.stringify((request.input as InputItem[]).at(-1))}`),
    ])
    const first = await ask(upstream, { input: 'Pay Ann.' }, { approvals, responseId: 'resp_first' })
    expect(first.response.status).toBe('completed')
    expect(typesOf(first.output)).toEqual(['reasoning', 'mcp_approval_request'])
    const request = first.output[1] as McpApprovalRequest
    expect(request).toEqual({
      id: expect.stringMatching(/^mcpr_[0-9a-f]{32,}$/),
      type: 'mcp_approval_request',
      server_label: 'bank',
      name: 'pay',
      arguments: '{"to":"Ann"}',
    })
    expect(done).toEqual([])
    expect(approvals.issued).toMatchObject([
      { id: request.id, responseId: 'resp_first', callId: callIdOf(request.id), name: 'pay' },
    ])

    const input = history(first.output, decide(request, true), user('And be quick.'))
    const second = await ask(upstream, { input }, { approvals })
    expect(done).toEqual(['Ann'])
    expect(typesOf(second.output)).toEqual(['mcp_call', 'message'])
    expect(second.output[0]).toMatchObject({
      id: request.id.replace('mcpr_', 'mcp_'),
      approval_request_id: request.id,
      output: 'paid Ann',
      status: 'completed',
    })
    expect(model.requests).toHaveLength(2)
    const callId = callIdOf(request.id)
    expect(model.requests[1]?.input).toMatchObject([
      { role: 'user', content: 'Pay Ann.' },
      { type: 'reasoning' },
      { type: 'function_call', call_id: callId, name: 'pay', arguments: '{"to":"Ann"}' },
      { type: 'function_call_output', call_id: callId, output: 'paid Ann' },
      { role: 'user', content: 'And be quick.' },
    ])
    expect(second.response.usage).toMatchObject({ total_tokens: 120 })
  })

  it('tells the model when it was rejected, and why', async () => {
    const { upstream, model, done, approvals } = bank([
      calls(call('pay', { to: 'Ann' })),
      text('Then not.'),
      'Bye.',
    ])
    const first = await ask(upstream, { input: 'Pay Ann.' }, { approvals })
    const input = history(first.output, decide(first.output[0], false, 'too dear'))
    const second = await ask(upstream, { input }, { approvals })
    expect(typesOf(second.output)).toEqual(['message'])
    expect(done).toEqual([])
    expect(model.requests[1]?.input).toMatchObject([
      {},
      { type: 'function_call' },
      { type: 'function_call_output', output: 'Not executed: a person rejected the call: too dear' },
    ])
    // What was decided stays so in a later history, and is not decided again.
    await ask(upstream, { input: [...input, ...(second.output as InputItem[]), user('Bye')] }, { approvals })
    const told = model.requests.map(({ input }) => (input as InputItem[]).slice(1, 3))
    expect(told[2]).toEqual(told[1])
  })

  it('comes back together with calls of the client, while its own other calls run', async () => {
    const { upstream, model, done, approvals } = bank([
      calls(
        call('pay', { to: 'Ann' }),
        call('look'),
        call('weather', {}, 'call_w'),
        call('pay', { to: 'Ben' }),
      ),
      text('All done.'),
    ])
    const tools = [{ type: 'function', name: 'weather', parameters: null, strict: null } as never]
    const first = await ask(upstream, { input: 'Pay Ann.', tools }, { approvals })
    expect(typesOf(first.output)).toEqual([
      'mcp_approval_request',
      'mcp_call',
      'function_call',
      'mcp_approval_request',
    ])
    const answers = [
      decide(first.output[3], true),
      { type: 'function_call_output', call_id: 'call_w', output: 'rain' } as InputItem,
      decide(first.output[0], false),
    ]
    const second = await ask(upstream, { input: history(first.output, ...answers), tools }, { approvals })
    expect(done).toEqual(['Ben'])
    expect(second.output).toMatchObject([{ type: 'mcp_call', output: 'paid Ben' }, { type: 'message' }])
    const sent = model.requests[1]?.input as { type?: string; output?: string }[]
    expect(sent.map(({ type, output }) => output ?? type)).toEqual([
      'message',
      'function_call',
      'function_call',
      'seen',
      'function_call',
      'function_call',
      'paid Ben',
      'Not executed: a person rejected the call.',
      'rain',
    ])
  })

  it('shows a call whose rule wants no approval at once, and asks for the others in their places', async () => {
    const rule = tool({
      name: 'rule',
      inputSchema: z.object({ sum: z.number() }),
      needsApproval: async ({ sum }) => sum > 10,
      execute: ({ sum }) => `moved ${sum}`,
    })
    const text = customTool({ name: 'wipe', needsApproval: true, execute: (what) => `wiped ${what}` })
    const { upstream, approvals } = bank(
      [
        {
          calls: [call('rule', { sum: 50 }), call('rule', { sum: 5 })],
          items: [{ type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'wipe', input: 'disk' }],
        },
        'Done.',
      ],
      { tools: [rule, text] },
    )
    const first = await ask(upstream, { input: 'Go' }, { approvals })
    expect(typesOf(first.output)).toEqual(['mcp_approval_request', 'mcp_call', 'mcp_approval_request'])
    const input = history(first.output, decide(first.output[0], true), decide(first.output[2], true))
    const second = await ask(upstream, { input }, { approvals })
    expect(second.output.slice(0, 2)).toMatchObject([{ output: 'moved 50' }, { output: 'wiped disk' }])
  })

  it('refuses decisions that are forged, foreign, used, changed or doubled: 400, and nothing runs', async () => {
    const made = async (): Promise<{ bank: ReturnType<typeof bank>; output: OutputItem[] }> => {
      const own = bank([calls(call('pay', { to: 'Ann' })), 'Never asked for in this test.'])
      const { output } = await ask(own.upstream, { input: 'Pay Ann.' }, { approvals: own.approvals })
      return { bank: own, output }
    }
    const tried = async (
      change: (output: OutputItem[], approvals: TestApprovals) => InputItem[] | Promise<InputItem[]>,
      other?: TestApprovals,
    ): Promise<unknown> => {
      const { bank, output } = await made()
      const input = await change(output, bank.approvals)
      const error: unknown = await ask(
        bank.upstream,
        { input },
        { approvals: other ?? bank.approvals },
      ).catch((thrown: unknown) => thrown)
      expect(bank.done).toEqual([])
      expect(bank.model.requests).toHaveLength(1)
      return error
    }
    const refused = { name: 'ServeError', status: 400, type: 'invalid_request_error' }
    const forged = { ...decide({ id: `mcpr_${'0'.repeat(40)}` } as never, true) } as InputItem
    expect(await tried((output) => history(output, forged))).toMatchObject(refused)
    expect(
      await tried(([item]) => history([{ ...item, id: `mcpr_${'0'.repeat(40)}` } as OutputItem], forged)),
    ).toMatchObject(refused)
    expect(await tried((output) => history(output, decide(output[0], true)), testApprovals())).toMatchObject(
      refused,
    )
    expect(
      await tried(async (output, approvals) => {
        await approvals.use((output[0] as McpApprovalRequest).id)
        return history(output, decide(output[0], true))
      }),
    ).toMatchObject(refused)
    expect(
      await tried(([item]) =>
        history([{ ...item, arguments: '{"to":"Eve"}' } as OutputItem], decide(item, true)),
      ),
    ).toMatchObject(refused)
    expect(
      await tried(([item]) => history([{ ...item, name: 'look' } as OutputItem], decide(item, true))),
    ).toMatchObject(refused)
    expect(
      await tried((output) => history(output, decide(output[0], true), decide(output[0], true))),
    ).toMatchObject(refused)
    expect(await tried((output) => [user('Hi'), decide(output[0], true)])).toMatchObject(refused)
  })

  it('is used once, by whoever is first', async () => {
    const { upstream, done, approvals } = bank([calls(call('pay', { to: 'Ann' })), 'One.', 'Two.'])
    const { output } = await ask(upstream, { input: 'Pay Ann.' }, { approvals })
    const input = history(output, decide(output[0], true))
    const both = await Promise.allSettled([
      ask(upstream, { input }, { approvals }),
      ask(upstream, { input }, { approvals }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(done).toEqual(['Ann'])
  })

  it('leaves requests of other servers, and what was decided about them, to its model', async () => {
    const foreign = {
      id: `mcpr_${'b'.repeat(40)}`,
      type: 'mcp_approval_request',
      server_label: 'deepwiki',
      name: 'ask',
      arguments: '{}',
    } as OutputItem
    const { upstream, model, approvals } = bank([{ items: [foreign] }, 'Done.'])
    const first = await ask(upstream, { input: 'Go' }, { approvals })
    expect(first.output).toEqual([foreign])
    expect(approvals.issued).toEqual([])
    const input = history(first.output, decide(foreign, true))
    await ask(upstream, { input }, { approvals })
    expect(model.requests[1]?.input).toEqual(input)
  })

  it('of an agent that was handed to runs with that agent', async () => {
    const done: string[] = []
    const other = agent({
      name: 'clerk',
      description: 'Writes.',
      model: scripted([calls(call('write')), 'Written.']),
      tools: [tool({ name: 'write', needsApproval: true, execute: () => void done.push('written') })],
    })
    const { upstream, approvals } = bank([calls(call('transfer_to_clerk'))], { handoffs: [other] })
    const first = await ask(upstream, { input: 'Go' }, { approvals })
    expect(typesOf(first.output)).toEqual(['mcp_call', 'mcp_approval_request'])
    const second = await ask(
      upstream,
      { input: history(first.output, decide(first.output[1], true)) },
      { approvals },
    )
    expect(done).toEqual(['written'])
    expect(typesOf(second.output)).toEqual(['mcp_call', 'message'])
  })

  it('inside a sub-agent fails the response, since no later request could go on there', async () => {
    const inner = agent({
      name: 'inner',
      model: scripted([calls(call('pay', { to: 'x' }))]),
      tools: [tool({ name: 'pay', needsApproval: true, execute: () => 'paid' })],
    })
    const { upstream } = bank([calls(call('inner', { input: 'pay' }))], { tools: [inner.asTool()] })
    await expect(ask(upstream, { input: 'Go' })).rejects.toMatchObject({ code: 'approval_needed' })
  })

  it('counts against max_tool_calls of the response that runs it', async () => {
    const { upstream, model, done, approvals } = bank([
      calls(call('pay', { to: 'Ann' }), call('pay', { to: 'Ben' })),
      calls(call('look')),
      'Done.',
    ])
    const { output } = await ask(upstream, { input: 'Pay.' }, { approvals })
    const input = history(output, decide(output[0], true), decide(output[1], true))
    const second = await ask(upstream, { input, max_tool_calls: 1 }, { approvals })
    expect(done).toEqual(['Ann'])
    expect(second.output.map((item) => (item as McpCall).output ?? item.type)).toEqual([
      'paid Ann',
      'message',
    ])
    expect(JSON.stringify(model.requests[1]?.input)).toContain('only 1 tool calls were allowed')
  })

  it('runs once, when the process ends between the call and the answer', async () => {
    const runs = memoryRuns()
    let isFirst = true
    const { upstream, done, approvals, model } = bank([
      calls(call('pay', { to: 'Ann' })),
      () => {
        if (!isFirst) return 'Paid.'
        isFirst = false
        return { error: new Error('The machine went away.') }
      },
      'Paid.',
    ])
    const { output } = await ask(upstream, { input: 'Pay Ann.' }, { approvals })
    const input = history(output, decide(output[0], true), user('Quick.'))
    const again = { approvals, runs, responseId: 'resp_again' }
    await expect(ask(upstream, { input }, again)).rejects.toThrow('The machine went away.')
    expect(done).toEqual(['Ann'])
    const second = await ask(upstream, { input }, again)
    expect(done).toEqual(['Ann'])
    expect(typesOf(second.output)).toEqual(['mcp_call', 'message'])
    expect(model.requests[2]?.input).toEqual(model.requests[1]?.input)
    expect(JSON.stringify(model.requests[2]).match(/Quick/g)).toHaveLength(1)
    // Told once more when it is over: the same, and nobody is asked.
    const third = await ask(upstream, { input }, again)
    expect(third.output).toEqual(second.output)
    expect(model.requests).toHaveLength(3)
  })
})
