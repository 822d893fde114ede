import type { SandboxProcess } from '@antiphon/sandbox'
import { z } from 'zod'
import { KERNEL_BOUNDS } from './kernel.ts'

/** Of one answer: images in base64, and the value. */
const ANSWER_BYTES =
  KERNEL_BOUNDS.images * KERNEL_BOUNDS.imageBytes * 1.4 + KERNEL_BOUNDS.valueChars * 12 + 10_000

/** What Python answers. It is not trusted: code runs in the same process. */
const answerSchema = z.object({
  id: z.string(),
  end: z.enum(['ok', 'error', 'timeout']),
  value: z.string().nullable(),
  images: z.array(z.string()),
})
/** What came of one call, as Python says. */
export type PythonAnswer = z.infer<typeof answerSchema>

/** Answers out of the stream of a process, each a line. What is none, or of another call, is not looked at. */
export const readAnswers = (
  python: SandboxProcess,
): { next(id: string): Promise<PythonAnswer>; forget(): void } => {
  let pieces: Buffer[] = []
  let size = 0
  let waiting: { readonly id: string; resolve(answer: PythonAnswer): void } | undefined
  const onLine = (line: string): void => {
    const read = answerSchema.safeParse(parsed(line))
    if (!read.success || read.data.id !== waiting?.id) return
    const { resolve } = waiting
    waiting = undefined
    resolve(read.data)
  }
  python.stdout.on('error', () => {})
  python.stdout.on('data', (chunk: Buffer) => {
    let rest = chunk
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      const line = Buffer.concat([...pieces, rest.subarray(0, at)])
      pieces = []
      size = 0
      rest = rest.subarray(at + 1)
      onLine(line.toString('utf8'))
    }
    pieces.push(rest)
    size += rest.length
    if (size > ANSWER_BYTES) {
      pieces = []
      size = 0
      python.kill()
    }
  })
  return {
    next: (id) =>
      new Promise((resolve) => {
        waiting = { id, resolve }
      }),
    forget: () => {
      waiting = undefined
    },
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
