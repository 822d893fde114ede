import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { httpServer } from './http-server.ts'
import { target } from './servers.ts'
import { callByName, newPool } from './using.ts'

const TOKEN = 'tok-5c1f"\\8d2e'
const KEY = 'key-77aa99cc'

/** Tells all that it was told, in every place where it can. */
const echoing = () =>
  httpServer({
    on: ({ request, message, answer, response }) => {
      const told = `${request.headers.authorization} ${request.headers['x-key']}`
      if (message.method === 'tools/list') {
        const schema = { type: 'object', properties: { [told]: { type: 'string', default: told } } }
        answer({
          tools: ['ok', 'isError', 'error', 'http'].map((name) => ({
            name,
            description: told,
            inputSchema: schema,
          })),
        })
        return true
      }
      if (message.method !== 'tools/call') return undefined
      const { name } = message.params ?? {}
      if (name === 'http') response.writeHead(500).end(told)
      else if (name === 'error')
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            jsonrpc: '2.0',
            id: message.id,
            error: { code: -32_000, message: told, data: told },
          }),
        )
      else
        answer({
          content: [
            { type: 'text', text: told },
            { type: 'text', text: JSON.stringify({ told }) },
          ],
          structuredContent: { told, url: `https://x/?k=${encodeURIComponent(TOKEN)}` },
          isError: name === 'isError',
        })
      return true
    },
  })

/** Everything that hangs on a value, also what is not enumerable. */
const everythingOf = (value: unknown): string =>
  `${inspect(value, { depth: 12, showHidden: true, maxStringLength: null })}${JSON.stringify(value)}`

const leaks = (text: string): string[] =>
  [TOKEN, KEY, JSON.stringify(TOKEN).slice(1, -1), encodeURIComponent(TOKEN), 'tok-5c1f', '77aa99cc'].filter(
    (form) => text.includes(form),
  )

describe('headers and authorization', () => {
  it('reach the server, and nothing that is given back holds them', async () => {
    const server = await echoing()
    const seen: string[] = []
    const pool = newPool()
    const given = { url: server.url, authorization: TOKEN, headers: { 'x-key': KEY } }
    const session = pool.open(target('h', given))
    const list = await session.tools()
    seen.push(everythingOf(list))
    for (const name of ['ok', 'isError', 'error', 'http'])
      seen.push(everythingOf(await callByName(session, name).catch((error: unknown) => error)))
    expect(list.tools[0]?.description).toBe('Bearer [hidden] [hidden]')
    expect(seen.flatMap(leaks)).toEqual([])
    expect(leaks(everythingOf(pool))).toEqual([])
  })

  it('are in no error of a server that is not reached, or of a header that cannot be sent', async () => {
    const errors: unknown[] = []
    for (const server of [
      { url: 'http://127.0.0.1:1/mcp', authorization: TOKEN, headers: { 'x-key': KEY } },
      { url: 'http://127.0.0.1:1/mcp', authorization: `${TOKEN}\n` },
      { url: 'http://127.0.0.1:1/mcp', headers: { 'x-key': `${KEY}\u0000` } },
      { url: `http://user:${KEY}@127.0.0.1:1/mcp` },
      { url: `nonsense ${KEY}` },
    ])
      errors.push(
        await newPool()
          .open(target('h', server))
          .tools()
          .catch((error: unknown) => error),
      )
    expect(errors.every((error) => error instanceof Error)).toBe(true)
    expect(errors.map(everythingOf).flatMap(leaks)).toEqual([])
  })
})
