import { createHash } from 'node:crypto'
import type { InputItem } from '@antiphon/client'
import { agent, approve, customTool, tool, validateItems } from 'antiphon'
import { call, callItem, calls, messageItem, reasoningItem } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { modelOf, outcomeOf, runOn, sealed, serve, traces, watchProcess } from '../faults-world.ts'

watchProcess()

type Sent = { type: string; id?: string; call_id?: string; [field: string]: unknown }[]
type Requests = { requests: readonly { body: { input?: unknown } }[] }

const inputOf = ({ requests }: Requests, n: number): Sent => requests[n]!.body.input as Sent
const look = (callId: string, id = `fc_${callId}`) => callItem('look', { city: 'Oslo' }, callId, { id })

describe('pitfall 1: a call and its reasoning belong together', () => {
  it('sends the whole output of every turn back, in order, nothing left out', async () => {
    const { tools } = traces()
    const first = [
      reasoningItem({ id: 'rs_1' }),
      look('c1'),
      reasoningItem({ id: 'rs_2' }),
      messageItem('Hm.', { id: 'msg_1' }),
      look('c2'),
    ]
    const second = [reasoningItem({ id: 'rs_3' }), look('c3')]
    const { upstream, result } = await runOn([sealed(first), sealed(second), 'ok'], { tools })
    const outputs = (...ids: string[]) =>
      ids.map((call_id) => ({ type: 'function_call_output', call_id, output: 'saw Oslo' }))
    const expected = [...first, ...outputs('c1', 'c2'), ...second, ...outputs('c3')]
    expect(inputOf(upstream, 2).slice(1)).toEqual(JSON.parse(JSON.stringify(expected)))
    expect(result.history.slice(1, -1)).toEqual(JSON.parse(JSON.stringify(expected)))
  })

  it('leaves out the reasoning and its followers together when the response failed', async () => {
    const { tools } = traces()
    const { result } = await runOn(
      [{ ...sealed([reasoningItem({ id: 'rs_1' }), look('c1')]), noTerminal: true }],
      { tools },
    )
    expect(result.items).toEqual([])
  })
})

describe('pitfall 2: ids of items that a server does not keep', () => {
  it('are left out with store: false, and the encrypted content stays', async () => {
    const { tools } = traces()
    const items = [
      reasoningItem({ id: 'rs_1', encryptedContent: 'sealed' }),
      messageItem('Hm.', { id: 'msg_1' }),
      look('c1'),
    ]
    const { upstream, result } = await runOn([sealed(items), 'ok'], { tools, settings: { store: false } })
    const sent = inputOf(upstream, 1)
    expect(sent.map(({ type }) => type)).toEqual([
      'message',
      'reasoning',
      'message',
      'function_call',
      'function_call_output',
    ])
    expect(sent.filter((item) => 'id' in item)).toEqual([])
    expect(sent[1]).toMatchObject({ encrypted_content: 'sealed' })
    expect(result.items.slice(0, 3)).toEqual(JSON.parse(JSON.stringify(items)))
  })

  it('take reasoning along that nobody could read', async () => {
    const { tools } = traces()
    const { encrypted_content: _, ...unreadable } = reasoningItem({ id: 'rs_1' })
    const { upstream } = await runOn([sealed([unreadable, look('c1')]), 'ok'], {
      tools,
      settings: { store: false },
    })
    expect(inputOf(upstream, 1).map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call_output',
    ])
  })

  it('stay where the server keeps them', async () => {
    const { tools } = traces()
    const { upstream } = await runOn([sealed([reasoningItem({ id: 'rs_1' }), look('c1')]), 'ok'], { tools })
    expect(inputOf(upstream, 1).flatMap(({ id }) => id ?? [])).toEqual(['rs_1', 'fc_c1'])
  })
})

