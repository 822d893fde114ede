import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EgressPolicy } from '@antiphon/egress'
import { afterEach } from 'vitest'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

/** A server on this machine until the test ends; gives its port. */
export const listen = async (handler: RequestListener): Promise<number> => {
  const server = createServer(handler)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

/** Every name leads to this machine. */
export const local: EgressPolicy = { allowLoopback: true, resolve: async () => ['127.0.0.1'] }

/** What a page answers: text, or all of it. */
export type PageAnswer =
  | string
  | {
      readonly status?: number
      readonly headers?: Record<string, string>
      readonly body?: string | Uint8Array
    }

/** A web of several hosts on one port: pages by host and path. Gives the port and what was asked for. */
export const web = async (
  pages: Record<string, PageAnswer>,
): Promise<{ readonly port: number; readonly asked: string[]; url(address: string): string }> => {
  const asked: string[] = []
  const port = await listen((request, response) => {
    const address = `${request.headers.host?.split(':')[0]}${request.url}`
    asked.push(address)
    const page = pages[address]
    if (page === undefined) return void response.writeHead(404).end('none')
    const { status = 200, headers = {}, body = '' } = typeof page === 'string' ? { body: page } : page
    const place = headers.location?.replace('PORT', String(port))
    response
      .writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        ...headers,
        ...(place && { location: place }),
      })
      .end(body)
  })
  const url = (address: string): string => `http://${address.replace('/', `:${port}/`)}`
  return { port, asked, url }
}

/** All that a request carries. */
export const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
