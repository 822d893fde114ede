import type { Transform } from 'node:stream'

/** Takes the compressed body of one answer. */
export interface Decompressor {
  push(chunk: Uint8Array): void
  /** The compressed body is whole; `onEnd` follows when it is read. */
  end(): void
}

/** Where the plain body goes. */
export interface DecompressorTarget {
  onData(chunk: Uint8Array): void
  onEnd(): void
  onError(error: Error): void
}

/**
 * A decompressor for a body that came compressed although `identity` was asked for, as some gateways do.
 *
 * Undefined for `identity`. Loads zlib when it is needed first.
 */
export const createDecompressor = (
  encoding: string,
  target: DecompressorTarget,
): Decompressor | undefined => {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return undefined
  const stream = openStream(name)
  stream.on('data', (chunk: Uint8Array) => target.onData(chunk))
  stream.on('end', () => target.onEnd())
  stream.on('error', (error) => target.onError(error))
  return {
    push: (chunk) => void stream.write(chunk),
    end: () => void stream.end(),
  }
}

const openStream = (name: string): Transform => {
  const zlib = process.getBuiltinModule('node:zlib')
  if (name === 'gzip' || name === 'x-gzip') return zlib.createGunzip()
  if (name === 'deflate') return zlib.createInflate()
  if (name === 'br') return zlib.createBrotliDecompress()
  throw Object.assign(
    new Error(`the answer is compressed as "${name.slice(0, 40)}", which was not asked for`),
    {
      code: 'UNKNOWN_CONTENT_ENCODING',
    },
  )
}
