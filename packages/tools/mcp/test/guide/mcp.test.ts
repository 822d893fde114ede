// The code of docs/guide/mcp.md.
import { mcp, serveMcp, viaMcp } from '@antiphon/mcp'
import { serve } from '@antiphon/server'
import { agent, type Model, offline } from 'antiphon'
import { scripted } from 'antiphon/testing'
import OpenAI from 'openai'
import { expect, it, onTestFinished } from 'vitest'
import { httpServer } from '../http-server.ts'
import { command, hostile, programOf } from '../servers.ts'

it('a request names a server by its label, or brings one', async () => {
  const docs = await httpServer()
  const model = scripted([{ calls: [{ name: 'docs__echo', arguments: {} }] }, 'Found.']) as Model
  // #region serve
  const tools = mcp({
    servers: {
      docs: {
        url: docs.url,
        authorization: 'a-token-of-the-operator',
        allowedTools: ['echo'],
        requireApproval: 'never',
      },
    },
    // Requests may bring servers of these hosts only; `false` for none. They must be at public addresses, over https.
    allowUrls: (url) => url.hostname.endsWith('.example.com'),
    maxSessionsPerTenant: 4,
  })
  const server = serve(model, { store: 'memory', tools: [tools] })
  // #endregion serve
  onTestFinished(() => server.close())
  const { url } = await server.listen(0)
  const openai = new OpenAI({ apiKey: 'any', baseURL: `${url}/v1` })
  // #region request
  const response = await openai.responses.create({
    model: 'scripted',
    input: 'Look it up.',
    tools: [{ type: 'mcp', server_label: 'docs' }],
  })
  const types = response.output.map((item) => item.type)
  // #endregion request
  expect(types).toEqual(['mcp_list_tools', 'mcp_call', 'message'])
  expect(tools.types).toEqual(['mcp'])
})

it('bounds', async () => {
  // #region bounds
  const careful = mcp({
    servers: { memory: { command: process.execPath, args: [programOf('memory')], inheritEnv: ['LANG'] } },
    limits: { callTimeoutMs: 20_000, maxResultChars: 50_000, maxTools: 40 },
    idleMs: 60_000,
  })
  // #endregion bounds
  await agent({ model: scripted(['ok']) as Model, tools: [careful] })
    .run('hi')
    .result()
  await careful.close?.()
})

it('a type of the wire by a tool of a server', async () => {
  const search = command('everything')
  // #region via
  const webSearch = viaMcp({
    type: 'web_search',
    server: search,
    tool: 'echo',
    inputSchema: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
    arguments: ({ query }) => ({ message: query }),
    result: ({ query }) => ({ action: { type: 'search', query } }),
  })
  const reader = agent({ model: offline(), tools: [webSearch] })
  // #endregion via
  onTestFinished(() => webSearch.close?.())
  const result = await reader.run('Search the web for tides').result()
  expect(result.toolItems).toMatchObject([{ type: 'web_search_call', status: 'completed' }])
})

it('an agent for MCP clients', async () => {
  const clerk = agent({ name: 'clerk', description: 'Knows the orders.', model: offline() })
  // #region publish
  const { url, close } = await serveMcp(clerk, {
    transport: 'http', // or 'stdio', for clients that start this process
    port: 0,
    approve: ({ name }) => name === 'look_up_order', // nothing else that waits for a person may run
  })
  // #endregion publish
  onTestFinished(close)
  const asking = mcp({
    servers: { clerk: { url: url ?? '', requireApproval: 'never' }, other: hostile('plain') },
  })
  onTestFinished(() => asking.close?.())
  const model = scripted([{ calls: [{ name: 'clerk__clerk', arguments: { prompt: 'Hi' } }] }, 'Done.'])
  const { toolItems } = await agent({ model, tools: [asking] })
    .run('?')
    .result()
  expect(toolItems).toContainEqual(expect.objectContaining({ type: 'mcp_call', status: 'completed' }))
})
