import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { createNodeServer, type NodeServerOptions } from '../src/http/node-server.ts'
import type { ResponseReply } from '../src/http/reply.ts'
import type { Route } from '../src/http/router.ts'

/** A server on a free port, closed when the test has finished. */
export const startServer = async (routes: readonly Route[], options: Partial<NodeServerOptions> = {}) => {
  const errors: unknown[] = []
  const server = createNodeServer({
    routes,
    isOpen: true,
    graceMs: 0,
    onError: (error) => void errors.push(error),
    ...options,
  })
  const { port, url } = await server.listen(0)
  onTestFinished(() => server.close())
  return { server, port, url, errors }
}

/** A route that answers with what it was asked. */
export const echo: Route = {
  method: 'POST',
  path: '/responses',
  handle: async (call) => json(await call.json()),
}

export const json = (body: unknown, status = 200): ResponseReply => ({ kind: 'json', status, body })

/** Resolves when somebody calls `resolve`. */
export const gate = <T = void>() => {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** A connection that sees the bytes as they are. */
export class RawClient {
  readonly socket: Socket
  /** Everything that came. */
  text = ''
  /** Resolves when the connection is closed, by whatever. */
  readonly closed: Promise<void>
  #waiting: { readonly pattern: RegExp; readonly found: () => void }[] = []

  constructor(port: number, options: { readonly allowHalfOpen?: boolean } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', ...options })
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
      for (const { pattern, found } of this.#waiting) if (pattern.test(this.text)) found()
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    onTestFinished(() => void this.socket.destroy())
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes)
    return this
  }

  /** Sends a request with a body of JSON. */
  post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): this {
    const all = {
      host: '127.0.0.1',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return this.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`).write(body)
  }

  get(path: string): this {
    return this.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  }

  /** Resolves when what came matches. */
  async until(pattern: RegExp): Promise<string> {
    if (pattern.test(this.text)) return this.text
    await Promise.race([
      new Promise<void>((found) => {
        this.#waiting.push({ pattern, found })
      }),
      this.closed.then(() => {
        if (!pattern.test(this.text))
          throw new Error(`The connection was closed before ${pattern}: ${this.text.slice(0, 500)}`)
      }),
    ])
    return this.text
  }
}
