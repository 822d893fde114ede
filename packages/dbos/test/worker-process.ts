import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { WorkerOptions } from '@antiphon/dbos'
import { afterEach } from 'vitest'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const tsx = pathToFileURL(createRequire(file('../../../package.json')).resolve('tsx')).href
// The packages by their sources, or as they were built.
const config = file(
  process.env.TEST_BUILT === undefined ? '../../../tsconfig.json' : '../../../examples/tsconfig.json',
)

export interface WorkerProcess {
  readonly pid: number
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Stops it in good order and resolves when the process has ended by itself. */
  stop(drainTimeoutMs?: number): Promise<void>
  /** Resolves when the process is gone. */
  readonly gone: Promise<number | null>
}

const running = new Set<ChildProcessWithoutNullStreams>()

afterEach(async () => {
  const gone = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(gone)
})

/** Starts a worker in a process of its own; resolves when it takes runs. It is killed after the test. */
export const startWorker = (
  folder: string,
  options: Omit<WorkerOptions, 'agents' | 'store' | 'log' | 'runOptions'>,
): Promise<WorkerProcess> => {
  const child = spawn(
    process.execPath,
    ['--import', tsx, file('./worker-main.ts'), folder, JSON.stringify(options)],
    { env: { ...process.env, TSX_TSCONFIG_PATH: config } },
  )
  running.add(child)
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  const gone = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      running.delete(child)
      resolve(code)
    }),
  )
  const worker: WorkerProcess = {
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    stop: async (drainTimeoutMs = 10_000) => {
      child.stdin.end(`${drainTimeoutMs}\n`)
      const code = await gone
      if (code !== 0 || said !== '') throw new Error(`The worker ended with ${code}:\n${said}`)
    },
    gone,
  }
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('ready')) resolve(worker)
      else if (!String(chunk).includes('stopped')) said += chunk
    })
    void gone.then((code) => reject(new Error(`The worker ended with ${code} before it was ready:\n${said}`)))
  })
}
