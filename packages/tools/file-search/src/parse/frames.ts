import type { Readable, Writable } from 'node:stream'

/** Longest message that is taken: the text of a file is below it. */
const MAX_FRAME = 1024 * 1024 * 1024

/** Sends bytes with their length before them. */
export const writeFrame = (to: Writable, bytes: Uint8Array): void => {
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, bytes.length)
  to.write(head)
  to.write(bytes)
}

/** Calls `onFrame` with each message of a stream. A length that is out of bounds ends the stream. */
export const readFrames = (from: Readable, onFrame: (bytes: Buffer) => void): void => {
  let parts: Buffer[] = []
  let have = 0
  let need = -1
  from.on('data', (part: Buffer) => {
    parts.push(part)
    have += part.length
    for (;;) {
      if (need === -1) {
        if (have < 4) return
        const all = Buffer.concat(parts)
        need = all.readUInt32BE(0)
        if (need > MAX_FRAME) {
          from.destroy()
          return
        }
        parts = [all.subarray(4)]
        have -= 4
      }
      if (have < need) return
      const all = Buffer.concat(parts)
      const frame = all.subarray(0, need)
      parts = [all.subarray(need)]
      have -= need
      need = -1
      onFrame(frame)
    }
  })
}
