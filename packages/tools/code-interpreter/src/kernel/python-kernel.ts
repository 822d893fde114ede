import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Sandbox, SandboxEnd } from '@antiphon/sandbox'
import { KERNEL_BOUNDS, type Kernel, type KernelCall, type KernelImage, type KernelResult } from './kernel.ts'
import { type LogReader, readLogs } from './log-reader.ts'
import { type PythonAnswer, readAnswers } from './python-answers.ts'
import { pythonDriver } from './python-driver.ts'

/** Python stops itself in time; code that does not let it is killed this much later. */
const GRACE_MS = 2_000
/** How long the log may be behind the answer. */
const MARK_MS = 2_000
const ENV = {
  MPLBACKEND: 'Agg',
  MPLCONFIGDIR: '/tmp/.matplotlib',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONIOENCODING: 'utf-8',
  OPENBLAS_NUM_THREADS: '2',
  OMP_NUM_THREADS: '2',
}

/** Why a kernel ended by itself, in words for a model. */
const WHY: Partial<Record<SandboxEnd['end'], string>> = {
  memory_limit: 'it used more memory than its container has',
  disk_limit: 'it wrote more than its container has room for',
  process_limit: 'it started too many processes',
  output_limit: 'it printed far too much',
  timeout: 'it took too long',
}

/** Python in a sandbox, started at once. */
export const startPython = (sandbox: Sandbox, program = '/usr/bin/python3'): Kernel => {
  const python = sandbox.start({
    argv: [program, '-I', '-u', '-c', pythonDriver],
    env: ENV,
    // Each call has its time; the processor time is that of all calls.
    limits: { wallMs: Number.POSITIVE_INFINITY, cpuSeconds: 3_600 },
  })
  let ended: SandboxEnd | Error | undefined
  const whenEnded = python.ended.then(
    (end) => {
      ended = end
    },
    (error: Error) => {
      ended = error
    },
  )
  let isFlood = false
  const logs = readLogs(python.stderr, () => {
    isFlood = true
    python.kill()
  })
  const answers = readAnswers(python)

  const run = async ({ code, timeoutMs, signal }: KernelCall): Promise<KernelResult> => {
    if (ended !== undefined) return dead(ended, logs, isFlood)
    const id = randomBytes(16).toString('hex')
    logs.begin(id)
    const answered = answers.next(id)
    python.stdin.write(`${JSON.stringify({ id, code, seconds: timeoutMs / 1_000 })}\n`)
    const outcome = await firstOf(answered, whenEnded, timeoutMs + GRACE_MS, signal)
    if (typeof outcome === 'object') {
      await within(logs.marked, MARK_MS)
      return { ...logs.take(), ...told(outcome), isAlive: true }
    }
    answers.forget()
    if (outcome !== 'ended') python.kill()
    await whenEnded
    // What it still said is on its way.
    await within(closed(python.stderr), MARK_MS)
    if (outcome !== 'ended')
      return { end: outcome, ...logs.take(), value: undefined, images: [], isAlive: false }
    return dead(ended, logs, isFlood)
  }

  return {
    run,
    close: async () => {
      python.kill()
      await whenEnded
    },
  }
}

const told = ({ end, value, images }: PythonAnswer): Pick<KernelResult, 'end' | 'value' | 'images'> => ({
  end,
  value: value?.slice(0, KERNEL_BOUNDS.valueChars) ?? undefined,
  images: images
    .slice(0, KERNEL_BOUNDS.images)
    .filter((base64) => isPng(base64))
    .map((base64): KernelImage => ({ mimeType: 'image/png', base64 })),
})

/** Nobody is shown as a picture what is none. */
const isPng = (base64: string): boolean =>
  base64.length <= KERNEL_BOUNDS.imageBytes * 1.4 &&
  base64.startsWith('iVBORw0KGgo') &&
  /^[A-Za-z0-9+/]+={0,2}$/.test(base64)

const dead = (ended: SandboxEnd | Error | undefined, logs: LogReader, isFlood: boolean): KernelResult => {
  const why =
    ended instanceof Error
      ? ended.message
      : isFlood
        ? WHY.output_limit
        : ended === undefined
          ? undefined
          : (WHY[ended.end] ?? `its process ended (${ended.signal ?? `exit code ${ended.exitCode}`})`)
  return {
    end: 'died',
    ...logs.take(),
    value: undefined,
    images: [],
    isAlive: false,
    ...(why === undefined ? {} : { why }),
    isDiskFull: !(ended instanceof Error) && ended?.end === 'disk_limit',
  }
}

const firstOf = (
  answered: Promise<PythonAnswer>,
  whenEnded: Promise<void>,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<PythonAnswer | 'ended' | 'timeout' | 'aborted'> =>
  new Promise((resolve) => {
    const done = (outcome: PythonAnswer | 'ended' | 'timeout' | 'aborted'): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      resolve(outcome)
    }
    const onAbort = (): void => done('aborted')
    const timer = setTimeout(() => done('timeout'), withinMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    answered.then(done)
    whenEnded.then(() => done('ended'))
  })

const closed = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.closed) resolve()
    else stream.once('close', () => resolve())
  })

const within = async (promise: Promise<void>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    promise,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
