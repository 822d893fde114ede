import type { InputItem, OutputItem } from '@antiphon/client'
import {
  agent,
  answer,
  approve,
  customTool,
  type PendingCall,
  type RunResult,
  type RunState,
  reject,
  repairItems,
  tool,
  validateItems,
} from 'antiphon'
import { call, calls, collect, scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'

const overTheWire = (state: RunState | undefined): RunState => JSON.parse(JSON.stringify(state))

const pendingOf = (result: RunResult<unknown>): readonly PendingCall[] => {
  if (result.stop.reason !== 'approval') throw new Error(`Expected an approval, got ${result.stop.reason}.`)
  return result.stop.pending
}

const make = (item: object): OutputItem => item as OutputItem

const SHELL = make({
  type: 'shell_call',
  id: 'sh_1',
  call_id: 'call_sh',
  action: { commands: ['ls'], timeout_ms: null, max_output_length: null },
  status: 'completed',
  environment: { type: 'local' },
})
const PATCH = make({
  type: 'apply_patch_call',
  id: 'ap_1',
  call_id: 'call_ap',
  status: 'completed',
  operation: { type: 'delete_file', path: 'a.txt' },
})
const LOCAL = make({
  type: 'local_shell_call',
  id: 'ls_1',
  call_id: 'call_ls',
  status: 'completed',
  action: { type: 'exec', command: ['ls'], env: {} },
})
const COMPUTER = make({
  type: 'computer_call',
  id: 'cu_1',
  call_id: 'call_cu',
  status: 'completed',
  action: { type: 'screenshot' },
  pending_safety_checks: [],
})
const MCP = make({
  type: 'mcp_approval_request',
  id: 'mcpr_1',
  server_label: 'files',
  name: 'delete',
  arguments: '{"path":"a"}',
})
const CLIENT_ITEMS: [string, OutputItem][] = [
  ['shell_call', SHELL],
  ['apply_patch_call', PATCH],
  ['local_shell_call', LOCAL],
  ['computer_call', COMPUTER],
  ['mcp_approval_request', MCP],
]

const shellOutput = (stdout: string): InputItem =>
  ({
    type: 'shell_call_output',
    call_id: 'call_sh',
    output: [{ stdout, stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
  }) as InputItem

describe('a shell call', () => {
  const setUp = () => {
    const side = tool({ name: 'side', execute: () => 'aside' })
    const model = scripted([{ calls: [call('side')], items: [SHELL] }, text('Done.')])
    return { model, assistant: agent({ model, tools: [side] }) }
  }

  it("is the caller's to answer, with the item of its kind", async () => {
    const { model, assistant } = setUp()
    const first = await assistant.run('Go').result()
    expect(pendingOf(first)).toEqual([
      expect.objectContaining({ kind: 'output', callId: 'call_sh', itemType: 'shell_call' }),
    ])
    expect(JSON.parse(pendingOf(first)[0]?.arguments ?? '')).toEqual(SHELL)
    const decisions = pendingOf(first).map((one) => answer(one, shellOutput('a.txt')))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(result.text).toBe('Done.')
    expect(model.requests[1]?.input).toEqual([
      expect.objectContaining({ role: 'user' }),
      expect.objectContaining({ type: 'function_call' }),
      SHELL,
      { type: 'function_call_output', call_id: 'call_1', output: 'aside' },
      shellOutput('a.txt'),
    ])
    expect(validateItems(result.history)).toEqual([])
  })

  it.each<[string, (one: PendingCall) => ReturnType<typeof answer>, RegExp]>([
    ['approved', (one) => approve(one), /waits for an output/],
    ['answered with text', (one) => answer(one, 'a.txt'), /whole item of type "shell_call_output"/],
    [
      'answered with an item of another kind',
      (one) => answer(one, { type: 'function_call_output', call_id: 'call_sh', output: 'x' }),
      /whole item of type "shell_call_output"/,
    ],
    [
      'answered for another call',
      (one) => answer(one, { ...shellOutput('x'), call_id: 'call_other' }),
      /for call call_other/,
    ],
  ])('cannot be %s', async (_name, decide, message) => {
    const { model, assistant } = setUp()
    const first = await assistant.run('Go').result()
    const run = assistant.resume(overTheWire(first.state), pendingOf(first).map(decide))
    await expect(run.result()).rejects.toMatchObject({
      code: 'invalid_decision',
      message: expect.stringMatching(message),
    })
    expect(model.requests).toHaveLength(1)
  })

  it('in a container of the provider is answered there', async () => {
    const environment = { type: 'container_reference', container_id: 'cntr_1' }
    const output = make({ ...shellOutput('a.txt'), id: 'sho_1', status: 'completed' })
    for (const hosted of [make({ ...SHELL, environment }), make({ ...SHELL, environment: null })]) {
      const model = scripted([{ items: [hosted, output], text: 'There is a.txt.' }])
      const result = await agent({ model, tools: [{ type: 'shell' } as never] })
        .run('Go')
        .result()
      expect(result.stop).toEqual({ reason: 'done' })
      expect(result.toolCalls).toBe(1)
      expect(result.items.map((item) => item.type)).toEqual(['message', 'shell_call', 'shell_call_output'])
      expect(validateItems(result.history)).toEqual([])
    }
  })
})

describe('a request for approval of an MCP call', () => {
  const setUp = () => {
    const model = scripted([{ items: [MCP] }, text('Done.')])
    const tools = [{ type: 'mcp', server_label: 'files', server_url: 'https://mcp.example' } as never]
    return { model, assistant: agent({ model, tools }) }
  }

  it.each<[string, (one: PendingCall) => ReturnType<typeof reject>, object]>([
    ['approved', (one) => approve(one), { approve: true }],
    ['rejected', (one) => reject(one, 'not this'), { approve: false, reason: 'not this' }],
    ['rejected without reason', (one) => reject(one), { approve: false }],
  ])('is %s on the wire', async (_name, decide, fields) => {
    const { model, assistant } = setUp()
    const first = await assistant.run('Go').result()
    expect(pendingOf(first)).toEqual([
      expect.objectContaining({
        kind: 'approval',
        callId: 'mcpr_1',
        name: 'delete',
        arguments: '{"path":"a"}',
        itemType: 'mcp_approval_request',
      }),
    ])
    const result = await assistant.resume(overTheWire(first.state), pendingOf(first).map(decide)).result()
    expect(model.requests[1]?.input?.at(-1)).toEqual({
      type: 'mcp_approval_response',
      approval_request_id: 'mcpr_1',
      ...fields,
    })
    expect(validateItems(result.history)).toEqual([])
  })

  it.each<[string, (one: PendingCall) => ReturnType<typeof answer>]>([
    ['with other arguments', (one) => approve(one, { arguments: { path: 'b' } })],
    ['with an output', (one) => answer(one, 'deleted')],
  ])('cannot be decided %s: the provider runs what it asked for', async (_name, decide) => {
    const { model, assistant } = setUp()
    const first = await assistant.run('Go').result()
    const run = assistant.resume(overTheWire(first.state), pendingOf(first).map(decide))
    await expect(run.result()).rejects.toMatchObject({ code: 'invalid_decision' })
    expect(model.requests).toHaveLength(1)
  })
})

describe.each(CLIENT_ITEMS)('a %s', (type, item) => {
  it('leaves a valid history when the run is cancelled', async () => {
    const hang = tool({ name: 'hang', execute: () => new Promise<never>(() => undefined) })
    const model = scripted([{ calls: [call('hang')], items: [item] }])
    const run = agent({ model, tools: [hang] }).run('Go')
    run.on('tool.started', () => run.cancel())
    const events = await collect(run)
    const result = await run.result()
    expect(result.stop.reason).toBe('cancelled')
    expect(validateItems(result.history)).toEqual([])
    expect(events.some((event) => event.type === 'tool.pending')).toBe(false)
  })

  it('leaves a valid history when the response ends early', async () => {
    const model = scripted([{ items: [item], incomplete: 'max_output_tokens' }])
    const result = await agent({ model }).run('Go').result()
    expect(result.stop).toEqual({ reason: 'incomplete', details: 'max_output_tokens' })
    expect(validateItems(result.history)).toEqual([])
  })

  it('is not awaited in the last turn at a limit', async () => {
    const side = tool({ name: 'side', execute: () => 'aside' })
    const model = scripted([calls(call('side')), { text: 'So far.', items: [item] }])
    const result = await agent({ model, tools: [side], limits: { turns: 1 } })
      .run('Go')
      .result()
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'turns' })
    expect(result.text).toBe('So far.')
    expect(validateItems(result.history)).toEqual([])
  })

  it('waits beside an approval, and a rejection mends what can be mended', async () => {
    const model = scripted([{ items: [item] }, text('Ok.')])
    const assistant = agent({ model })
    const first = await assistant.run('Go').result()
    const run = assistant.resume(
      overTheWire(first.state),
      pendingOf(first).map((one) => reject(one, 'no')),
    )
    if (type === 'computer_call') {
      await expect(run.result()).rejects.toMatchObject({ code: 'invalid_decision' })
      return
    }
    const result = await run.result()
    expect(result.text).toBe('Ok.')
    expect(validateItems(result.history)).toEqual([])
    expect(JSON.stringify(result.history)).toContain('no')
  })

  it('is mended by repairItems when nobody answered', () => {
    const items: InputItem[] = [{ type: 'message', role: 'user', content: 'Go' }, item as InputItem]
    expect(validateItems(items)).toHaveLength(1)
    expect(validateItems(repairItems(items))).toEqual([])
  })
})

describe('a budget', () => {
  it('counts client-side calls, and refuses those beyond it in their own kind', async () => {
    const second = make({ ...SHELL, id: 'sh_2', call_id: 'call_sh2' })
    const model = scripted([{ items: [SHELL, second] }, text('Ok.')])
    const assistant = agent({ model, limits: { toolCalls: 1 } })
    const first = await assistant.run('Go').result()
    expect(pendingOf(first).map((one) => one.callId)).toEqual(['call_sh'])
    const decisions = pendingOf(first).map((one) => answer(one, shellOutput('a')))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(result.toolCalls).toBe(1)
    expect(result.stop).toMatchObject({ reason: 'limit', limit: 'toolCalls' })
    expect(result.history).toContainEqual(
      expect.objectContaining({ type: 'shell_call_output', call_id: 'call_sh2' }),
    )
    expect(validateItems(result.history)).toEqual([])
  })
})

describe('a custom tool', () => {
  const sql = (needsApproval: boolean, ran: string[]) =>
    customTool({
      name: 'sql',
      needsApproval,
      execute: (input) => {
        ran.push(input)
        return 'ok'
      },
    })
  const custom = make({
    type: 'custom_tool_call',
    id: 'ctc_1',
    call_id: 'call_c',
    name: 'sql',
    input: 'select 1',
  })

  it('gets its text and answers in its own kind', async () => {
    const ran: string[] = []
    const model = scripted([{ items: [custom] }, text('Done.')])
    const result = await agent({ model, tools: [sql(false, ran)] })
      .run('Go')
      .result()
    expect(ran).toEqual(['select 1'])
    expect(result.history).toContainEqual({
      type: 'custom_tool_call_output',
      call_id: 'call_c',
      output: 'ok',
    })
    expect(model.requests[0]?.tools).toEqual([{ type: 'custom', name: 'sql' }])
  })

  it('may wait for approval, also with an edited text', async () => {
    const ran: string[] = []
    const model = scripted([{ items: [custom] }, text('Done.')])
    const assistant = agent({ model, tools: [sql(true, ran)] })
    const first = await assistant.run('Go').result()
    const decisions = pendingOf(first).map((one) => approve(one, { arguments: 'select 2' }))
    const result = await assistant.resume(overTheWire(first.state), decisions).result()
    expect(ran).toEqual(['select 2'])
    expect(validateItems(result.history)).toEqual([])
  })
})
