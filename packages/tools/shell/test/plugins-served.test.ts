import type { ResponseEvent } from '@antiphon/client'
import { serve } from '@antiphon/server'
import { type ScriptStep, scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { applyPatch, localShell, shell } from '../src/index.ts'
import { scratch } from './scratch.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const served = async (root: string, steps: readonly ScriptStep[]) => {
  const model = scripted(steps)
  const options = { root, dangerouslyRunWithoutSandbox: true }
  const server = serve(model, {
    store: 'memory',
    tools: [shell(options), localShell(options), applyPatch({ root })],
  })
  open.push(server)
  const { url } = await server.listen(0)
  return {
    model,
    name: server.models[0] ?? '',
    client: new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 }),
  }
}

const shellTool = { type: 'shell', environment: { type: 'container_auto' } } as const
const patch = '*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch\n'

describe('with the official SDK', () => {
  it('shell calls come as shell_call and shell_call_output, plain and raw streamed, and the history goes on', async () => {
    const { root } = await scratch({ 'a.txt': 'one\n' })
    const call = { calls: [{ name: 'shell', arguments: { commands: ['cat a.txt', 'wc -l a.txt'] } }] }
    const { client, name, model } = await served(root, [call, 'It says one.', call, 'Again.', 'Yes.'])
    const first = await client.responses.create({ model: name, input: 'Read a.txt.', tools: [shellTool] })
    expect(first.output.map(({ type }) => type)).toEqual(['shell_call', 'shell_call_output', 'message'])
    expect(first.output[0]).toMatchObject({
      status: 'completed',
      action: { commands: ['cat a.txt', 'wc -l a.txt'] },
      environment: null,
    })
    expect(first.output[1]).toMatchObject({
      call_id: (first.output[0] as { call_id: string }).call_id,
      output: [
        { stdout: 'one\n', outcome: { type: 'exit', exit_code: 0 } },
        { stdout: '1 a.txt\n', outcome: { type: 'exit', exit_code: 0 } },
      ],
    })

    const events: ResponseEvent[] = []
    const stream = await client.responses.create({
      model: name,
      input: 'Again.',
      tools: [shellTool],
      stream: true,
    })
    for await (const event of stream) events.push(event as never)
    const types = events.map(({ type }) => type as string)
    expect(types.slice(0, 3)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
    ])
    expect(types.filter((type) => type === 'response.output_item.done')).toHaveLength(3)
    expect(types.at(-1)).toBe('response.completed')

    await client.responses.create({ model: name, input: 'Sure?', previous_response_id: first.id })
    expect(model.requests[4]?.input).toMatchObject([
      { role: 'user' },
      { type: 'function_call', name: 'shell' },
      { type: 'function_call_output', output: expect.stringContaining('exit code 0') },
      { type: 'message', role: 'assistant' },
      { role: 'user' },
    ])
  })

  it('what may write is asked for as an approval, and runs when it is given', async () => {
    const { root, all } = await scratch({ 'a.txt': 'one\n' })
    const { client, name } = await served(root, [
      { calls: [{ name: 'apply_patch', arguments: { patch } }] },
      'Changed.',
    ])
    const tools = [{ type: 'apply_patch' } as const]
    const first = await client.responses.create({ model: name, input: 'Change it.', tools })
    const asked = first.output.find(({ type }) => type === 'mcp_approval_request') as {
      id: string
      arguments: string
    }
    expect(asked).toMatchObject({ server_label: 'apply_patch', name: 'apply_patch' })
    expect(JSON.parse(asked.arguments)).toEqual({ patch })
    expect(await all()).toEqual({ 'a.txt': 'one\n' })

    const second = await client.responses.create({
      model: name,
      previous_response_id: first.id,
      input: [{ type: 'mcp_approval_response', approval_request_id: asked.id, approve: true }],
      tools,
    })
    expect(await all()).toEqual({ 'a.txt': 'two\n' })
    expect(second.output.map(({ type }) => type)).toEqual([
      'apply_patch_call',
      'apply_patch_call_output',
      'message',
    ])
    expect(second.output[0]).toMatchObject({
      operation: { type: 'update_file', path: 'a.txt' },
      status: 'completed',
    })
  })

  it('the strict stream reader takes shell, local_shell and patches', async () => {
    const { root } = await scratch({ 'a.txt': 'one\n' })
    const { client, name } = await served(root, [
      {
        calls: [
          { name: 'shell', arguments: { commands: ['pwd'] } },
          { name: 'local_shell', arguments: { command: ['cat', 'a.txt'] } },
          { name: 'apply_patch', arguments: { patch: 'nonsense' } },
        ],
      },
      'Done.',
    ])
    const stream = client.responses.stream({
      model: name,
      input: 'Go.',
      tools: [shellTool, { type: 'local_shell' }, { type: 'apply_patch' }],
    })
    const response = await stream.finalResponse()
    const types = response.output.map(({ type }) => type as string)
    for (const type of ['shell_call', 'local_shell_call', 'apply_patch_call']) {
      expect(types).toContain(type)
      expect(types).toContain(`${type}_output`)
    }
    expect(response.status).toBe('completed')
  })

  it('an environment that the server has not is a 400 that names it', async () => {
    const { root } = await scratch()
    const { client, name } = await served(root, ['never'])
    const asked = client.responses.create({
      model: name,
      input: '?',
      tools: [{ type: 'shell', environment: { type: 'local' } }],
    })
    await expect(asked).rejects.toMatchObject({ status: 400, param: 'tools[0].environment.type' })
  })
})
