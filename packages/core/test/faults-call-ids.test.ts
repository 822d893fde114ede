import type { FunctionCall, InputItem } from '@antiphon/client'
import { agent, customTool, tool } from 'antiphon'
import { callItem, reasoningItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { modelOf, outcomeOf, outputsOf, runOn, sealed, serve, traces, watchProcess } from './faults-world.ts'

watchProcess()

const look = (city: string, callId: unknown, id?: unknown): FunctionCall =>
  ({ ...callItem('look', { city }, 'x'), call_id: callId, id }) as never

const callIds = (items: readonly InputItem[]): unknown[] =>
  items.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : []))

/** Runs these items as one response, then "ok". */
const runItems = async (items: readonly unknown[], last: object = {}) => {
  const { tools, ran } = traces()
  const outcome = await runOn([sealed(items, last), 'ok'], { tools })
  expect(outcome.error).toBeUndefined()
  expect(outcome.result.text).toBe('ok')
  const codes = outcome.result.warnings.map((warning) => warning.code)
  return { ...outcome, ran, codes, sent: outcome.upstream.requests[1]?.body.input as InputItem[] }
}

describe('two calls with one call_id', () => {
  it('that are the same are executed once, and one of them goes back', async () => {
    const { ran, sent, codes } = await runItems([look('Oslo', 'c1', 'fc_1'), look('Oslo', 'c1', 'fc_2')])
    expect(ran).toEqual(['look Oslo'])
    expect(callIds(sent)).toEqual(['c1'])
    expect(codes).toEqual(['duplicate_call_id'])
  })

  it('that are the same in all, the item id too, are one', async () => {
    const { ran, sent } = await runItems([look('Oslo', 'c1', 'fc_1'), look('Oslo', 'c1', 'fc_1')])
    expect(ran).toEqual(['look Oslo'])
    expect(callIds(sent)).toEqual(['c1'])
  })

  it('that differ are both executed, each under an id of its own', async () => {
    const { ran, sent, codes } = await runItems([look('Oslo', 'c1', 'fc_1'), look('Bergen', 'c1', 'fc_2')])
    expect(ran).toEqual(['look Oslo', 'look Bergen'])
    expect(new Set(callIds(sent)).size).toBe(2)
    expect(callIds(sent)[0]).toBe('c1')
    expect(outputsOf(sent)).toEqual(['saw Oslo', 'saw Bergen'])
    expect(codes).toEqual(['duplicate_call_id'])
  })

  it('that differ but share the item id, too, leave no id twice', async () => {
    const { ran, sent } = await runItems([look('Oslo', 'c1', 'fc_1'), look('Bergen', 'c1', 'fc_1')])
    expect(ran).toEqual(['look Oslo', 'look Bergen'])
    expect(outputsOf(sent)).toEqual(['saw Oslo', 'saw Bergen'])
  })

  it('in different responses are both executed: some servers number each response anew', async () => {
    const { tools, ran } = traces()
    const { result } = await runOn(
      [sealed([look('Oslo', 'call_0')]), sealed([look('Bergen', 'call_0')]), 'ok'],
      { tools },
    )
    expect(ran).toEqual(['look Oslo', 'look Bergen'])
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'saw Bergen'])
    expect(callIds(result.history)).toEqual(['call_0', 'call_0'])
  })

  it('that the terminal event completes are still told apart', async () => {
    const bare = (city: string) => ({ ...look(city, 'c1'), status: undefined })
    const whole = ['Oslo', 'Oslo', 'Bergen'].map((city) => look(city, 'c1'))
    const { ran, sent } = await runItems([bare('Oslo'), bare('Oslo'), bare('Bergen')], { output: whole })
    expect(ran).toEqual(['look Oslo', 'look Bergen'])
    expect(outputsOf(sent)).toEqual(['saw Oslo', 'saw Bergen'])
  })
})

describe('a call without a usable call_id', () => {
  it.each([
    ['empty', ''],
    ['null', null],
    ['absent', undefined],
    ['a number', 7],
    ['an object', { a: 1 }],
  ])('(%s) gets one', async (_name, callId) => {
    const { ran, sent } = await runItems([look('Oslo', callId), look('Bergen', callId)])
    expect(ran).toEqual(['look Oslo', 'look Bergen'])
    expect(outputsOf(sent)).toEqual(['saw Oslo', 'saw Bergen'])
    const ids = callIds(sent)
    expect(new Set(ids).size).toBe(2)
    expect(ids.every((id) => typeof id === 'string' && id !== '')).toBe(true)
  })

  it('keeps its item id, and the reasoning before it', async () => {
    const reasoning = reasoningItem({ id: 'rs_1' })
    const { sent } = await runItems([reasoning, look('Oslo', '', 'fc_1')])
    expect(sent[1]).toEqual(reasoning)
    expect(sent[2]).toMatchObject({ type: 'function_call', id: 'fc_1' })
  })
})

