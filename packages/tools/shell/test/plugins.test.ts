import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  agent,
  approve,
  type BuiltInTool,
  ConfigError,
  type OpenedBuiltIn,
  type RunState,
  reject,
  replayItems,
} from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { applyPatch, localShell, shell } from '../src/index.ts'
import { noSandbox } from './runners.ts'
import { scratch } from './scratch.ts'

const patch =
  '*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** Add File: b.txt\n+new\n*** End Patch\n'
const patchCall = { callId: 'call_1', name: 'apply_patch', arguments: { patch } }
const shellCall = (...commands: string[]) => ({ callId: 'call_1', name: 'shell', arguments: { commands } })
const without = { dangerouslyRunWithoutSandbox: true }

/** A run of an agent with one tool: what it left, and what the model was told of its calls. */
const run = async (tool: BuiltInTool, ...calls: { name: string; arguments: unknown }[]) => {
  const model = scripted([{ calls } as never, 'Done.'])
  const result = await agent({ model, tools: [tool] })
    .run('Go.')
    .result()
  return { result, items: result.toolItems, told: JSON.stringify(model.requests[1]?.input ?? null), model }
}

describe('apply_patch in an agent', () => {
  it('waits for a person, then changes the files and is shown as an item for each file', async () => {
    const { root, all } = await scratch({ 'a.txt': 'one\n' })
    const model = scripted([{ calls: [patchCall] }, 'Done.'])
    const coder = agent({ model, tools: [applyPatch({ root })] })
    const first = await coder.run('Change it.').result()
    expect(first.stop).toMatchObject({ reason: 'approval', pending: [{ name: 'apply_patch' }] })
    expect(await all()).toEqual({ 'a.txt': 'one\n' })

    const state = JSON.parse(JSON.stringify(first.state)) as RunState
    const done = await coder
      .resume(state, [
        approve(first.stop.reason === 'approval' ? first.stop.pending[0]! : (undefined as never)),
      ])
      .result()
    expect(await all()).toEqual({ 'a.txt': 'two\n', 'b.txt': 'new\n' })
    expect(done.toolItems).toEqual([
      {
        type: 'apply_patch_call',
        id: 'apc_1',
        call_id: 'call_1',
        operation: { type: 'update_file', path: 'a.txt', diff: '@@\n-one\n+two\n' },
        status: 'completed',
      },
      {
        type: 'apply_patch_call_output',
        id: 'apco_1',
        call_id: 'call_1',
        status: 'completed',
        output: 'Updated a.txt (+1 -1 lines from line 1).\nCreated b.txt (1 lines).',
      },
      {
        type: 'apply_patch_call',
        id: 'apc_1_2',
        call_id: 'call_1_2',
        operation: { type: 'create_file', path: 'b.txt', diff: '+new\n' },
        status: 'completed',
      },
      expect.objectContaining({ type: 'apply_patch_call_output', call_id: 'call_1_2', status: 'completed' }),
    ])
  })

  it('changes nothing when it is refused', async () => {
    const { root, all } = await scratch({ 'a.txt': 'one\n' })
    const coder = agent({ model: scripted([{ calls: [patchCall] }, 'Pity.']), tools: [applyPatch({ root })] })
    const first = await coder.run('Change it.').result()
    const pending = first.stop.reason === 'approval' ? first.stop.pending : []
    const done = await coder.resume(first.state as RunState, [reject(pending[0]!, 'not today')]).result()
    expect(await all()).toEqual({ 'a.txt': 'one\n' })
    expect(JSON.stringify(done.items)).toContain('not today')
    expect(done.toolItems).toEqual([])
  })

  it('tells the model what did not fit, without asking a person about what cannot be read', async () => {
    const { root, all } = await scratch({ 'a.txt': 'other\n' })
    const mismatched = await run(applyPatch({ root, needsApproval: 'never' }), patchCall)
    expect(mismatched.told).toMatch(/No line of the file is .*No file was changed/)
    expect(mismatched.items[1]).toMatchObject({ status: 'failed' })
    const unreadable = await run(applyPatch({ root }), {
      name: 'apply_patch',
      arguments: { patch: 'nonsense' },
    })
    expect(unreadable.told).toMatch(/first line of a patch/)
    expect(await all()).toEqual({ 'a.txt': 'other\n' })
  })

  it('asks as a function says, by the files', async () => {
    const { root } = await scratch({ 'a.txt': 'one\n' })
    const asked: string[] = []
    const tool = applyPatch({
      root,
      needsApproval: (operations) => {
        asked.push(...operations.map(({ path }) => path))
        return false
      },
    })
    const { result } = await run(tool, patchCall)
    expect(result.stop.reason).toBe('done')
    expect(asked).toEqual(['a.txt', 'b.txt'])
  })
})

