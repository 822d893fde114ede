/** How much of a file lies in one row. */
export const PIECE_BYTES = 1_024 * 1_024

/** The same bytes in pieces of `PIECE_BYTES`, the last one shorter. None for no bytes. */
export async function* evenPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(PIECE_BYTES)
  let filled = 0
  for await (const given of content)
    for (let at = 0; at < given.length; ) {
      const count = Math.min(given.length - at, PIECE_BYTES - filled)
      piece.set(given.subarray(at, at + count), filled)
      filled += count
      at += count
      if (filled < PIECE_BYTES) continue
      yield piece
      piece = new Uint8Array(PIECE_BYTES)
      filled = 0
    }
  if (filled > 0) yield piece.slice(0, filled)
}

/** Where bytes lie: in which pieces, and where in them. */
export interface PlaceOfBytes {
  /** Number of the piece, from 0. */
  readonly n: number
  /** Within the piece. */
  readonly start: number
  readonly end: number
}

/** The places of the bytes from `start` to `end` of a file with so many bytes. */
export function* placesOf(bytes: number, start = 0, end = bytes): Generator<PlaceOfBytes> {
  const last = Math.min(end, bytes)
  for (let at = Math.max(0, start); at < last; ) {
    const n = Math.floor(at / PIECE_BYTES)
    const from = at - n * PIECE_BYTES
    const to = Math.min(PIECE_BYTES, last - n * PIECE_BYTES)
    yield { n, start: from, end: to }
    at += to - from
  }
}
