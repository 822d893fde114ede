import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly name?: string; readonly arguments?: unknown; readonly requestId?: number }
}

export interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly message: Message
  readonly session: string | undefined
  /** Answers as JSON. */
  answer(result: unknown): void
}

export interface HttpServer {
  readonly url: string
  readonly origin: string
  /** Every message that came, in order. */
  readonly messages: Message[]
  /** GET requests that came. */
  readonly streams: ServerResponse[]
  /** Sessions that it knows; take one out to let it expire. */
  readonly sessions: Set<string>
}

export interface Behaviour {
  /** What comes in the place of the usual answer; undefined for the usual one. */
  readonly on?: (asked: Asked) => unknown
  /** @defaultValue the stream stays open */
  readonly onStream?: (response: ServerResponse) => void
  /** How it refuses a session that it does not know. @defaultValue 404 */
  readonly expired?: { status: number; body: string }
}

const tools = ['echo', 'headers', 'wait'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: {} },
}))

/** A small server over streamable HTTP, of the protocol of 2025, written by hand so that it can do what it should not. */
export const httpServer = async (behaviour: Behaviour = {}): Promise<HttpServer> => {
  const messages: Message[] = []
  const streams: ServerResponse[] = []
  const sessions = new Set<string>()
  let made = 0

  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      streams.push(response)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      behaviour.onStream?.(response)
      return
    }
    if (request.method === 'DELETE') {
      sessions.delete(String(request.headers['mcp-session-id']))
      response.writeHead(200).end()
      return
    }
    let body = ''
    for await (const chunk of request) body += chunk
    const message = JSON.parse(body) as Message
    messages.push(message)
    const session = request.headers['mcp-session-id'] as string | undefined
    const answer = (result: unknown, headers = {}): void => {
      response
        .writeHead(200, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
    }
    if (session !== undefined && !sessions.has(session)) {
      const { status, body } = behaviour.expired ?? { status: 404, body: 'no such session' }
      response.writeHead(status).end(body)
      return
    }
    if (behaviour.on?.({ request, response, message, session, answer }) !== undefined) return
    if (message.id === undefined) response.writeHead(202).end()
    else if (message.method === 'initialize') {
      const id = `session-${++made}`
      sessions.add(id)
      answer(
        {
          protocolVersion: '2025-06-18',
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: 'h', version: '1' },
        },
        { 'mcp-session-id': id },
      )
    } else if (message.method === 'tools/list') answer({ tools })
    else if (message.method === 'ping') answer({})
    else if (message.method === 'tools/call')
      answer({ content: [{ type: 'text', text: `${message.params?.name} in ${session}` }] })
    else
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          jsonrpc: '2.0',
          id: message.id,
          error: { code: -32_601, message: 'unknown method' },
        }),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: `${origin}/mcp`, origin, messages, streams, sessions }
}

/** A server-sent event with a message in it. */
export const sse = (message: unknown): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`