describe('pitfall 3: encrypted content that another endpoint made', () => {
  const refused = {
    status: 400,
    body: { error: { message: 'Could not be verified.', code: 'invalid_encrypted_content' } },
  }

  it('is dropped once it is refused, and no tool runs again', async () => {
    const { tools, ran } = traces()
    const { upstream, result } = await runOn(
      [
        sealed([reasoningItem({ id: 'rs_1' }), look('c1')]),
        refused,
        sealed([reasoningItem({ id: 'rs_2' }), look('c2')]),
        'ok',
      ],
      { tools },
    )
    expect(result.text).toBe('ok')
    expect(ran).toEqual(['look Oslo', 'look Oslo'])
    expect(inputOf(upstream, 1).some(({ type }) => type === 'reasoning')).toBe(true)
    for (const n of [2, 3]) {
      expect(inputOf(upstream, n).some(({ type }) => type === 'reasoning')).toBe(false)
      // An id would tie the call to the reasoning that is not there.
      expect(inputOf(upstream, n).some(({ id }) => id?.startsWith('fc_'))).toBe(false)
    }
    expect(result.items.filter(({ type }) => type === 'reasoning')).toHaveLength(2)
  })

  it('is an error when it is refused all the same', async () => {
    const { tools } = traces()
    const { upstream, error } = await runOn([sealed([reasoningItem(), look('c1')]), refused, refused], {
      tools,
    })
    expect(error?.code).toBe('bad_request')
    expect(upstream.requests).toHaveLength(3)
  })
})

describe('pitfall 6: items that the server has already', () => {
  it.each([
    ['previous_response_id', { state: 'server' as const }],
    ['a conversation', { state: { conversation: 'conv_1' } }],
  ])('are not sent again with %s', async (_name, options) => {
    const { tools } = traces()
    const { upstream, result } = await runOn(
      [calls(call('look', { city: 'Oslo' }, 'c1')), calls(call('look', { city: 'Rome' }, 'c2')), 'ok'],
      { tools, ...options },
    )
    expect(inputOf(upstream, 0)).toHaveLength(1)
    expect(inputOf(upstream, 1)).toEqual([
      { type: 'function_call_output', call_id: 'c1', output: 'saw Oslo' },
    ])
    expect(inputOf(upstream, 2)).toEqual([
      { type: 'function_call_output', call_id: 'c2', output: 'saw Rome' },
    ])
    expect(validateItems(result.history)).toEqual([])
    expect(result.history).toHaveLength(6)
  })
})

describe('pitfall 7: ids that were made up', () => {
  it('are none: what we add has no id, and a call_id is never put into one', async () => {
    const { tools } = traces()
    const upstream = await serve({ answers: [sealed([look('c1', 'fc_9')]), 'ok', 'more'] })
    const run = agent({ model: modelOf(upstream), tools }).run('Go')
    run.followUp('And then?')
    const { result } = await outcomeOf(run)
    const ours = result.history.filter(({ type }) => type === 'function_call_output' || type === 'message')
    expect(ours.filter((item) => 'id' in item && !String(item.id).startsWith('msg_'))).toEqual([])
    const last = inputOf(upstream, 2)
    expect(
      last
        .filter((item) => item.role === 'user' || item.type === 'function_call_output')
        .some((item) => 'id' in item),
    ).toBe(false)
    expect(last.find(({ type }) => type === 'function_call')?.id).toBe('fc_9')
  })
})

describe('pitfall 8: call ids longer than 64 characters', () => {
  it('become the same short one for a call and its output, and two never meet', async () => {
    const { tools } = traces()
    const long = ['a', 'b'].map((end) => `call_${'x'.repeat(80)}${end}`) as [string, string]
    const { upstream, result } = await runOn([sealed([look(long[0]), look(long[1])]), 'ok'], { tools })
    const sent = inputOf(upstream, 1)
    const ids = sent.flatMap(({ call_id }) => call_id ?? [])
    expect(ids.every((id) => id.length <= 64)).toBe(true)
    expect(ids.slice(0, 2)).toEqual(ids.slice(2))
    expect(new Set(ids).size).toBe(2)
    expect(ids[0]).toContain(createHash('sha256').update(long[0]).digest('hex').slice(0, 16))
    expect(result.items.flatMap((item) => ('call_id' in item ? item.call_id : []))).toEqual([
      ...long,
      ...long,
    ])
    expect(validateItems(sent as never)).toEqual([])
  })

  it('stay at exactly 64', async () => {
    const { tools } = traces()
    const id = 'y'.repeat(64)
    const { upstream } = await runOn([sealed([look(id)]), 'ok'], { tools })
    expect(inputOf(upstream, 1).flatMap(({ call_id }) => call_id ?? [])).toEqual([id, id])
  })
})

describe('pitfall 9: ids of a framework in the place of the call_id', () => {
  it.each(['call_abc', 'toolu_01', '0', 'chatcmpl-tool-ü', 'with spaces'])(
    '%j goes back as it came',
    async (callId) => {
      const { tools } = traces()
      const { upstream, events } = await runOn([sealed([look(callId, 'fc_other')]), 'ok'], { tools })
      expect(inputOf(upstream, 1).flatMap(({ call_id }) => call_id ?? [])).toEqual([callId, callId])
      expect(events.find((event) => event.type === 'tool.ended')).toMatchObject({ callId })
    },
  )
})

