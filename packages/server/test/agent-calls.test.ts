import type { FunctionCall, InputItem, McpCall } from '@antiphon/client'
import { agent, type Model, tool } from 'antiphon'
import { call, callItem, calls, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentUpstream } from '../src/agents/agent-upstream.ts'
import { ServeError } from '../src/request/serve-error.ts'
import { callIdOf } from '../src/upstream/item-id.ts'
import { ask, eventsOfItem, typesOf, user } from './agent-ask.ts'

const look = tool({
  name: 'look',
  effect: 'read',
  inputSchema: z.object({ at: z.string() }),
  execute: ({ at }) => `seen ${at}`,
})
const put = tool({ name: 'put', execute: () => 'done' })
const weather = { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false } as const
const scout = (steps: Parameters<typeof scripted>[0], more: object = {}) => {
  const model = scripted(steps)
  return { model, upstream: agentUpstream(agent({ name: 'scout', model, tools: [look, put], ...more })) }
}

describe('a served agent', () => {
  it('tells one response over all its turns, its own calls as mcp_call, usage summed', async () => {
    const { upstream } = scout([
      { reasoning: 'Let me look.', text: 'One moment.', calls: [call('look', { at: 'a' }), call('put')] },
      { calls: [call('look', { at: 'b' })] },
      text('It is seen.'),
    ])
    const { events, response, output } = await ask(upstream, { input: 'What is there?' })
    expect(typesOf(output)).toEqual(['reasoning', 'message', 'mcp_call', 'mcp_call', 'mcp_call', 'message'])
    expect(output[2]).toMatchObject({
      server_label: 'scout',
      name: 'look',
      arguments: '{"at":"a"}',
      output: 'seen a',
      status: 'completed',
    })
    expect(eventsOfItem(events, 2)).toEqual([
      'output_item.added',
      'mcp_call.in_progress',
      'mcp_call_arguments.delta',
      'mcp_call_arguments.done',
      'mcp_call.completed',
      'output_item.done',
    ])
    expect(response.status).toBe('completed')
    expect(response.usage).toMatchObject({ input_tokens: 300, output_tokens: 60, total_tokens: 360 })
    expect(typesOf(events).filter((type) => type === 'response.created')).toHaveLength(1)
  })

  it('shows a call that failed with its error, in the order of the output', async () => {
    const broken = tool({
      name: 'broken',
      execute: () => {
        throw new Error('no hands')
      },
    })
    const { upstream } = scout(
      [{ calls: [call('broken'), call('look', { at: 'a' }), call('nothing')] }, text('Well.')],
      { tools: [look, broken] },
    )
    const { events, output } = await ask(upstream, { input: 'Go' })
    expect(output.slice(0, 3)).toMatchObject([
      { name: 'broken', status: 'failed', error: { type: 'mcp_tool_execution_error' } },
      { name: 'look', status: 'completed' },
      { name: 'nothing', status: 'failed' },
    ])
    expect(output[0]).not.toHaveProperty('output')
    expect(eventsOfItem(events, 0)).toContain('mcp_call.failed')
  })

  it("gives the client's functions back as function_call, streamed, and does not run them", async () => {
    const { upstream, model } = scout([
      { calls: [call('look', { at: 'a' }, 'call_own'), call('weather', { city: 'Rome' }, 'call_client')] },
      text('Sunny.'),
    ])
    const first = await ask(upstream, { input: 'Weather?', tools: [weather] })
    expect(typesOf(first.output)).toEqual(['mcp_call', 'function_call'])
    expect(first.output[1]).toMatchObject({ call_id: 'call_client', name: 'weather', status: 'completed' })
    expect(first.response.status).toBe('completed')
    expect(eventsOfItem(first.events, 1)).toContain('function_call_arguments.delta')
    expect(model.requests[0]?.tools?.map((tool) => (tool as { name?: string }).name)).toEqual([
      'look',
      'put',
      'weather',
    ])
    const input = [
      user('Weather?'),
      ...first.output,
      { type: 'function_call_output', call_id: 'call_client', output: '20°' },
    ] as InputItem[]
    const second = await ask(upstream, { input, tools: [weather] })
    expect(second.output).toMatchObject([{ type: 'message' }])
    const id = callIdOf((first.output[0] as McpCall).id)
    expect(model.requests[1]?.input).toMatchObject([
      { role: 'user' },
      { type: 'function_call', call_id: id, name: 'look', arguments: '{"at":"a"}' },
      { type: 'function_call_output', call_id: id, output: 'seen a' },
      { type: 'function_call', call_id: 'call_client' },
      { type: 'function_call_output', call_id: 'call_client' },
    ])
  })

  it("offers the client's custom tools, and tools of the agent that only a client can run", async () => {
    const grep = { type: 'custom', name: 'grep' } as const
    const outside = tool({ name: 'outside' })
    const { upstream } = scout(
      [
        {
          items: [{ type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'grep', input: 'a.*b' }],
          calls: [call('outside')],
        },
      ],
      { tools: [outside] },
    )
    const { output } = await ask(upstream, { input: 'Go', tools: [grep] })
    expect(typesOf(output)).toEqual(['function_call', 'custom_tool_call'])
    expect(output[1]).toMatchObject({ input: 'a.*b', call_id: 'c1' })
  })

  it('refuses tools that clash with its own, that clash with each other, or that it cannot offer', async () => {
    const { upstream, model } = scout([])
    const refused = async (tools: object[]): Promise<ServeError> =>
      ask(upstream, { input: 'Go', tools: tools as never }).catch(
        (error) => error as ServeError,
      ) as Promise<ServeError>
    for (const [tools, param] of [
      [[{ ...weather, name: 'look' }], 'tools[0].name'],
      [[weather, weather], 'tools[1].name'],
      [[weather, { type: 'web_search' }], 'tools[1].type'],
    ] as const) {
      const error = await refused([...tools])
      expect(error).toBeInstanceOf(ServeError)
      expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param })
    }
    expect(model.requests).toEqual([])
  })

  it('keeps the ids of two answers apart that a server numbers alike, and counts a repeated call once', async () => {
    const twice = { ...callItem('look', { at: 'a' }, 'call_1'), id: 'fc_1' }
    const { upstream } = scout([
      {
        items: [twice, { ...twice, id: 'fc_2' }, { ...callItem('look', { at: 'b' }, 'call_1'), id: 'fc_3' }],
      },
      { items: [twice] },
      { text: 'Seen.' },
    ])
    const { output } = await ask(upstream, { input: 'Go' })
    expect(output.map((item) => (item as McpCall).output)).toEqual(['seen a', 'seen b', 'seen a', undefined])
  })

  it('shows a wrapper that a model invents around its calls as the one call that it is', async () => {
    const uses = [
      { recipient_name: 'functions.look', parameters: { at: 'a' } },
      { recipient_name: 'functions.look', parameters: { at: 'b' } },
      { recipient_name: 'functions.weather', parameters: {} },
    ]
    const { upstream } = scout([calls(call('multi_tool_use.parallel', { tool_uses: uses })), 'Seen.'])
    const { output } = await ask(upstream, { input: 'Go', tools: [weather], max_tool_calls: 1 })
    expect(typesOf(output)).toEqual(['mcp_call', 'message'])
    const told = (output[0] as McpCall).output ?? ''
    expect(told).toContain('seen a')
    expect(told).toContain('Not executed: 1 tool call was allowed')
    expect(told).not.toContain('seen b')
  })

  it('answers for a server that announces nothing, with all the events of each item', async () => {
    const item = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c9', name: 'grep', input: 'a' } as const
    const silent = scripted([{ calls: [call('look', { at: 'a' }), call('weather')], items: [item] }])
    const model: Model = (request, sink, context) =>
      silent(
        request,
        (event) => {
          if (!/output_item|arguments|content|text/.test(event.type)) sink(event)
        },
        context,
      )
    const quiet = agent({ name: 'scout', tools: [look], model })
    const { output } = await ask(agentUpstream(quiet), {
      input: 'Go',
      tools: [weather, { type: 'custom', name: 'grep' }],
    })
    expect(typesOf(output)).toEqual(['mcp_call', 'function_call', 'custom_tool_call'])
    expect((output[1] as FunctionCall).name).toBe('weather')
  })

  it('tells of a hand-over, and lets the other agent call tools of the client', async () => {
    const other = agent({
      name: 'other',
      description: 'Knows weather.',
      model: scripted([calls(call('weather', {}, 'call_w'))]),
    })
    const { upstream } = scout([calls(call('transfer_to_other'))], { handoffs: [other] })
    const { output } = await ask(upstream, { input: 'Go', tools: [weather] })
    expect(output).toMatchObject([
      { type: 'mcp_call', name: 'transfer_to_other', server_label: 'scout', status: 'completed' },
      { type: 'function_call', call_id: 'call_w' },
    ])
  })
})
