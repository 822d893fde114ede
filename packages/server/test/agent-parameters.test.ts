import {
  type FunctionCall,
  finalText,
  type InputItem,
  type McpCall,
  type ResponseRequest,
  type ToolChoice,
} from '@antiphon/client'
import { agent, tool } from 'antiphon'
import { call, calls, type ScriptStep, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { agentUpstream } from '../src/agents/agent-upstream.ts'
import { ask, typesOf } from './agent-ask.ts'

const counted = (steps: readonly ScriptStep[], more: object = {}) => {
  const done: string[] = []
  const step = (name: string) =>
    tool({
      name,
      effect: 'read',
      execute: async () => {
        await null
        done.push(name)
      },
    })
  const model = scripted(steps)
  const scout = agent({ name: 'scout', model, tools: [step('look'), step('put')], ...more })
  return { model, done, upstream: agentUpstream(scout), scout }
}
const weather = { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false } as const
const grep = { type: 'custom', name: 'grep' } as const
const outputsOf = (request: ResponseRequest | undefined): string[] =>
  ((request?.input ?? []) as unknown as { output?: string }[]).flatMap(({ output }) =>
    output === undefined ? [] : [output],
  )

describe('parameters of a request to a served agent', () => {
  it("puts the request's instructions after the agent's own, and its parameters on each model call", async () => {
    const { upstream, model } = counted([calls(call('look')), 'Done.'], {
      instructions: () => 'You are a scout.',
      settings: { temperature: 1, top_p: 0.5, text: { verbosity: 'low' } },
    })
    await ask(upstream, {
      model: 'scout',
      input: 'Go',
      instructions: 'Speak French.',
      temperature: 0.2,
      max_output_tokens: 64,
      reasoning: { effort: 'low' },
      metadata: { a: 'b' },
      store: true,
      background: true,
      stream: true,
      user: 'u1',
    })
    for (const request of model.requests) {
      expect(request).toMatchObject({
        instructions: 'You are a scout.\n\nSpeak French.',
        temperature: 0.2,
        top_p: 0.5,
        max_output_tokens: 64,
        reasoning: { effort: 'low' },
        text: { verbosity: 'low' },
        user: 'u1',
      })
      for (const name of ['model', 'metadata', 'store', 'background', 'stream'])
        expect(request).not.toHaveProperty(name)
    }
    expect(model.requests).toHaveLength(2)
  })

  it('leaves nothing with its model when nothing is to be stored', async () => {
    const { upstream, model } = counted(['Done.'])
    await ask(upstream, { input: 'Go', store: false })
    expect(model.requests[0]).toMatchObject({ store: false })
  })

  it('runs exactly max_tool_calls of its own calls, parallel ones too; those of the client do not count', async () => {
    const { upstream, done, model } = counted([
      calls(call('look'), call('put'), call('look')),
      calls(call('put')),
      calls(call('put'), call('weather', {}, 'c1'), call('weather', {}, 'c2')),
    ])
    const { output, response } = await ask(upstream, { input: 'Go', max_tool_calls: 2, tools: [weather] })
    expect(done).toEqual(['look', 'put'])
    expect(response.status).toBe('completed')
    expect(typesOf(output)).toEqual(['mcp_call', 'mcp_call', 'function_call', 'function_call'])
    expect(outputsOf(model.requests[1])[2]).toMatch(/^Not executed: 2 tool calls were allowed/)
    expect(outputsOf(model.requests[2])[3]).toMatch(/^Not executed: 2 tool calls were allowed/)
  })

  it('lets providers make what is left of max_tool_calls', async () => {
    const search = { type: 'web_search_call', id: `ws_${'1'.repeat(30)}`, status: 'completed' } as never
    const { upstream, model } = counted(
      [{ items: [search], calls: [call('look')] }, calls(call('look')), calls(call('look')), 'Done.'],
      { tools: [tool({ name: 'look', execute: () => 'seen' }), { type: 'web_search' }] },
    )
    const { output } = await ask(upstream, { input: 'Go', max_tool_calls: 3 })
    expect(model.requests.map((request) => request.max_tool_calls)).toEqual([3, 1, undefined, undefined])
    expect(model.requests.map((request) => request.tools?.length)).toEqual([2, 2, 1, 1])
    expect(typesOf(output).filter((type) => type.endsWith('_call'))).toHaveLength(3)
  })

  it('makes one call per answer with parallel_tool_calls: false, whatever the model does', async () => {
    const { upstream, done, model } = counted([
      calls(call('look'), call('put'), call('weather')),
      calls(call('weather', {}, 'c1'), call('weather', {}, 'c2'), call('look')),
    ])
    const { output } = await ask(upstream, { input: 'Go', parallel_tool_calls: false, tools: [weather] })
    expect(done).toEqual(['look'])
    expect(typesOf(output)).toEqual(['mcp_call', 'function_call'])
    expect((output[1] as FunctionCall).call_id).toBe('c1')
    expect(model.requests[0]).toMatchObject({ parallel_tool_calls: false })
    expect(outputsOf(model.requests[1])).toHaveLength(3)
  })

  it('takes every form of tool_choice over the tools of both', async () => {
    const sent = async (tool_choice: ToolChoice): Promise<unknown> => {
      const { upstream, model } = counted(['Done.'])
      await ask(upstream, { input: 'Go', tools: [weather, grep], tool_choice })
      return model.requests[0]?.tool_choice
    }
    expect(await sent('none')).toBe('none')
    expect(await sent('auto')).toBe('auto')
    expect(await sent('required')).toBe('required')
    expect(await sent({ type: 'function', name: 'weather' })).toEqual({ type: 'function', name: 'weather' })
    expect(await sent({ type: 'custom', name: 'grep' })).toEqual({ type: 'custom', name: 'grep' })
    expect(await sent({ type: 'mcp', server_label: 'scout', name: 'put' })).toEqual({
      type: 'function',
      name: 'put',
    })
    const own = [
      { type: 'function', name: 'look' },
      { type: 'function', name: 'put' },
    ]
    expect(await sent({ type: 'mcp', server_label: 'scout' })).toEqual({
      type: 'allowed_tools',
      mode: 'required',
      tools: own,
    })
    const tools = [
      { type: 'mcp', server_label: 'scout' },
      { type: 'custom', name: 'grep' },
    ]
    expect(await sent({ type: 'allowed_tools', mode: 'auto', tools })).toEqual({
      type: 'allowed_tools',
      mode: 'auto',
      tools: [...own, { type: 'custom', name: 'grep' }],
    })
    for (const [choice, param] of [
      [{ type: 'function', name: 'nothing' }, 'tool_choice'],
      [{ type: 'mcp', server_label: 'deepwiki' }, 'tool_choice'],
      [{ type: 'mcp', server_label: 'scout', name: 'weather' }, 'tool_choice'],
      [{ type: 'web_search' }, 'tool_choice'],
      [
        { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'nothing' }] },
        'tool_choice.tools[0]',
      ],
    ] as const)
      await expect(sent(choice as unknown as ToolChoice)).rejects.toMatchObject({ status: 400, param })
  })

  it('holds a forced choice until the first calls', async () => {
    const { upstream, model } = counted([calls(call('look')), 'Done.'])
    await ask(upstream, { input: 'Go', tool_choice: 'required' })
    expect(model.requests.map((request) => request.tool_choice)).toEqual(['required', undefined])
  })

  it('refuses calls outside of allowed_tools, its own and those of the client, and tells the model', async () => {
    const { upstream, done, model } = counted([calls(call('put'), call('weather'), call('look')), 'Done.'])
    const allowed = {
      type: 'allowed_tools',
      mode: 'auto',
      tools: [{ type: 'function', name: 'look' }],
    } as ToolChoice
    const { output } = await ask(upstream, { input: 'Go', tools: [weather], tool_choice: allowed })
    expect(done).toEqual(['look'])
    expect(output.map((item) => (item as McpCall).name ?? item.type)).toEqual(['look', 'message'])
    expect(outputsOf(model.requests[1])).toEqual([
      'Not executed: put may not be called. Allowed: look.',
      'Not executed: weather may not be called. Allowed: look.',
      '(no output)',
    ])
    const none = counted([calls(call('put')), 'Well.'])
    const answered = await ask(none.upstream, { input: 'Go', tool_choice: 'none' })
    expect(none.done).toEqual([])
    expect(typesOf(answered.output)).toEqual(['message'])
  })

  it('leaves out reasoning that led to refused calls alone, since no model would take it back', async () => {
    const { upstream } = counted([
      { reasoning: 'First.', calls: [call('look'), call('put')] },
      { reasoning: 'Second.', calls: [call('put')] },
      { reasoning: 'Third.', text: 'Done.' },
    ])
    const { output, events } = await ask(upstream, { input: 'Go', max_tool_calls: 1 })
    expect(typesOf(output)).toEqual(['reasoning', 'mcp_call', 'reasoning', 'message'])
    expect(JSON.stringify(events)).not.toContain('Second.')
  })

  it('ends incomplete where a limit of the agent ends it, with its name as the reason', async () => {
    const { upstream } = counted([calls(call('look')), text('So far.', { calls: [call('weather')] })], {
      limits: { turns: 1 },
    })
    const { response, output } = await ask(upstream, { input: 'Go', tools: [weather] })
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'turns' } })
    expect(typesOf(output)).toEqual(['mcp_call', 'message'])
    const cut = counted([{ text: 'Long', incomplete: 'max_output_tokens' }])
    expect((await ask(cut.upstream, { input: 'Go' })).response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
  })

  it('does not count calls of the client in limits of the agent', async () => {
    const { upstream } = counted([calls(call('weather', {}, 'c1'), call('weather', {}, 'c2'))], {
      limits: { toolCalls: 1 },
    })
    const { output, response } = await ask(upstream, { input: 'Go', tools: [weather] })
    expect(response.status).toBe('completed')
    expect(output).toHaveLength(2)
  })

  it('rejects with what failed the run, and books what it had spent', async () => {
    const { upstream } = counted([calls(call('look')), { failed: { code: 'server_error', message: 'no' } }])
    const booked: unknown[] = []
    const answer = upstream.answer({ input: 'Go' }, () => undefined, {
      tenant: 'local',
      responseId: 'resp_x',
      approvals: {} as never,
      signal: new AbortController().signal,
      onAbort: () => undefined,
      bookUsage: (usage) => void booked.push(usage?.total_tokens),
    })
    await expect(answer).rejects.toMatchObject({ code: 'response_failed' })
    expect(booked).toEqual([240])
  })

  it('refuses a history that no model would take', async () => {
    const { upstream } = counted([])
    const output = { type: 'function_call_output', call_id: 'c9', output: 'x' } as InputItem
    await expect(ask(upstream, { input: [output] })).rejects.toMatchObject({
      status: 400,
      param: 'input',
      message: 'No tool call found for function call output with call_id c9.',
    })
    await expect(ask(upstream, { input: 'x', prompt: { id: 'p' } })).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
    })
  })
})