const kinds = { sandboxed: noSandbox === undefined ? undefined : 'a sandbox', unsandboxed: undefined }
for (const [kind, missing] of Object.entries(kinds)) {
  const options = kind === 'unsandboxed' ? without : {}
  describe.skipIf(missing !== undefined)(
    `shell in an agent, ${kind}${missing ? ` (missing: ${missing})` : ''}`,
    () => {
      it('runs commands that only read at once, and shows them as the wire does', async () => {
        const { root } = await scratch({ 'a.txt': 'one\n' })
        const { items, told } = await run(shell({ root, ...options }), shellCall('cat a.txt', 'ls no-such'))
        expect(items).toEqual([
          {
            type: 'shell_call',
            id: 'sh_1',
            call_id: 'call_1',
            action: { commands: ['cat a.txt', 'ls no-such'], timeout_ms: null, max_output_length: null },
            status: 'completed',
            environment: { type: 'local' },
          },
          {
            type: 'shell_call_output',
            id: 'sho_1',
            call_id: 'call_1',
            output: [
              { stdout: 'one\n', stderr: '', outcome: { type: 'exit', exit_code: 0 } },
              {
                stdout: '',
                stderr: expect.stringContaining('no-such'),
                outcome: { type: 'exit', exit_code: 2 },
              },
            ],
            max_output_length: null,
            status: 'completed',
          },
        ])
        expect(told).toMatch(
          /\$ cat a.txt\\nexit code 0\\nstdout:\\none\\n\\n\$ ls no-such\\nexit code 2\\nstderr:/,
        )
      })

      it('waits for a person before anything that may write, and runs it after', async () => {
        const { root, all } = await scratch({ 'a.txt': 'one\n' })
        const model = scripted([{ calls: [shellCall('cat a.txt', 'echo two >> a.txt')] }, 'Done.'])
        const coder = agent({ model, tools: [shell({ root, ...options })] })
        const first = await coder.run('Go.').result()
        expect(first.stop.reason).toBe('approval')
        expect(await all()).toEqual({ 'a.txt': 'one\n' })
        const pending = first.stop.reason === 'approval' ? first.stop.pending : []
        await coder.resume(first.state as RunState, [approve(pending[0]!)]).result()
        expect(await all()).toEqual({ 'a.txt': 'one\ntwo\n' })
      })

      it('asks as it is told to', async () => {
        const { root } = await scratch()
        const stop = async (needsApproval: 'always' | 'never' | ((line: string) => boolean), line: string) =>
          (await run(shell({ root, needsApproval, ...options }), shellCall(line))).result.stop.reason
        expect(await stop('always', 'ls')).toBe('approval')
        expect(await stop('never', 'touch x')).toBe('done')
        expect(await stop((line) => line.startsWith('rm'), 'touch y')).toBe('done')
        expect(await stop((line) => line.startsWith('rm'), 'rm y')).toBe('approval')
      })

      it('takes the time and the length that the model wants, within bounds', async () => {
        const { root } = await scratch()
        const tool = shell({
          root,
          needsApproval: 'never',
          maxTimeoutMs: 1000,
          maxOutputBytes: 500,
          ...options,
        })
        const { items } = await run(tool, {
          name: 'shell',
          arguments: { commands: ['sleep 60', 'seq 1000'], timeout_ms: 900_000, max_output_length: 100 },
        })
        const { output, max_output_length } = items[1] as {
          output: { stdout: string }[]
          max_output_length: number
        }
        expect(output[0]).toMatchObject({ outcome: { type: 'timeout' } })
        expect(Buffer.byteLength(output[1]!.stdout)).toBeLessThanOrEqual(100)
        expect(max_output_length).toBe(100)
      })

      it('of two runs at once shares what it needs, and gives it back at the end of both', async () => {
        const { root, read } = await scratch()
        const tool = shell({ root, needsApproval: 'never', ...options })
        await Promise.all([1, 2, 3].map((number) => run(tool, shellCall(`sleep 0.1; echo ${number} >> log`))))
        expect((await read('log')).trim().split('\n').toSorted()).toEqual(['1', '2', '3'])
        await run(tool, shellCall('echo 4 >> log'))
        expect((await read('log')).trim().split('\n')).toHaveLength(4)
      })

      it('as local_shell runs a program with its arguments', async () => {
        const { root } = await scratch({ 'sub/a.txt': 'one\n' })
        const call = {
          callId: 'call_1',
          name: 'local_shell',
          arguments: { command: ['cat', 'a.txt'], working_directory: 'sub' },
        }
        const { items } = await run(localShell({ root, ...options }), call)
        expect(items).toEqual([
          {
            type: 'local_shell_call',
            id: 'lsh_1',
            call_id: 'call_1',
            action: {
              type: 'exec',
              command: ['cat', 'a.txt'],
              env: {},
              timeout_ms: null,
              working_directory: 'sub',
            },
            status: 'completed',
          },
          {
            type: 'local_shell_call_output',
            id: 'call_1',
            output: 'exit code 0\nstdout:\none',
            status: 'completed',
          },
        ])
        const out = await run(localShell({ root, ...options }), {
          ...call,
          arguments: { command: ['ls'], working_directory: '../..' },
        })
        expect(out.told).toMatch(/has to be a folder of the workspace/)
        expect(
          (await run(localShell({ root, ...options }), { ...call, arguments: { command: ['rm', 'x'] } }))
            .result.stop.reason,
        ).toBe('approval')
      })
    },
  )
}

