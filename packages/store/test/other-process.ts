import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach } from 'vitest'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tsx = pathToFileURL(createRequire(file('../../../package.json')).resolve('tsx')).href
// The packages by their sources, or as they were built.
const config = file(
  process.env.TEST_BUILT === undefined ? '../../../tsconfig.json' : '../../../examples/tsconfig.json',
)

/** What another process is told to do; see other-process-main.ts, session-process-main.ts and response-process-main.ts. */
export type Task =
  | 'hold'
  | 'write'
  | 'follow'
  | 'hold-session'
  | 'add-to-session'
  | 'run-on-session'
  | 'hold-response'
  | 'write-response'
  | 'cancel-response'

/** Programs of the tasks that other-process-main.ts does not have. */
const PROGRAMS: Partial<Record<Task, string>> = {
  'hold-session': './session-process-main.ts',
  'add-to-session': './session-process-main.ts',
  'run-on-session': './session-process-main.ts',
  'hold-response': './response-process-main.ts',
  'write-response': './response-process-main.ts',
  'cancel-response': './response-process-main.ts',
}

/** A process of its own that works on a store. */
export interface OtherProcess {
  /** Resolves with the next line it writes. */
  line(): Promise<string>
  /** Kill −9, and resolves when it is gone. */
  kill(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Resolves with all lines when it has ended by itself. */
  end(): Promise<string[]>
}

const running = new Set<ChildProcessWithoutNullStreams>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a process; it is killed after the test. */
export const otherProcess = (target: string, task: Task, runId: string): OtherProcess => {
  const child = spawn(
    process.execPath,
    ['--import', tsx, file(PROGRAMS[task] ?? './other-process-main.ts'), target, task, runId],
    {
      env: { ...process.env, TSX_TSCONFIG_PATH: config },
    },
  )
  running.add(child)
  const lines: string[] = []
  const waiting: (() => void)[] = []
  let read = 0
  let rest = ''
  let said = ''
  let isGone = false
  const wake = (): void => {
    for (const awake of waiting.splice(0)) awake()
  }
  child.stdout.on('data', (chunk) => {
    const pieces = (rest + chunk).split('\n')
    rest = pieces.pop() ?? ''
    lines.push(...pieces)
    wake()
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const gone = new Promise<void>((resolve) =>
    child.once('close', () => {
      running.delete(child)
      isGone = true
      wake()
      resolve()
    }),
  )
  return {
    async line() {
      while (lines.length <= read) {
        if (isGone) throw new Error(`The other process has ended:\n${said}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      return lines[read++] ?? ''
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    signal: (name) => void child.kill(name),
    async end() {
      await gone
      if (said !== '') throw new Error(said)
      return lines
    },
  }
}
