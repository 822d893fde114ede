import { closeConnections, type TransportRequest, undiciTransport } from '@antiphon/client'
import { describe, expect, it } from 'vitest'
import { serve, serveBytes } from './loopback.ts'

const request = (origin: string, path = '/'): TransportRequest => ({
  method: 'POST',
  origin,
  path,
  headers: [],
  body: '{}',
})

/** An exchange, and how it is stopped. */
const begin = (
  transport: ReturnType<typeof undiciTransport>,
  sent: TransportRequest,
): { ended: Promise<string>; stop: () => void } => {
  let stop = (): void => undefined
  const ended = new Promise<string>((resolve) => {
    let body = ''
    const cut = transport(sent, {
      onHeaders: () => undefined,
      onData: (chunk) => {
        body += Buffer.from(chunk).toString()
      },
      onEnd: () => resolve(body),
      onError: () => resolve('failed'),
    })
    stop = () => {
      cut(new Error('enough'))
      resolve('stopped')
    }
  })
  return { ended, stop }
}

describe('with one connection, an exchange that waits', () => {
  it('gets a new one when the one before was stopped', async () => {
    const server = await serve((response, { url }) => {
      response.write('x')
      if (url === '/next') response.end()
    })
    const one = undiciTransport({ connections: 1 })
    const first = begin(one, request(server.origin))
    const next = begin(one, request(server.origin, '/next'))
    while (server.seen.length === 0) await new Promise(setImmediate)
    first.stop()
    expect(await next.ended).toBe('x')
    expect(server.connections()).toBe(2)
  })

  it('gets a new one when the one before was lost', async () => {
    const server = await serveBytes((socket, number) => {
      if (number === 1) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
    const one = undiciTransport({ connections: 1 })
    const exchanges = [begin(one, request(server.origin)), begin(one, request(server.origin))]
    expect(await Promise.all(exchanges.map(({ ended }) => ended))).toEqual(['failed', 'ok'])
  })

  it('is passed over when it was stopped while it waited', async () => {
    const server = await serve((response, { url }) => response.end(url))
    const one = undiciTransport({ connections: 1 })
    const exchanges = ['/1', '/2', '/3', '/4'].map((path) => begin(one, request(server.origin, path)))
    exchanges[1]?.stop()
    exchanges[2]?.stop()
    expect(await Promise.all(exchanges.map(({ ended }) => ended))).toEqual(['/1', 'stopped', 'stopped', '/4'])
    expect(server.seen.map(({ url }) => url)).toEqual(['/1', '/4'])
    expect(server.connections()).toBe(1)
  })

  it('is served before connections are closed', async () => {
    const server = await serve((response, { url }) => response.end(url))
    const one = undiciTransport({ connections: 1 })
    const exchanges = ['/1', '/2', '/3'].map((path) => begin(one, request(server.origin, path)))
    await closeConnections()
    expect(await Promise.all(exchanges.map(({ ended }) => ended))).toEqual(['/1', '/2', '/3'])
    await server.closed(1)
  })
})

describe('an exchange that is stopped before a byte of it was sent', () => {
  it('leaves its idle connection to others', async () => {
    const server = await serve((response, { url }) => response.end(url))
    const transport = undiciTransport({ connections: 1 })
    expect(await begin(transport, request(server.origin, '/1')).ended).toBe('/1')
    begin(transport, request(server.origin, '/2')).stop()
    expect(await begin(transport, request(server.origin, '/3')).ended).toBe('/3')
    expect(server.seen.map(({ url }) => url)).toEqual(['/1', '/3'])
    expect(server.connections()).toBe(1)
  })
})

describe('a server that closes each connection after its answer', () => {
  it('gets a new connection for each request, and every one of them once', async () => {
    const server = await serve((response, { url }) =>
      response.writeHead(200, { connection: 'close' }).end(url),
    )
    const transport = undiciTransport()
    for (const path of ['/1', '/2', '/3'])
      expect(await begin(transport, request(server.origin, path)).ended).toBe(path)
    expect(server.seen.map(({ url }) => url)).toEqual(['/1', '/2', '/3'])
    expect(server.connections()).toBe(3)
  })
})
