import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as the server saw it. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Number of the connection it came on, from 1. */
  readonly connection: number
}

/** A server on loopback that ends with its test. */
export interface Loopback {
  readonly origin: string
  readonly port: number
  /** Every request, in order. */
  readonly seen: Seen[]
  /** Connections opened so far. */
  connections(): number
  /** Connections open now. */
  open(): number
  /** Resolves when the connection of that number is closed. */
  closed(connection: number): Promise<void>
  /** Stops listening and cuts every connection. */
  stop(): Promise<void>
}

const track = (
  server: net.Server,
): Omit<Loopback, 'origin' | 'port' | 'seen'> & { numberOf(socket: Socket): number } => {
  const numbers = new WeakMap<Socket, number>()
  const open = new Set<Socket>()
  let count = 0
  server.on('connection', (socket: Socket) => {
    numbers.set(socket, ++count)
    open.add(socket)
    // A client that is cut off in a test resets its connection; that is what the test wanted.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open.delete(socket)
      server.emit('a connection closed')
    })
  })
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  onTestFinished(stop)
  return {
    connections: () => count,
    open: () => open.size,
    numberOf: (socket) => numbers.get(socket) ?? 0,
    stop,
    async closed(connection) {
      const isOpen = (): boolean =>
        count < connection || [...open].some((socket) => numbers.get(socket) === connection)
      while (isOpen()) await once(server, 'a connection closed')
    },
  }
}

const listen = async (server: net.Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** An HTTP server; `answer` gets the number of the request, from 1. */
export const serve = async (
  answer: (response: ServerResponse, request: Seen, number: number) => void,
): Promise<Loopback> => {
  const seen: Seen[] = []
  const server: Server = createServer()
  const tracked = track(server)
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    request.setEncoding('utf8')
    for await (const chunk of request) body += chunk
    const entry: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body,
      connection: tracked.numberOf(request.socket),
    }
    seen.push(entry)
    answer(response, entry, seen.length)
  })
  const port = await listen(server)
  return { ...tracked, origin: `http://127.0.0.1:${port}`, port, seen }
}

/** A server that speaks bytes: `onRequest` is called whenever a socket has received a whole request. */
export const serveBytes = async (
  onRequest: (socket: Socket, number: number, head: string) => void,
): Promise<Loopback> => {
  const seen: Seen[] = []
  const server = net.createServer()
  const tracked = track(server)
  server.on('connection', (socket: Socket) => {
    let held = ''
    socket.on('data', (chunk) => {
      held += chunk.toString('latin1')
      const end = held.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = held.slice(0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (held.length < end + 4 + length) return
      const [method = '', url = ''] = head.split(' ')
      const body = held.slice(end + 4)
      held = ''
      seen.push({ method, url, headers: {}, body, connection: tracked.numberOf(socket) })
      onRequest(socket, seen.length, head)
    })
  })
  const port = await listen(server)
  return { ...tracked, origin: `http://127.0.0.1:${port}`, port, seen }
}

/** A server that accepts connections and never says a word. */
export const serveSilence = (): Promise<Loopback> => serveBytes(() => undefined)

/** A loopback port on which nothing listens. */
export const closedPort = async (): Promise<number> => {
  const server = net.createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

/** An event as a frame of the stream. */
export const frame = (event: object): string => `data: ${JSON.stringify(event)}\n\n`

/** Answers with events and ends. */
export const stream = (response: ServerResponse, ...events: object[]): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map(frame).join(''))
}

/** Answers with JSON. */
export const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** The error that a promise rejects with. */
export const failure = async (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> => {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('Expected the promise to reject, but it resolved.')
}
