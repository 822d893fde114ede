import { request as httpRequest } from 'node:http'
import { PassThrough } from 'node:stream'
import { type ServeMcpOptions, serveMcp } from '@antiphon/mcp'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type Agent, agent, type PendingCall, tool } from 'antiphon'
import { scripted } from 'antiphon/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { target } from './servers.ts'
import { callByName, newPool, textOf } from './using.ts'

const weather = (options: object = {}): Agent<unknown> =>
  agent({
    name: 'weather_man',
    description: 'Knows the weather.',
    model: scripted([{ calls: [{ name: 'look', arguments: { city: 'Oslo' } }] }, 'Rain in Oslo.']),
    tools: [
      tool({ name: 'look', inputSchema: z.object({ city: z.string() }), execute: () => 'rain', ...options }),
    ],
  }) as Agent<unknown>

const http = async (served: Agent<unknown>, options: ServeMcpOptions = {}): Promise<string> => {
  const { url, close } = await serveMcp(served, { transport: 'http', ...options })
  onTestFinished(close)
  return url ?? ''
}

const clientOf = async (url: string, mode: 'auto' | 'legacy' = 'legacy', headers = {}): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  onTestFinished(() => client.close())
  return client
}

/** A raw request, with whatever headers. */
const ask = (
  url: string,
  headers: Record<string, string>,
  method = 'POST',
  body = INITIALIZE,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const call = httpRequest(url, {
      method,
      headers: { accept: 'application/json, text/event-stream', ...headers },
    })
    call.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.on('error', reject)
    call.end(method === 'POST' ? body : undefined)
  })

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
})

describe.each(['auto', 'legacy'] as const)('an agent over HTTP, for the official client (%s)', (mode) => {
  it('is one tool that asks it, and tells how far it is', async () => {
    const client = await clientOf(await http(weather({ effect: 'read' })), mode)
    const { tools } = await client.listTools()
    expect(tools).toMatchObject([
      {
        name: 'weather_man',
        description: 'Knows the weather.',
        inputSchema: { type: 'object', required: ['prompt'] },
        annotations: { readOnlyHint: true },
      },
    ])
    const seen: unknown[] = []
    const result = await client.callTool(
      { name: 'weather_man', arguments: { prompt: 'Oslo?' } },
      { onprogress: ({ message }) => seen.push(message) },
    )
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'Rain in Oslo.' }] })
    expect(seen).toEqual([
      'The agent thinks.',
      'It calls look.',
      'look has answered.',
      'The agent thinks (turn 2).',
    ])
  })

  it('is cancelled with its client', async () => {
    let aborted = 0
    let started = 0
    const held = weather({
      effect: 'read',
      execute: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((resolve) => {
          started++
          signal.addEventListener('abort', () => {
            aborted++
            resolve('late')
          })
        }),
    })
    const client = await clientOf(await http(held), mode)
    const stop = new AbortController()
    const call = client.callTool({ name: 'weather_man', arguments: { prompt: '?' } }, { signal: stop.signal })
    await expect.poll(() => started).toBe(1)
    stop.abort()
    await expect(call).rejects.toThrow()
    await client.close()
    await expect.poll(() => aborted).toBe(1)
  })
})

