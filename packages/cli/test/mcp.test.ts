import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createMcpPool, type McpServer, type McpSession } from '@antiphon/mcp'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { agentFile, jsonLines, runCli, startCli } from './start-cli.ts'

// Several programs are started one after the other, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const root = createRequire(file('../../../package.json'))

/** The command line as a client starts it. */
const cliCommand = (args: readonly string[]): McpServer => ({
  command: process.execPath,
  args: process.env.TEST_BUILT
    ? [file('../dist/main.js'), ...args]
    : ['--import', pathToFileURL(root.resolve('tsx')).href, file('../src/main.ts'), ...args],
  env: { TSX_TSCONFIG_PATH: file('../../../tsconfig.json') },
  cwd: file('..'),
})

const sessionWith = (server: McpServer): McpSession => {
  const pool = createMcpPool({ limits: { connectTimeoutMs: 45_000 } })
  onTestFinished(() => pool.close())
  return pool.open({ label: 'cli', server, trusted: true })
}

const ask = async (session: McpSession, prompt: string): Promise<unknown> => {
  const [tool] = (await session.tools()).tools
  return session.call(tool!, { prompt })
}

describe('mcp', () => {
  it('is an MCP server over standard input and output, which nothing else is written to', async () => {
    const session = sessionWith(cliCommand(['mcp', agentFile('weather.ts')]))
    const { tools } = await session.tools()
    expect(tools).toHaveLength(1)
    expect(tools[0]).toMatchObject({ input_schema: { required: ['prompt'] } })
    expect(await ask(session, 'Weather in Paris?')).toMatchObject({
      outcome: 'ok',
      content: expect.stringMatching(/Paris/),
    })
  })

  it('ends when its input does', async () => {
    const { code, stdout, stderr } = await runCli(['mcp', agentFile('weather.ts')], { input: '' })
    expect(code).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/speaks MCP over standard input/)
  })

  it('listens with --http, and Ctrl-C ends it with 0', async () => {
    const started = startCli(['mcp', agentFile('weather.ts'), '--http', '--port', '0', '--json'])
    const line = await new Promise<string>((resolve) => started.child.stdout.once('data', resolve))
    const { url } = jsonLines(line)[0] as unknown as { url: string }
    expect(await ask(sessionWith({ url }), 'Weather in Oslo?')).toMatchObject({ outcome: 'ok' })
    started.child.kill('SIGINT')
    expect((await started.ended).code).toBe(0)
  })

  it('is not open to others without a token', async () => {
    const { code, stderr } = await runCli(['mcp', agentFile('weather.ts'), '--http', '--host', '0.0.0.0'])
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/token/)
    expect(stderr).toMatch(/ANTIPHON_MCP_TOKEN/)
  })
})
