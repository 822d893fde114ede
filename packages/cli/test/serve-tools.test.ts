import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openSandbox } from '@antiphon/sandbox'
import { toFile } from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { problemsOfEvents } from '../../server/test/valid-response.ts'
import { serving } from './serving.ts'
import { runCli } from './start-cli.ts'

vi.setConfig({ testTimeout: 120_000 })

const hasSandbox = await openSandbox({}).then(
  async (sandbox) => {
    await sandbox.close()
    return true
  },
  () => false,
)

/** A SearXNG that knows one page. */
const searchEngine = async (): Promise<string> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    const page = {
      url: 'https://example.org/antiphon',
      title: 'Antiphon',
      content: 'A chant in call and response.',
    }
    response.end(JSON.stringify({ query: 'antiphon', results: [page] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A file of MCP servers with one that nobody here wrote. */
const serverFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-tools-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const manifest = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-everything/package.json',
  )
  const everything = {
    command: process.execPath,
    args: [join(dirname(manifest), 'dist/index.js'), 'stdio'],
    requireApproval: 'never',
  }
  const path = join(folder, 'mcp.json')
  writeFileSync(path, JSON.stringify({ mcpServers: { everything } }))
  return path
}

/** The SDK adds to events what it has made of them. */
const asSent = (event: Readonly<Record<string, unknown>>): object => {
  const { snapshot: _, ...sent } = event
  return sent
}

describe('serve --tools', () => {
  it.skipIf(!hasSandbox)(
    'answers one streamed request with web search, file search, the code interpreter and MCP (needs bubblewrap)',
    async () => {
      const { openai, stop } = await serving(
        ['--model', 'offline', '--tools', 'all', '--mcp', serverFile()],
        {
          SEARXNG_URL: await searchEngine(),
        },
      )
      const client = openai()
      const notes = '# Choir\n\nThe choir rehearses on Tuesday at seven in the old chapel.'
      const file = await client.files.create({
        file: await toFile(Buffer.from(notes), 'choir.md'),
        purpose: 'assistants',
      })
      const store = await client.vectorStores.create({ name: 'notes' })
      const read = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id })
      expect(read.status).toBe('completed')

      const stream = client.responses.stream({
        model: 'offline',
        input:
          'Search the web for "antiphon". Search my files for "choir". Run the code `print(6 * 7)`. Echo the message "hello".',
        tools: [
          { type: 'web_search' },
          { type: 'file_search', vector_store_ids: [store.id] },
          { type: 'code_interpreter', container: { type: 'auto' } },
          { type: 'mcp', server_label: 'everything', require_approval: 'never', allowed_tools: ['echo'] },
        ],
        include: ['code_interpreter_call.outputs', 'file_search_call.results'],
      })
      const events: { readonly type: string }[] = []
      stream.on('event', (event) => void events.push(JSON.parse(JSON.stringify(event))))
      const { output, status } = await stream.finalResponse()

      expect(status).toBe('completed')
      expect(output.map(({ type }) => type)).toEqual([
        'mcp_list_tools',
        'web_search_call',
        'file_search_call',
        'code_interpreter_call',
        'mcp_call',
        'message',
      ])
      expect(output[1]).toMatchObject({ status: 'completed', action: { type: 'search', query: 'antiphon' } })
      expect(output[2]).toMatchObject({ queries: ['choir'], results: [{ filename: 'choir.md' }] })
      expect(output[3]).toMatchObject({
        code: 'print(6 * 7)',
        outputs: [{ type: 'logs', logs: expect.stringContaining('42') }],
      })
      expect(output[4]).toMatchObject({ server_label: 'everything', name: 'echo', output: 'Echo: hello' })
      expect(JSON.stringify(output[5])).toContain('url_citation')
      for (const tool of [
        'mcp_list_tools',
        'web_search_call',
        'file_search_call',
        'code_interpreter_call',
        'mcp_call',
      ])
        expect(events.map(({ type }) => type)).toContain(`response.${tool}.completed`)
      expect(problemsOfEvents(events.map(asSent))).toEqual([])
      const { code } = await stop()
      expect(code).toBe(0)
    },
  )

  it('leaves out of `all` what lacks something, and says what', async () => {
    const { stop } = await serving(['--model', 'offline', '--tools', 'all'])
    const { stderr } = await stop()
    expect(stderr).toContain('Without web-search: set SEARXNG_URL')
    expect(stderr).toContain('Without shell: say in which folder: --workspace')
  })

  it('knows no other tools, and names those that it knows', async () => {
    const { code, stderr } = await runCli(['serve', '--tools', 'telepathy', '--store', 'memory'])
    expect(code).toBe(2)
    expect(stderr).toContain('There is no built-in tool "telepathy"')
    expect(stderr).toContain('web-search, file-search')
  })

  it('says what is wrong with a file of MCP servers', async () => {
    const { code, stderr } = await runCli(['serve', '--mcp', 'package.json', '--store', 'memory'])
    expect(code).toBe(2)
    expect(stderr).toContain('package.json has no object "mcpServers"')
  })
})