describe('an agent as an MCP server', () => {
  it('is asked by our own sessions, over HTTP', async () => {
    const url = await http(weather())
    const session = newPool().open(target('w', { url }))
    expect(await textOf(session, 'weather_man', { prompt: 'Oslo?' })).toBe('Rain in Oslo.')
  })

  it('is asked over streams, and ends when they do', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const served = await serveMcp(weather(), { input, output })
    onTestFinished(served.close)
    const lines: string[] = []
    output.setEncoding('utf8').on('data', (text: string) => lines.push(text))
    const send = (message: object): boolean =>
      input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    input.write(`${INITIALIZE}\n`)
    send({ method: 'notifications/initialized' })
    send({ id: 2, method: 'tools/call', params: { name: 'weather_man', arguments: { prompt: '?' } } })
    await expect.poll(() => lines.join('')).toContain('Rain in Oslo.')
    expect(served.url).toBeUndefined()
    input.end()
    await served.closed
  })

  it('does not run what waits for a person, unless somebody approves', async () => {
    const run = { executed: 0 }
    const guardedTool = { needsApproval: true, execute: () => `rain ${++run.executed}` }
    const alone = newPool().open(target('w', { url: await http(weather(guardedTool)) }))
    expect(await textOf(alone, 'weather_man', { prompt: '?' })).toBe('Rain in Oslo.')
    expect(run.executed).toBe(0)
    const asked: PendingCall[] = []
    const approve = (call: PendingCall): boolean => asked.push(call) > 0
    const approved = newPool().open(target('w', { url: await http(weather(guardedTool), { approve }) }))
    await textOf(approved, 'weather_man', { prompt: '?' })
    expect(run.executed).toBe(1)
    expect(asked).toMatchObject([{ name: 'look' }])
  })

  it('says that it failed', async () => {
    const broken = agent({
      model: scripted([{ error: { status: 500, message: 'upstream is down' } } as never]),
    })
    const session = newPool().open(target('w', { url: await http(broken as Agent<unknown>) }))
    expect(await callByName(session, 'agent', { prompt: '?' })).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/^The agent failed/),
    })
  })

  it('gives what has a shape as structured content', async () => {
    const shaped = agent({
      model: scripted(['{"city":"Oslo","rain":true}']),
      output: z.object({ city: z.string(), rain: z.boolean() }),
    })
    const session = newPool().open(target('w', { url: await http(shaped as Agent<unknown>) }))
    expect(await callByName(session, 'agent', { prompt: '?' })).toMatchObject({
      structured: { city: 'Oslo', rain: true },
    })
  })

  it('offers its own functions, too, where it is told to: with their checks and approvals, without the model', async () => {
    const own = agent({
      name: 'shop',
      model: scripted([]),
      tools: [
        tool({
          name: 'price',
          description: 'Price of a thing.',
          inputSchema: z.object({ thing: z.string(), currency: z.enum(['EUR', 'NOK']).optional() }),
          effect: 'read',
          execute: ({ thing, currency = 'EUR' }) => {
            if (thing === 'moon') throw new Error('not for sale')
            return { thing, currency, amount: 7 }
          },
        }),
        tool({ name: 'buy', needsApproval: true, execute: () => 'bought' }),
        tool({ name: 'left_to_others', inputSchema: z.object({}) }),
      ],
    }) as Agent<unknown>
    const session = newPool().open(target('s', { url: await http(own, { tools: true }) }))
    const { tools } = await session.tools()
    expect(tools.map(({ name }) => name)).toEqual(['buy', 'price', 'shop'])
    expect(tools[1]).toMatchObject({
      description: 'Price of a thing.',
      input_schema: { properties: { thing: { type: 'string' } } },
      annotations: { readOnlyHint: true },
    })
    expect(JSON.parse(await textOf(session, 'price', { thing: 'boat', currency: null }))).toEqual({
      thing: 'boat',
      currency: 'EUR',
      amount: 7,
    })
    expect(await callByName(session, 'price', { thing: 'moon', currency: 'NOK' })).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/not for sale/),
    })
    expect(await callByName(session, 'price', { thing: 7 })).toMatchObject({ outcome: 'failed' })
    expect(await callByName(session, 'buy')).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/nobody can approve/),
    })
  })

  it('refuses runs beyond its bound', async () => {
    const held = weather({ execute: () => new Promise((resolve) => setTimeout(resolve, 300, 'rain')) })
    const session = newPool().open(target('w', { url: await http(held, { maxRuns: 1 }) }))
    await session.tools()
    const answers = await Promise.all(
      [1, 2].map((n) => callByName(session, 'weather_man', { prompt: `${n}` })),
    )
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['failed', 'ok'])
  })
})

describe('requests from elsewhere', () => {
  const json = { 'content-type': 'application/json' }

  it('are refused: another name (DNS rebinding), a page of another origin, another path', async () => {
    const url = await http(weather())
    const { port } = new URL(url)
    expect(await ask(url, json)).toBe(200)
    expect(await ask(url, { ...json, host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(
      200,
    )
    expect(await ask(url, { ...json, host: 'evil.example' })).toBe(403)
    expect(await ask(url, { ...json, host: `evil.example:${port}` })).toBe(403)
    expect(await ask(url, { ...json, origin: 'https://evil.example' })).toBe(403)
    expect(await ask(url, { ...json, origin: 'null' })).toBe(403)
    expect(await ask(url.replace('/mcp', '/other'), json)).toBe(404)
    expect(await ask(url, { 'content-type': 'text/plain' })).toBe(415)
    expect(await ask(url, json, 'GET')).toBe(405)
    expect(await ask(url, json, 'POST', 'x'.repeat(5_000_000))).toBe(413)
    expect(await ask(url, json, 'POST', '{')).toBe(400)
  })

  it('need the token, where there is one', async () => {
    const token = 'a-long-enough-token'
    const url = await http(weather(), { token })
    expect(await ask(url, json)).toBe(401)
    expect(await ask(url, { ...json, authorization: 'Bearer a-long-enough-tokeN' })).toBe(401)
    expect(await ask(url, { ...json, authorization: `Bearer ${token}` })).toBe(200)
    const session = newPool().open(target('w', { url, authorization: token }))
    expect(await textOf(session, 'weather_man', { prompt: 'Oslo?' })).toBe('Rain in Oslo.')
  })

  it.each([
    [{ host: '0.0.0.0' }, /a `token` is needed/],
    [{ token: 'short' }, /at least 16/],
    [{ toolName: 'no name' }, /toolName/],
  ])('are not let in by mistake: %j', async (options, message) => {
    await expect(serveMcp(weather(), { transport: 'http', ...options })).rejects.toThrow(message)
  })
})
