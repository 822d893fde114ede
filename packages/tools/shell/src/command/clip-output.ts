/** Text of which only the beginning and the end are kept when it is long. */
export interface ClippedOutput {
  add(chunk: Uint8Array): void
  /** Bytes that came. */
  readonly bytes: number
  /** What is kept, with a line in the middle that says how much is missing. */
  text(): string
}

const noticeOf = (missing: number): string => `\n[… ${missing} bytes cut here …]\n`
/** Room for the notice, within the limit. */
const NOTICE_BYTES = 48

/** The first place at or after `at`, and before the end, where a character of UTF-8 begins. */
const charStart = (bytes: Uint8Array, at: number): number => {
  let start = at
  while (start < bytes.length && start < at + 4 && (bytes[start]! & 0xc0) === 0x80) start++
  return start
}

/** Keeps `maxBytes` of an output, whatever comes: the first part and the last. */
export const clipOutput = (maxBytes: number): ClippedOutput => {
  const room = Math.max(0, maxBytes - NOTICE_BYTES)
  const headRoom = Math.ceil(room / 2)
  const tailRoom = room - headRoom
  // Whole until it is longer than the limit; then a beginning, and a ring with the end.
  const first = new Uint8Array(maxBytes)
  const last = new Uint8Array(tailRoom)
  let bytes = 0
  let lastAt = 0
  const addLast = (chunk: Uint8Array): void => {
    if (tailRoom === 0) return
    const part = chunk.subarray(Math.max(0, chunk.length - tailRoom))
    const untilEnd = Math.min(part.length, tailRoom - lastAt)
    last.set(part.subarray(0, untilEnd), lastAt)
    last.set(part.subarray(untilEnd), 0)
    lastAt = (lastAt + part.length) % tailRoom
  }
  // A zero byte is text to JavaScript, and to no database.
  const decode = (part: Uint8Array): string => new TextDecoder().decode(part).replaceAll('\0', '\uFFFD')
  return {
    add(chunk) {
      const part = chunk.subarray(0, Math.max(0, maxBytes - bytes))
      first.set(part, Math.min(bytes, maxBytes))
      addLast(chunk)
      bytes += chunk.length
    },
    get bytes() {
      return bytes
    },
    text() {
      if (bytes <= maxBytes) return decode(first.subarray(0, bytes))
      if (room === 0) return decode(first)
      const tail = new Uint8Array(tailRoom)
      tail.set(last.subarray(lastAt), 0)
      tail.set(last.subarray(0, lastAt), tailRoom - lastAt)
      const headEnd = headRoom - cutChar(first.subarray(0, headRoom))
      const tailStart = charStart(tail, 0)
      return (
        decode(first.subarray(0, headEnd)) +
        noticeOf(bytes - headEnd - (tailRoom - tailStart)) +
        decode(tail.subarray(tailStart))
      )
    },
  }
}

/** Bytes at the end that are the beginning of a character that goes on. */
const cutChar = (bytes: Uint8Array): number => {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}
