// Each built-in tool, executed by the provider and executed here: the same assertions over both, and histories that change sides.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { InputItem, OutputItem } from '@antiphon/client'
import { codeInterpreter } from '@antiphon/code-interpreter'
import { fileSearch } from '@antiphon/file-search'
import { mcp } from '@antiphon/mcp'
import { openSandbox } from '@antiphon/sandbox'
import { webSearch } from '@antiphon/web-search'
import { agent, type BuiltInTool, type RunEvent, validateItems } from 'antiphon'
import { type ScriptCall, scripted } from 'antiphon/testing'
import { afterAll, describe, expect, it } from 'vitest'

type Loose = Record<string, unknown>

interface Case {
  readonly type: string
  make(runs: 'local' | 'hosted'): BuiltInTool | Promise<BuiltInTool>
  /** What the model calls when it is executed here. */
  readonly call: ScriptCall
  /** What a provider shows that has executed it. */
  readonly item: Loose
  check(item: Loose): void
  readonly needsSandbox?: boolean
}

const everything = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
)
const hasSandbox = await openSandbox({}).then(
  (sandbox) => sandbox.close().then(() => true),
  () => false,
)
const open: BuiltInTool[] = []
afterAll(async () => {
  for (const tool of open) await tool.close?.()
})

const cases: readonly Case[] = [
  {
    type: 'web_search_call',
    make: (runs) =>
      webSearch({
        runs,
        provider: async () => [
          { url: 'https://example.org/', title: 'Chant', snippet: 'Call and response.' },
        ],
      }),
    call: { name: 'web_search', arguments: { query: 'chant' } },
    item: { id: 'ws_1', status: 'completed', action: { type: 'search', query: 'chant', queries: ['chant'] } },
    check: ({ action }) => expect(action).toMatchObject({ type: 'search', query: 'chant' }),
  },
  {
    type: 'file_search_call',
    make: async (runs) => {
      const files = fileSearch({ runs })
      if (runs === 'hosted') return files.over(['vs_1'])
      const store = await files.stores.create('notes')
      await files.stores.add(store, { filename: 'a.md', content: 'A chant in call and response.' })
      await files.stores.settled(store)
      open.push(files)
      return files.over([store])
    },
    call: { name: 'file_search', arguments: { queries: ['chant'] } },
    item: { id: 'fs_1', status: 'completed', queries: ['chant'], results: null },
    check: ({ queries }) => expect(queries).toEqual(['chant']),
  },
  {
    type: 'code_interpreter_call',
    make: (runs) => codeInterpreter({ runs }),
    call: { name: 'code_interpreter', arguments: { code: 'print(6 * 7)' } },
    item: { id: 'ci_1', status: 'completed', code: 'print(6 * 7)', container_id: 'cntr_1', outputs: null },
    check: ({ code, container_id: container }) => {
      expect(code).toBe('print(6 * 7)')
      expect(container).toMatch(/^cntr_/)
    },
    needsSandbox: true,
  },
  {
    type: 'mcp_call',
    make: (runs) =>
      runs === 'hosted'
        ? mcp({ runs, servers: { every: { url: 'https://example.org/mcp', requireApproval: 'never' } } })
        : mcp({
            servers: {
              every: { command: process.execPath, args: [everything, 'stdio'], requireApproval: 'never' },
            },
          }),
    call: { name: 'every__echo', arguments: { message: 'hello' } },
    item: {
      id: 'mcp_1',
      status: 'completed',
      server_label: 'every',
      name: 'echo',
      arguments: '{"message":"hello"}',
      output: 'Echo: hello',
    },
    check: (item) =>
      expect(item).toMatchObject({ server_label: 'every', name: 'echo', output: 'Echo: hello' }),
  },
]

const user = (content: string): InputItem => ({ type: 'message', role: 'user', content })

for (const { type, make, call, item, check, needsSandbox } of cases) {
  describe.skipIf(needsSandbox === true && !hasSandbox)(
    `${type}${needsSandbox ? ' (needs bubblewrap)' : ''}`,
    () => {
      const run = async (runs: 'local' | 'hosted', history: readonly InputItem[] = []) => {
        const tool = await make(runs)
        open.push(tool)
        const hosted = { items: [{ type, ...item } as unknown as OutputItem], text: 'Done.' }
        const model = scripted(runs === 'hosted' ? [hosted] : [{ calls: [call] }, 'Done.'])
        const opened: RunEvent[] = []
        const started = agent({ model, tools: [tool] }).run([...history, user('Go on.')])
        started.on('built_in.opened', (event) => opened.push(event))
        return { result: await started.result(), model, opened }
      }

      it.each(['hosted', 'local'] as const)('is the same item when it is executed %s', async (runs) => {
        const { result, opened } = await run(runs)
        const calls = result.toolItems.filter((each) => each.type === type) as unknown as Loose[]
        expect(calls).toHaveLength(1)
        expect(calls[0]).toMatchObject({ type, status: 'completed', id: expect.stringMatching(/^[a-z]+_.+/) })
        check(calls[0] as Loose)
        expect(result.text).toBe('Done.')
        expect(result.toolCalls).toBe(1)
        expect(validateItems(result.history)).toEqual([])
        expect(opened).toMatchObject([{ runs }])
      })

      it('goes on at a provider as the function call that it was', async () => {
        const { result } = await run('local')
        const { model } = await run('hosted', result.history)
        const { input, tools } = model.requests[0] as unknown as { input: Loose[]; tools: Loose[] }
        expect(input.map((each) => each.type)).not.toContain(type)
        expect(input).toContainEqual(expect.objectContaining({ type: 'function_call', name: call.name }))
        expect(tools.map((each) => each.type)).not.toContain('function')
      })

      it('goes on here as data, when a provider has executed it', async () => {
        const { result } = await run('hosted')
        expect(result.history.map((each) => each.type)).toContain(type)
        const { model } = await run('local', result.history)
        const { input } = model.requests[0] as unknown as { input: InputItem[] }
        expect(input.map((each) => each.type)).not.toContain(type)
        expect(validateItems(input)).toEqual([])
      })
    },
  )
}