describe.skipIf(noSandbox !== undefined)(
  `shell for reading${noSandbox ? ' (missing: a sandbox)' : ''}`,
  () => {
    it('asks nobody, and writes nothing', async () => {
      const { root, all } = await scratch({ 'a.txt': 'one\n' })
      const { items, result } = await run(
        shell({ root, access: 'read-only' }),
        shellCall('rm a.txt; echo x > b'),
      )
      expect(result.stop.reason).toBe('done')
      expect(items[1]).toMatchObject({
        output: [{ stderr: expect.stringMatching(/Read-only|Permission denied/) }],
      })
      expect(await all()).toEqual({ 'a.txt': 'one\n' })
    })

    it('does not follow a link out of the workspace', async () => {
      const { root, outside } = await scratch()
      const { writeFile } = await import('node:fs/promises')
      await writeFile(join(outside, 'secret'), 'sesame')
      await symlink(join(outside, 'secret'), join(root, 'link'))
      const { told } = await run(shell({ root }), shellCall('cat link'))
      expect(told).toContain('exit code 1')
      expect(told).not.toContain('sesame')
    })
  },
)

describe('declarations', () => {
  const open = (tool: BuiltInTool, declaration: object): OpenedBuiltIn | Promise<OpenedBuiltIn> =>
    tool.open(declaration as never, {} as never)

  it('that cannot be honoured are refused by name', async () => {
    const tool = shell({ root: '.' })
    const refused = (environment: object) => {
      expect(() => open(tool, { type: 'shell', environment })).toThrow(
        expect.objectContaining({
          code: 'refused',
          status: 400,
          param: expect.stringMatching(/^environment\./),
        }),
      )
    }
    refused({ type: 'local' })
    refused({ type: 'container_reference', container_id: 'c' })
    refused({ type: 'container_auto', file_ids: ['f'] })
    refused({ type: 'container_auto', network_policy: { type: 'allowlist', allowed_domains: ['a'] } })
    for (const environment of [
      undefined,
      null,
      { type: 'container_auto', network_policy: { type: 'disabled' } },
    ]) {
      const opened = await open(tool, { type: 'shell', environment })
      await opened.close?.()
    }
  })

  it('of options that cannot be are refused when they are made', () => {
    for (const options of [
      {},
      { root: '' },
      { root: '.', timeoutMs: 0 },
      { root: '.', needsApproval: 'sometimes' },
      { root: '.', access: 'read-only', dangerouslyRunWithoutSandbox: true },
    ]) {
      expect(() => shell(options as never)).toThrow(ConfigError)
      expect(() => localShell(options as never)).toThrow(ConfigError)
    }
    expect(() => applyPatch({ root: '.', maxFiles: -1 })).toThrow(ConfigError)
    expect(() => applyPatch({ root: '.', needsApproval: 'writes' as never })).toThrow(ConfigError)
  })
})

it('items of somebody else are told to a model as the calls of its functions', () => {
  const tools = [shell({ root: '.' }), localShell({ root: '.' }), applyPatch({ root: '.' })]
  const items = [
    {
      type: 'shell_call',
      id: 's',
      call_id: 'c1',
      action: { commands: ['ls'], timeout_ms: null, max_output_length: null },
      status: 'completed',
    },
    {
      type: 'shell_call_output',
      call_id: 'c1',
      output: [{ stdout: 'a\n', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
    },
    {
      type: 'local_shell_call',
      id: 'l',
      call_id: 'c2',
      action: { type: 'exec', command: ['ls'], env: {} },
      status: 'completed',
    },
    { type: 'local_shell_call_output', id: 'c2', output: 'a' },
    {
      type: 'apply_patch_call',
      id: 'p',
      call_id: 'c3',
      operation: { type: 'create_file', path: 'x', diff: '+y\n' },
      status: 'completed',
    },
    { type: 'apply_patch_call_output', call_id: 'c3', status: 'completed', output: 'ok' },
  ]
  expect(replayItems(items as never, tools)).toEqual([
    {
      type: 'function_call',
      call_id: 'c1',
      name: 'shell',
      arguments: '{"commands":["ls"],"timeout_ms":null,"max_output_length":null}',
    },
    { type: 'function_call_output', call_id: 'c1', output: 'exit code 0\nstdout:\na' },
    { type: 'function_call', call_id: 'c2', name: 'local_shell', arguments: '{"command":["ls"]}' },
    { type: 'function_call_output', call_id: 'c2', output: 'a' },
    {
      type: 'function_call',
      call_id: 'c3',
      name: 'apply_patch',
      arguments: JSON.stringify({ patch: '*** Begin Patch\n*** Add File: x\n+y\n*** End Patch\n' }),
    },
    { type: 'function_call_output', call_id: 'c3', output: 'ok' },
  ])
})