const format = {
  type: 'json_schema',
  name: 'city',
  strict: true,
  schema: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const

describe('text.format of a request to a served agent', () => {
  it('is sent as it is; an answer of another shape is repaired and never shown', async () => {
    const { upstream, model } = counted([
      calls(call('look')),
      '```json\n{"city":"Rome"}\n```',
      '{"city":"Rome"}',
    ])
    const { output, response } = await ask(upstream, { input: 'Go', text: { format } })
    expect(model.requests[0]?.text?.format).toEqual(format)
    expect(typesOf(output)).toEqual(['mcp_call', 'message'])
    expect(finalText(response)).toBe('{"city":"Rome"}')
  })

  it('fails when the repair is wrong, too; and takes a refusal for an answer', async () => {
    const wrong = counted(['Rome', '{"town":"Rome"}'])
    await expect(ask(wrong.upstream, { input: 'Go', text: { format } })).rejects.toMatchObject({
      code: 'output_invalid',
    })
    const refuses = counted([{ refusal: 'I will not.' }])
    const { output } = await ask(refuses.upstream, { input: 'Go', text: { format } })
    expect(output).toMatchObject([{ content: [{ type: 'refusal' }] }])
    const object = counted(['[1]', '{}'])
    expect(
      finalText(
        (await ask(object.upstream, { input: 'JSON', text: { format: { type: 'json_object' } } })).response,
      ),
    ).toBe('{}')
  })

  it('is refused beside an output schema of the agent, and when its schema leads nowhere', async () => {
    const { upstream } = counted(['{"a":1}'], { output: z.object({ a: z.number() }) })
    await expect(ask(upstream, { input: 'Go', text: { format } })).rejects.toMatchObject({
      status: 400,
      param: 'text.format',
    })
    await ask(upstream, { input: 'Go', text: { format: { type: 'text' } } })
    const broken = { ...format, schema: { $ref: '#/nowhere' } }
    await expect(ask(counted([]).upstream, { input: 'Go', text: { format: broken } })).rejects.toMatchObject({
      status: 400,
      param: 'text.format',
    })
  })
})
