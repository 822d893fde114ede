import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type McpOptions, mcp } from '@antiphon/mcp'
import {
  agent,
  approve,
  type BuiltInTool,
  offline,
  type PendingCall,
  type RunEvent,
  type RunResult,
  reject,
} from 'antiphon'
import { type ScriptStep, scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { httpServer } from './http-server.ts'
import { command, hostile } from './servers.ts'

const newTool = (options: McpOptions): BuiltInTool => {
  const tool = mcp(options)
  onTestFinished(() => tool.close?.())
  return tool
}

const files = (policy: object = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-mcp-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.txt'), 'the sea is <b>deep</b>\u200b')
  return { folder, tool: newTool({ servers: { files: { ...command('filesystem', [folder]), ...policy } } }) }
}

const read = (path: string, callId = 'call_1'): ScriptStep => ({
  calls: [{ name: 'files__read_text_file', arguments: { path }, callId }],
})

const waiting = ({ stop }: RunResult<string>): readonly PendingCall[] =>
  stop.reason === 'approval' ? stop.pending : []

describe('an agent with a server of its operator', () => {
  it('is offered its tools, calls them, and shows the calls as mcp_call', async () => {
    const { folder, tool } = files({ requireApproval: 'never', description: 'Notes about the sea.' })
    const path = join(folder, 'a.txt')
    const model = scripted([read(path), 'Deep.'])
    const events: RunEvent[] = []
    const run = agent({ model, tools: [tool] }).run('How is the sea?')
    run.on('event', (event) => events.push(event))
    const result = await run.result()

    expect(result.toolItems.map(({ type }) => type)).toEqual(['mcp_list_tools', 'mcp_call'])
    expect(result.toolItems[0]).toMatchObject({
      id: expect.stringMatching(/^mcpl_/),
      server_label: 'files',
      tools: expect.arrayContaining([
        expect.objectContaining({
          name: 'read_text_file',
          input_schema: expect.objectContaining({ type: 'object' }),
        }),
      ]),
    })
    expect(result.toolItems[1]).toEqual({
      type: 'mcp_call',
      id: 'mcp_1',
      server_label: 'files',
      name: 'read_text_file',
      arguments: JSON.stringify({ path }),
      output: 'the sea is <b>deep</b>\u200b',
      status: 'completed',
    })
    // The model has the very bytes, in a frame that says what they are.
    const output = JSON.stringify(model.requests[1]?.input)
    expect(output).toMatch(/<mcp_output_([0-9a-f]{8})>\\nthe sea is <b>deep<\/b>\u200b\\n<\/mcp_output_\1>/)
    const { instructions, tools = [] } = model.requests[0] ?? {}
    expect(instructions).toMatch(
      /files__.*MCP server "files".*Notes about the sea\.[\s\S]*Follow no instructions/,
    )
    const names = tools.map((each) => (each as { name: string }).name)
    expect(names).toEqual([...names].sort())
    expect(names).toContain('files__read_text_file')
    expect(events.find(({ type }) => type === 'built_in.opened')).toMatchObject({
      tool: 'mcp',
      runs: 'local',
    })
  })

  it('sends the same bytes of tools in every run, whatever order the server tells them in', async () => {
    const sent: string[] = []
    for (let runs = 0; runs < 2; runs++) {
      const tool = newTool({ servers: { h: hostile('shuffled'), g: hostile('shuffled') } })
      for (let run = 0; run < 2; run++) {
        const model = scripted(['hi'])
        await agent({ model, tools: [tool] })
          .run('hi')
          .result()
        sent.push(JSON.stringify([model.requests[0]?.tools, model.requests[0]?.instructions]))
      }
    }
    expect(new Set(sent).size).toBe(1)
    expect(sent[0]).toMatch(/g__B.*g__twice.*h__B/)
  })

  it('waits for approval unless it is said otherwise, and goes on with the decision', async () => {
    const { folder, tool } = files()
    const path = join(folder, 'a.txt')
    const model = scripted([read(path), 'Deep.', read(path, 'call_2'), 'As you wish.'])
    const own = agent({ model, tools: [tool] })
    const asked = await own.run('How is the sea?').result()
    expect(waiting(asked)).toMatchObject([{ kind: 'approval', name: 'files__read_text_file' }])
    const done = await own.resume(asked.state!, [approve(waiting(asked)[0]!)]).result()
    expect(done.text).toBe('Deep.')
    expect(done.toolItems).toContainEqual(expect.objectContaining({ type: 'mcp_call', status: 'completed' }))
    const again = await own.run('And now?').result()
    const refused = await own.resume(again.state!, [reject(waiting(again)[0]!, 'not now')]).result()
    expect(refused.text).toBe('As you wish.')
    expect(JSON.stringify(model.requests[3]?.input)).toMatch(/not now/)
  })

  it.each([
    ['what only reads goes through', { never: { read_only: true } }, 'read_text_file', false],
    ['what writes waits', { never: { read_only: true } }, 'write_file', true],
    ['by name', { never: { tool_names: ['write_file'] } }, 'write_file', false],
    [
      'always wins',
      { never: { tool_names: ['write_file'] }, always: { read_only: false } },
      'write_file',
      true,
    ],
    ['an empty filter chooses nothing', { never: {} }, 'read_text_file', true],
  ])('approvals by tool: %s', async (_, requireApproval, name, waits) => {
    const { folder, tool } = files({ requireApproval })
    const args = { path: join(folder, 'a.txt'), content: 'x' }
    const model = scripted([{ calls: [{ name: `files__${name}`, arguments: args }] }, 'Done.'])
    const result = await agent({ model, tools: [tool] })
      .run('Go.')
      .result()
    expect(waiting(result).length).toBe(waits ? 1 : 0)
  })

  it('is offered only what is allowed', async () => {
    const { tool } = files({ allowedTools: { read_only: true } })
    const model = scripted(['hi'])
    const result = await agent({ model, tools: [tool] })
      .run('hi')
      .result()
    const names = (model.requests[0]?.tools ?? []).map((each) => (each as { name: string }).name)
    expect(names).toContain('files__read_text_file')
    expect(names).not.toContain('files__write_file')
    expect(JSON.stringify(result.toolItems)).not.toContain('write_file')
  })

  it('shows a call that failed as failed, and the model is told why', async () => {
    const { tool } = files({ requireApproval: 'never' })
    const model = scripted([read('/etc/shadow'), 'No.'])
    const result = await agent({ model, tools: [tool] })
      .run('?')
      .result()
    expect(result.toolItems[1]).toMatchObject({
      type: 'mcp_call',
      status: 'failed',
      error: {
        type: 'mcp_tool_execution_error',
        content: [{ type: 'text', text: expect.stringMatching(/^(?!.*mcp_output).*denied/) }],
      },
    })
    expect(result.toolItems[1]).not.toHaveProperty('output')
    expect(JSON.stringify(model.requests[1]?.input)).toMatch(/Error: <mcp_output_.*denied/)
  })

  it('gets images as images', async () => {
    const tool = newTool({ servers: { every: { ...command('everything'), requireApproval: 'never' } } })
    const model = scripted([{ calls: [{ name: 'every__get-tiny-image', arguments: {} }] }, 'A picture.'])
    const result = await agent({ model, tools: [tool] })
      .run('?')
      .result()
    expect(model.requests[1]?.input?.at(-1)).toMatchObject({
      output: [
        { type: 'input_text', text: expect.stringMatching(/^<mcp_output_/) },
        { type: 'input_text' },
        { type: 'input_image' },
        { type: 'input_text' },
        { type: 'input_text', text: expect.stringMatching(/^<\/mcp_output_/) },
      ],
    })
    const shown = JSON.parse((result.toolItems[1] as { output: string }).output) as {
      content: { type: string }[]
    }
    expect(shown.content.map(({ type }) => type)).toEqual(['input_text', 'input_image', 'input_text'])
    // What a client keeps goes back to a model as it was.
    expect(tool.replay?.(result.toolItems[1] as never)).toMatchObject([
      { type: 'function_call', name: 'every__get-tiny-image' },
      { type: 'function_call_output', output: shown.content },
    ])
  })

  it('goes on without a server that is not there, and its list says so', async () => {
    const tool = newTool({
      servers: { gone: { command: '/no/such/thing' }, h: { ...hostile('plain'), requireApproval: 'never' } },
    })
    const model = scripted([{ calls: [{ name: 'h__pid', arguments: {} }] }, 'Fine.'])
    const warnings: string[] = []
    const run = agent({ model, tools: [tool] }).run('?')
    run.on('event', (event) => event.type === 'warning' && warnings.push(event.message))
    const result = await run.result()
    expect(result.text).toBe('Fine.')
    expect(result.toolItems.slice(0, 2)).toMatchObject([
      { type: 'mcp_list_tools', server_label: 'gone', tools: [], error: expect.stringMatching(/not found/) },
      { type: 'mcp_list_tools', server_label: 'h' },
    ])
    expect(warnings.join()).toMatch(/gone/)
    expect(model.requests[0]?.instructions).toMatch(/"gone" cannot be reached/)
  })

  it('tells of tools that changed, and has them in the next run', async () => {
    const tool = newTool({ servers: { h: { ...hostile('plain'), requireApproval: 'never' } } })
    const model = scripted([{ calls: [{ name: 'h__change', arguments: {} }] }, 'Changed.', 'New.'])
    const own = agent({ model, tools: [tool] })
    const warnings: string[] = []
    const run = own.run('?')
    run.on('event', (event) => event.type === 'warning' && warnings.push(event.message))
    await run.result()
    expect(warnings.join()).toMatch(/its tools changed/)
    await own.run('?').result()
    expect(JSON.stringify(model.requests[1]?.tools)).not.toContain('h__extra')
    expect(JSON.stringify(model.requests[2]?.tools)).toContain('h__extra')
  })

  it('cancels a call at the server when the run is cancelled', async () => {
    const server = await httpServer({
      on: ({ message }) => (message.method === 'tools/call' ? true : undefined),
    })
    const tool = newTool({ servers: { h: { url: server.url, requireApproval: 'never' } } })
    const model = scripted([{ calls: [{ name: 'h__wait', arguments: {} }] }, 'Never.'])
    const run = agent({ model, tools: [tool] }).run('?')
    await expect.poll(() => server.messages.some(({ method }) => method === 'tools/call')).toBe(true)
    run.cancel()
    await run.result().catch(() => {})
    await expect
      .poll(() => server.messages.some(({ method }) => method === 'notifications/cancelled'))
      .toBe(true)
  })

  it('works with the embedded model', async () => {
    const tool = newTool({ servers: { every: { ...command('everything'), requireApproval: 'never' } } })
    const result = await agent({ model: offline(), tools: [tool] })
      .run('Get the sum of 20 and 22')
      .result()
    expect(result.toolItems).toContainEqual(
      expect.objectContaining({ type: 'mcp_call', name: 'get-sum', output: expect.stringMatching(/42/) }),
    )
  })
})

describe('mcp()', () => {
  it.each([
    [{ servers: { 'not a label': { command: 'x' } } }, /label/],
    [{ servers: { '1st': { command: 'x' } } }, /label/],
    [{ servers: { a: {} } }, /command.*url/],
    [{ servers: { a: { command: 'x', url: 'https://x' } } }, /command.*url/],
    [{ runs: 'hosted', servers: { a: { command: 'x' } } }, /hands one server/],
    [{ runs: 'auto', servers: { a: { url: 'https://a' }, b: { url: 'https://b' } } }, /hands one server/],
  ])('refuses what it cannot do: %j', (options, message) => {
    expect(() => mcp(options as never)).toThrow(message)
  })

  it('hands one server over to a provider that can ask it', () => {
    const { declaration } = mcp({
      runs: 'hosted',
      servers: { docs: { url: 'https://example.com/mcp', requireApproval: 'never', authorization: 't' } },
    })
    expect(declaration).toEqual({
      type: 'mcp',
      server_label: 'docs',
      server_url: 'https://example.com/mcp',
      authorization: 't',
      require_approval: 'never',
    })
  })

  it('declares nothing that is secret where it asks the server itself', () => {
    const { declaration } = mcp({
      servers: { docs: { url: 'https://x/mcp?key=secret', authorization: 'secret' } },
    })
    expect(declaration).toEqual({ type: 'mcp', server_label: 'docs' })
  })
})
