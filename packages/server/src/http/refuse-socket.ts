import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServeError } from '../request/serve-error.ts'

/** Answers on a connection that has no response object, and closes it. */
export const refuseSocket = (
  socket: Duplex,
  error: ServeError,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = JSON.stringify(error.body)
  const all = {
    ...error.headers,
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, ' ')}\r\n`)
  socket.on('error', () => undefined)
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('')}\r\n${body}`,
    () => socket.destroy(),
  )
}
