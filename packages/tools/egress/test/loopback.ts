import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
})

/** A server on this machine until the test ends; gives its port. */
export const listen = async (handler: RequestListener, host = '127.0.0.1', port = 0): Promise<number> => {
  const server = createServer(handler)
  servers.push(server)
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  return (server.address() as AddressInfo).port
}

/** All that a request carries. */
export const textOf = async (body: AsyncIterable<unknown>): Promise<string> => {
  let text = ''
  for await (const chunk of body) text += chunk
  return text
}
