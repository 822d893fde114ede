import { joinBytes } from './join-bytes.ts'

/** Takes the body of one answer as it comes. */
export interface BodyReader {
  push(chunk: Uint8Array): void
  /** The body is whole. */
  end(): void
}

/** Keeps the whole body and hands it on at its end; at `maxBytes` it hands on what it has and ignores the rest. */
export const wholeBody = (
  onWhole: (body: Uint8Array) => void,
  maxBytes = Number.POSITIVE_INFINITY,
): BodyReader => {
  let pieces: Uint8Array[] = []
  let size = 0
  let done = false
  const end = (): void => {
    if (done) return
    done = true
    const whole = joinBytes(pieces, size)
    pieces = []
    onWhole(whole)
  }
  return {
    push(chunk) {
      if (done) return
      const room = maxBytes - size
      const piece = chunk.length > room ? chunk.subarray(0, room) : chunk
      pieces.push(piece)
      size += piece.length
      if (size >= maxBytes) end()
    },
    end,
  }
}

const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13)
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Chooses the reader by the first character of the body, for answers without a content type that says it. */
export const sniffedBody = (choose: (firstCharacter: string) => BodyReader): BodyReader => {
  let chosen: BodyReader | undefined
  let held: Uint8Array[] = []
  const decide = (byte: number): BodyReader => {
    const reader = choose(String.fromCharCode(byte))
    chosen = reader
    for (const piece of held) reader.push(piece)
    held = []
    return reader
  }
  return {
    push(chunk) {
      if (chosen) {
        chosen.push(chunk)
        return
      }
      held.push(chunk)
      const first = chunk.find((byte) => !isBlank(byte) && !byteOrderMark.includes(byte))
      if (first !== undefined) decide(first)
    },
    end() {
      const reader = chosen ?? decide(0)
      reader.end()
    },
  }
}