describe('pitfall 11: references in the place of calls', () => {
  it('are never sent: every call goes back in full', async () => {
    const { tools } = traces()
    const { upstream } = await runOn(
      [sealed([look('c1'), look('c2')]), sealed([look('c3'), look('c4')]), 'ok'],
      { tools },
    )
    for (const { text } of upstream.requests) expect(text).not.toContain('item_reference')
    const sentCalls = inputOf(upstream, 2).filter(({ type }) => type === 'function_call')
    expect(sentCalls.map((item) => item.arguments)).toEqual(Array(4).fill('{"city":"Oslo"}'))
  })
})

describe('pitfall 38: approvals of MCP calls', () => {
  const list = { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'files', tools: [] }
  const request = {
    type: 'mcp_approval_request',
    id: 'mcpr_1',
    server_label: 'files',
    name: 'delete',
    arguments: '{}',
  }

  it.each([{}, { store: false }])(
    'answer the id of the request, after the list and the request (%j)',
    async (settings) => {
      const upstream = await serve({ answers: [sealed([list, request, { ...request }]), 'Deleted.'] })
      const assistant = agent({
        model: modelOf(upstream),
        tools: [{ type: 'mcp', server_label: 'files', server_url: 'http://files.invalid' } as never],
        settings,
      })
      const { result } = await outcomeOf(assistant.run('Go'))
      if (result.stop.reason !== 'approval')
        throw new Error(`Expected an approval, got ${result.stop.reason}.`)
      expect(result.stop.pending.map(({ callId }) => callId)).toEqual(['mcpr_1'])
      const resumed = await outcomeOf(
        assistant.resume(
          JSON.parse(JSON.stringify(result.state)),
          result.stop.pending.map((one) => approve(one)),
        ),
      )
      expect(resumed.result.text).toBe('Deleted.')
      expect(inputOf(upstream, 1).slice(1)).toMatchObject([
        { type: 'mcp_list_tools', server_label: 'files' },
        { type: 'mcp_approval_request', id: 'mcpr_1' },
        { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      ])
    },
  )
})

describe('pitfall 39: items of several types with one call_id', () => {
  it('are matched by type and id', async () => {
    const note = customTool({ name: 'note', execute: () => 'noted' })
    const { look: looks } = traces()
    const history: InputItem[] = [
      { type: 'message', role: 'user', content: 'Go' },
      look('c1'),
      { type: 'custom_tool_call', call_id: 'c1', name: 'note', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'noted' },
      { type: 'function_call_output', call_id: 'c1', output: 'saw Oslo' },
    ]
    expect(validateItems(history)).toEqual([])
    expect(validateItems(history.slice(0, -1))).toMatchObject([{ code: 'missing_output', index: 1 }])
    expect(
      validateItems([history[2]!, history[4]!])
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['missing_output', 'orphan_output'])
    const { result } = await runOn(['ok'], { tools: [looks, note] }, { input: history })
    expect(result.text).toBe('ok')
  })
})

describe('pitfall 41: phases', () => {
  it('go back with their messages, and commentary is not the answer', async () => {
    const { tools } = traces()
    const spoken = (text: string, phase: string, id: string) => ({ ...messageItem(text, { id }), phase })
    const first = [spoken('I look.', 'commentary', 'm1'), look('c1')]
    const last = [spoken('It rains.', 'final_answer', 'm2'), spoken('That was easy.', 'commentary', 'm3')]
    const { upstream, result } = await runOn([sealed(first), sealed(last)], { tools })
    expect(inputOf(upstream, 1)[1]).toMatchObject({ phase: 'commentary' })
    expect(result.text).toBe('It rains.')
    expect(result.history.flatMap((item) => ('phase' in item ? item.phase : []))).toEqual([
      'commentary',
      'final_answer',
      'commentary',
    ])
  })

  it('are kept in a structured answer, too', async () => {
    const { look: looks } = traces()
    const quiet = tool({ name: 'quiet', execute: () => 1 })
    const { result } = await runOn(
      [sealed([{ ...messageItem('Working.', { id: 'm1' }), phase: 'commentary' }])],
      { tools: [looks, quiet] },
    )
    expect(result.text).toBe('Working.')
  })
})