describe('calls of a response that ended early', () => {
  const ended = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  it.each([
    ['the same call twice', [look('Oslo', 'c1', 'fc_1'), look('Oslo', 'c1', 'fc_2')]],
    ['two calls with one id', [look('Oslo', 'c1', 'fc_1'), look('Bergen', 'c1', 'fc_2')]],
    ['two calls without id', [look('Oslo', ''), look('Bergen', '')]],
    [
      'a function and a custom call with one id',
      [look('Oslo', 'c1'), { type: 'custom_tool_call', call_id: 'c1', name: 'note', input: 'x' }],
    ],
  ])('(%s) leave a valid history, sealed or not', async (_name, items) => {
    const { tools } = traces()
    for (const answer of [
      sealed(items, ended),
      { events: sealed(items, ended).events.filter((_, k, all) => k === 0 || k === all.length - 1) },
    ]) {
      const { result } = await runOn([answer], { tools })
      expect(result.stop).toEqual({ reason: 'incomplete', details: 'max_output_tokens' })
    }
  })
})

describe('item ids that come again', () => {
  it('in the next response are not sent twice', async () => {
    const { tools } = traces()
    const upstream = await serve({
      answers: [
        sealed([{ ...reasoningItem({ id: 'rs_0' }) }, look('Oslo', 'c1', 'fc_0')]),
        sealed([{ ...reasoningItem({ id: 'rs_0', summary: 'More.' }) }, look('Bergen', 'c2', 'fc_0')]),
        'ok',
      ],
    })
    const { result } = await outcomeOf(agent({ model: modelOf(upstream), tools }).run('Go'))
    expect(result.text).toBe('ok')
    const sent = upstream.requests[2]?.body.input as { id?: string; type: string }[]
    expect(sent.filter((item) => item.type === 'reasoning')).toHaveLength(2)
    expect(sent.flatMap(({ id }) => id ?? [])).toEqual(['rs_0', 'fc_0'])
  })

  it('of the input are not sent twice', async () => {
    const { tools } = traces()
    const { result, upstream } = await runOn(
      [sealed([look('Bergen', 'c2', 'fc_0')]), 'ok'],
      { tools },
      {
        input: [
          { type: 'message', role: 'user', content: 'Go' },
          look('Oslo', 'c1', 'fc_0'),
          { type: 'function_call_output', call_id: 'c1', output: 'saw Oslo' },
        ],
      },
    )
    expect(result.text).toBe('ok')
    const sent = upstream.requests[1]?.body.input as { id?: string }[]
    expect(sent.flatMap(({ id }) => id ?? [])).toEqual(['fc_0'])
  })
})

describe('calls of several kinds with one call_id', () => {
  it('are both executed and answered, each in its own kind', async () => {
    const note = customTool({ name: 'note', execute: (text) => `noted ${text}` })
    const { look: looks } = traces()
    const custom = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c1', name: 'note', input: 'hi' }
    const { result, upstream } = await runOn([sealed([look('Oslo', 'c1', 'fc_1'), custom]), 'ok'], {
      tools: [looks, note],
    })
    expect(outputsOf(result.history)).toEqual(['saw Oslo', 'noted hi'])
    const types = (upstream.requests[1]!.body.input as { type: string }[]).map(({ type }) => type)
    expect(types).toEqual([
      'message',
      'function_call',
      'custom_tool_call',
      'function_call_output',
      'custom_tool_call_output',
    ])
  })

  it('asked twice for one approval, the run waits once', async () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 's',
      name: 'f',
      arguments: '{}',
    }
    const { result } = await runOn([sealed([request, { ...request }])], {
      tools: [tool({ name: 'x', execute: () => 1 })],
    })
    expect(result.stop).toMatchObject({ reason: 'approval', pending: [{ callId: 'mcpr_1' }] })
    expect(result.stop.reason === 'approval' && result.stop.pending).toHaveLength(1)
  })

  it('with an id that other items have, too, a request for approval keeps it', async () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'it_1',
      server_label: 's',
      name: 'f',
      arguments: '{}',
    }
    const said = { type: 'message', id: 'it_1', role: 'assistant', status: 'completed', content: [] }
    const local = { type: 'local_shell_call', id: 'it_1', action: { type: 'exec', command: ['ls'] } }
    const { result } = await runOn([sealed([said, request, local])])
    const ids = result.history.slice(1).map((item) => {
      const { type, id, call_id: callId } = item as { type: string; id?: string; call_id?: string }
      return [type, id, callId]
    })
    expect(ids).toEqual([
      ['message', undefined, undefined],
      ['mcp_approval_request', 'it_1', undefined],
      ['local_shell_call', undefined, 'it_1'],
    ])
    const pending = result.stop.reason === 'approval' ? result.stop.pending : []
    expect(pending.map(({ callId }) => callId)).toEqual(['it_1', 'it_1'])
  })

  it('of one kind that the client answers otherwise are told apart, too', async () => {
    const shell = (command: string) => ({
      type: 'shell_call',
      id: `sh_${command}`,
      call_id: 'c1',
      action: { commands: [command] },
      status: 'completed',
    })
    const { result } = await runOn([sealed([shell('ls'), shell('pwd'), shell('ls')])])
    expect(result.stop.reason).toBe('approval')
    const pending = result.stop.reason === 'approval' ? result.stop.pending : []
    expect(new Set(pending.map(({ callId }) => callId)).size).toBe(pending.length)
    expect(pending.map(({ arguments: item }) => JSON.parse(item).action.commands[0])).toEqual(['ls', 'pwd'])
  })
})
