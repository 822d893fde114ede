const NEWLINE = 10

/**
 * Cuts bytes into lines, each a message.
 *
 * Looks at each byte once, however small the pieces are that a long line comes in. Returns false for a line of more than `maxBytes`: nothing can be read after it.
 */
export const createLineReader = (maxBytes: number, onLine: (line: string) => void) => {
  let pieces: Buffer[] = []
  let size = 0
  return (chunk: Buffer): boolean => {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end)
      size += piece.length
      if (size > maxBytes) return false
      if (piece.length > 0) pieces.push(piece)
      if (end < 0) return true
      const line = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, size)
      pieces = []
      size = 0
      start = end + 1
      onLine(line.toString('utf8'))
    }
  }
}
