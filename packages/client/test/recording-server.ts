import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** One request as the server saw it. */
export interface Recorded {
  method: string
  /** Path below /v1. */
  path: string
  query: Record<string, string[]>
  headers: IncomingHttpHeaders
  /** The body as text, and parsed when there is one. */
  text: string
  body: unknown
  /** Settles once the connection is gone before the answer was whole. */
  aborted: Promise<void>
}

export interface RecordingServer {
  baseURL: string
  requests: Recorded[]
}

/** A server on loopback that records what it is asked; closed when the test is finished. */
export async function recordingServer(
  answer: (request: Recorded, response: ServerResponse) => void | Promise<void>,
): Promise<RecordingServer> {
  const requests: Recorded[] = []
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const url = new URL(incoming.url ?? '/', 'http://server')
    const query: Record<string, string[]> = {}
    for (const name of url.searchParams.keys()) query[name] = url.searchParams.getAll(name)
    const text = Buffer.concat(chunks).toString()
    const recorded: Recorded = {
      method: incoming.method ?? '',
      path: url.pathname.replace(/^\/v1/, ''),
      query,
      headers: incoming.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
      aborted: new Promise((resolve) => {
        response.on('close', () => {
          if (!response.writableFinished) resolve()
        })
      }),
    }
    requests.push(recorded)
    await answer(recorded, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** Answers with events; leaves the stream open when `open` is set. */
export function sendEvents(response: ServerResponse, events: readonly object[], open = false): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(frame(event))
  if (!open) response.end('data: [DONE]\n\n')
}

/** Answers with events and cuts the connection after them, once they have left. */
export function sendEventsAndCut(response: ServerResponse, events: readonly object[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`: begin\n\n${events.map(frame).join('')}`, () => {
    // Bytes on the way are delivered before the end of the connection.
    response.socket?.end()
  })
}

const frame = (event: object): string =>
  `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`
