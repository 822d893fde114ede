/**
 * Gives the fastest decoder of whole UTF-8 byte ranges that the runtime has; a BOM is kept, broken bytes become U+FFFD.
 *
 * Only for ranges that end at a character boundary: a cut character is not carried over to the next call.
 */
export const createUtf8Decode = (): ((bytes: Uint8Array) => string) => {
  if (typeof Buffer === 'undefined') {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    return (bytes) => decoder.decode(bytes)
  }
  return decodeByBuffer
}

const decodeByBuffer = (bytes: Uint8Array): string =>
  bytes instanceof Buffer
    ? bytes.toString()
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
