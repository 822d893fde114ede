import { Worker } from 'node:worker_threads'
import { SandboxError } from '../sandbox-error.ts'
import type { EvaluatedMessage, EvaluateMessage, WorkerOptions } from './messages.ts'

/** Bounds of JavaScript in QuickJS. */
export interface QuickJsOptions {
  /** Of its values. @defaultValue 64 MiB */
  readonly memoryBytes?: number
  /** @defaultValue 512 KiB */
  readonly stackBytes?: number
  /** Of what one evaluation logs and gives, in UTF-16 code units. @defaultValue 1 MiB */
  readonly outputChars?: number
  /** Of what one evaluation writes into files, in UTF-16 code units. @defaultValue 8 MiB */
  readonly fileBytes?: number
}

/** How one piece of code is evaluated. */
export interface QuickJsEvaluation {
  /** @defaultValue 10_000 */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What `readFile(path)` and `listFiles()` find: texts by their paths. */
  readonly files?: Readonly<Record<string, string>>
}

/** What came of it. `died`: it was ended from outside, and what it knew is lost. */
export interface QuickJsResult {
  readonly end: 'value' | 'error' | 'timeout' | 'aborted' | 'died'
  readonly logs: string
  readonly isCut: boolean
  /** The value of the last expression, as text. */
  readonly value: string | undefined
  /** What `writeFile(path, text)` was given. */
  readonly files: Readonly<Record<string, string>>
  /** It had to be ended from outside: its variables are gone. The next evaluation begins anew. */
  readonly isLost: boolean
}

/** JavaScript that knows nothing of the host: no network, no files, no timers. Its variables stay from one evaluation to the next. */
export interface QuickJs {
  evaluate(code: string, options?: QuickJsEvaluation): Promise<QuickJsResult>
  close(): Promise<void>
}

const MIB = 1024 * 1024
/** QuickJS stops itself in time; a single long step inside it does not look at the clock. */
const GRACE_MS = 1_000
const lost = (end: 'aborted' | 'died' | 'timeout'): QuickJsResult => ({
  end,
  logs: '',
  isCut: false,
  value: undefined,
  files: {},
  isLost: true,
})

/** Opens a QuickJS of its own in a thread of its own, so that no code in it can hold this one. It works on every platform. */
export const openQuickJs = ({
  memoryBytes = 64 * MIB,
  stackBytes = 512 * 1024,
  outputChars = MIB,
  fileBytes = 8 * MIB,
}: QuickJsOptions = {}): QuickJs => {
  const options: WorkerOptions = { memoryBytes, stackBytes, outputChars, fileBytes }
  let worker: Promise<Worker> | undefined
  let count = 0
  let isClosed = false
  // One at a time: they share their variables.
  let last: Promise<unknown> = Promise.resolve()

  const end = async (): Promise<void> => {
    const ending = worker
    worker = undefined
    await (await ending?.catch(() => undefined))?.terminate()
  }

  const ask = async (code: string, evaluation: QuickJsEvaluation): Promise<QuickJsResult> => {
    const { timeoutMs = 10_000, signal, files = {} } = evaluation
    if (isClosed) throw new SandboxError('sandbox_closed', 'This QuickJS is closed. Open another one.')
    if (signal?.aborted === true) return { ...lost('aborted'), isLost: false }
    worker ??= started(options)
    const running = await worker
    count += 1
    const message: EvaluateMessage = { id: count, code, timeoutMs, files }
    const answer = await answerOf(running, message, timeoutMs + GRACE_MS, signal)
    if (typeof answer === 'string') {
      await end()
      return lost(answer)
    }
    const { id: _, isStuck, ...result } = answer
    if (isStuck) await end()
    return { ...result, isLost: isStuck }
  }

  return {
    evaluate(code, evaluation = {}) {
      const asked = last.then(() => ask(code, evaluation))
      last = asked.catch(() => {})
      return asked
    },
    close: async () => {
      isClosed = true
      await end()
    },
  }
}

/** True when this is not built. */
const isSource = import.meta.url.endsWith('.ts')

const started = (options: WorkerOptions): Promise<Worker> => {
  const url = new URL(`./quick-js-worker.${isSource ? 'ts' : 'js'}`, import.meta.url).href
  // From the sources a loader is registered first: Node does not hand ours on to its workers.
  const load = isSource
    ? `import('tsx/esm/api').then(({ register }) => register()).then(() => import(${JSON.stringify(url)}))`
    : `import(${JSON.stringify(url)})`
  const worker = new Worker(load, {
    eval: true,
    workerData: options,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
  })
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker))
    worker.once('error', (cause) =>
      reject(
        new SandboxError('sandbox_unavailable', `QuickJS could not be started: ${cause.message}`, { cause }),
      ),
    )
  })
}

const answerOf = (
  worker: Worker,
  message: EvaluateMessage,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<EvaluatedMessage | 'timeout' | 'aborted' | 'died'> =>
  new Promise((resolve) => {
    const done = (answer: EvaluatedMessage | 'timeout' | 'aborted' | 'died'): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      worker.off('message', onMessage).off('error', onDeath).off('exit', onDeath)
      resolve(answer)
    }
    const onMessage = (answer: EvaluatedMessage): void => {
      if (answer.id === message.id) done(answer)
    }
    const onDeath = (): void => done('died')
    const onAbort = (): void => done('aborted')
    const timer = setTimeout(() => done('timeout'), withinMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    worker.on('message', onMessage).on('error', onDeath).on('exit', onDeath)
    worker.postMessage(message)
  })
