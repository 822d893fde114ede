import type { Readable, Writable } from 'node:stream'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Agent } from 'antiphon'
import { type AgentServerOptions, agentServer } from './agent-server.ts'
import { type GuardOptions, guarded } from './guarded.ts'
import { listen } from './listen.ts'

/** How `serveMcp()` is reached. */
export interface ServeMcpOptions extends AgentServerOptions, GuardOptions {
  /** `stdio`: over standard input and output, for clients that start this process. `http`: streamable HTTP. @defaultValue 'stdio' */
  readonly transport?: 'stdio' | 'http'
  /** For `stdio`, streams in the place of those of the process. */
  readonly input?: Readable
  readonly output?: Writable
  /** For `http`; 0 takes a free one. @defaultValue 0 */
  readonly port?: number
  /** For `http`. Others than this machine need a `token`. @defaultValue '127.0.0.1' */
  readonly host?: string
}

/** An agent that is served. */
export interface ServedMcp {
  /** Where it listens; undefined over stdio. */
  readonly url: string | undefined
  /** Resolves when the client over stdio has left, or after `close()`. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

/** Path of the endpoint. */
const PATH = '/mcp'
/** Bytes of a request. */
const MAX_BODY_BYTES = 4_194_304

/**
 * Serves an agent to MCP clients, as one tool that asks it: over standard input and output, or over streamable HTTP at `/mcp`.
 *
 * Progress is told as the run goes; a client that cancels or leaves cancels its run. Over HTTP only this machine can ask, unless there is a token, and requests whose `Host` or `Origin` is another one are
 * refused, so that no page in a browser can ask by another name.
 *
 * @throws ConfigError `invalid_config`
 */
export const serveMcp = async (agent: Agent<unknown>, options: ServeMcpOptions = {}): Promise<ServedMcp> => {
  const factory = agentServer(agent, options)
  if (options.transport === 'http') {
    const { host = '127.0.0.1', port = 0 } = options
    const handler = createMcpHandler(factory, { maxRequestBodySize: MAX_BODY_BYTES })
    const fetch = guarded((request) => handler.fetch(request), { ...options, host })
    const listening = await listen(fetch, { host, port, path: PATH })
    const close = async (): Promise<void> => {
      await Promise.all([handler.close(), listening.close()])
    }
    return { url: `${listening.origin}${PATH}`, closed: listening.closed, close }
  }
  const transport = new StdioServerTransport(options.input, options.output)
  let end = (): void => {}
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  const input = options.input ?? process.stdin
  input.once('end', end)
  input.once('close', end)
  const served = serveStdio(factory, { transport })
  const close = async (): Promise<void> => {
    await served.close()
    end()
  }
  return { url: undefined, closed, close }
}
