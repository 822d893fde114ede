import type { IncomingMessage } from 'node:http'
import { bodyTooLarge, joined } from './read-body.ts'

/**
 * Reads a body of the Node kind to its end. One that a framework has parsed already is taken from `request.body`.
 *
 * @throws ServeError 413 as soon as it is over the limit; the rest is not kept.
 */
export const readNodeBody = (request: IncomingMessage, limitBytes: number): Promise<Uint8Array> => {
  if (request.readableEnded) return parsedBefore(request)
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let size = 0
    const onData = (piece: Uint8Array): void => {
      size += piece.length
      if (size <= limitBytes) return void pieces.push(piece)
      stop()
      request.pause()
      reject(bodyTooLarge(limitBytes))
    }
    const onEnd = (): void => {
      stop()
      resolve(joined(pieces, size))
    }
    const onGone = (): void => {
      stop()
      reject(new Error('The client has gone within its request.'))
    }
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onGone)
      // `error` comes with `close`, and would be thrown without a listener.
      pieces.length = size > limitBytes ? 0 : pieces.length
    }
    if (request.destroyed) return onGone()
    request.on('data', onData).on('end', onEnd).on('close', onGone)
  })
}

/** A body of the Node kind, piece by piece. One that is not read to its end is left to who ends the connection. */
export async function* nodePieces(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  if (request.readableEnded) {
    yield await parsedBefore(request)
    return
  }
  // Ending early must not cut the connection: the answer says why.
  for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Uint8Array
}

const parsedBefore = async (request: IncomingMessage): Promise<Uint8Array> => {
  const { body, headers } = request as { body?: unknown; headers: IncomingMessage['headers'] }
  if (Buffer.isBuffer(body)) return body
  if (body !== undefined) return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
    throw new Error(
      'The body was read before this handler, and `request.body` has nothing of it. Mount the handler before what reads bodies.',
    )
  return new Uint8Array()
}
