// The process that reads files: a request and the bytes of a file come in, its text or a reason goes out. It has no environment, and is ended when it takes too long.
import { createWriteStream } from 'node:fs'
import { readFrames, writeFrame } from './frames.ts'
import { ReadFailure } from './read-failure.ts'
import { type ReadRequest, readKind } from './read-kind.ts'

const out = createWriteStream('', { fd: 3 })
let request: ReadRequest | undefined

const answer = (value: object): void => writeFrame(out, new TextEncoder().encode(JSON.stringify(value)))

const failure = (error: unknown): { code: string; message: string } => {
  if (error instanceof ReadFailure) return { code: error.code, message: error.message }
  if (error instanceof RangeError && /allocation|Invalid (typed )?array|string length/i.test(error.message))
    return {
      code: 'file_too_large',
      message: 'The file needs more memory than reading may have (`limits.maxMemoryBytes`).',
    }
  return { code: 'invalid_file', message: 'The file cannot be read. Is it damaged?' }
}

readFrames(process.stdin, (frame) => {
  if (request === undefined) {
    request = JSON.parse(frame.toString()) as ReadRequest
    return
  }
  const asked = request
  request = undefined
  // A copy, for readers that hand their bytes on.
  readKind(new Uint8Array(frame), asked).then(
    (file) => answer({ file }),
    (error: unknown) => answer({ error: failure(error) }),
  )
})
process.stdin.on('end', () => process.exit(0))
