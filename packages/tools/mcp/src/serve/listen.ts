import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import type { Answer } from './guarded.ts'

/** A web-standard handler on a port. */
export interface Listening {
  readonly origin: string
  readonly closed: Promise<void>
  close(): Promise<void>
}

/** Listens on a port for one path; everything else is a 404. */
export const listen = async (
  answer: Answer,
  { host, port, path }: { readonly host: string; readonly port: number; readonly path: string },
): Promise<Listening> => {
  const server = createServer((request, response) => {
    void respond(answer, path, request, response)
  })
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    closed,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const respond = async (
  answer: Answer,
  path: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  const left = new AbortController()
  outgoing.once('close', () => left.abort())
  try {
    if ((incoming.url ?? '').split('?')[0] !== path) {
      outgoing.writeHead(404).end()
      return
    }
    const { status, headers, body } = await answer(requestOf(incoming, left.signal))
    outgoing.writeHead(status, Object.fromEntries(headers))
    outgoing.flushHeaders()
    if (body === null) outgoing.end()
    else await pipeline(Readable.fromWeb(body as NodeStream), outgoing)
  } catch {
    // The client has left, or the handler failed: nothing of that is for the client.
    if (!outgoing.headersSent) outgoing.writeHead(500).end()
    else outgoing.destroy()
  }
}

const requestOf = (incoming: IncomingMessage, signal: AbortSignal): Request => {
  const { method = 'GET', headers, url = '/' } = incoming
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const given = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one): [string, string] => [name, one]),
  )
  const init = hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : {}
  // The name comes from the Host header, which is checked: the URL itself says nothing.
  return new Request(new URL(url, 'http://localhost'), {
    method,
    headers: given,
    signal,
    ...init,
  } as RequestInit)
}
