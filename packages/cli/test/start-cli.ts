import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach } from 'vitest'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const root = createRequire(file('../../../package.json'))
const built = process.env.TEST_BUILT !== undefined
const program = built
  ? [file('../dist/main.js')]
  : ['--import', pathToFileURL(root.resolve('tsx')).href, file('../src/main.ts')]
const SET_ASIDE = /^(?:COMETAPI_|OPENAI_|ANTIPHON_|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|TSX_)/
const WAIT_MS = 45_000

/** The agent files of the tests. */
export const agentFile = (name: string): string => file(`./agents/${name}`)

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams
  /** Resolves when standard error has this. */
  until(pattern: RegExp): Promise<void>
  readonly ended: Promise<Ended>
}

interface StartOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What is piped in; `null` keeps the pipe open. @defaultValue nothing */
  readonly input?: string | null
  /** False leaves standard output unread. @defaultValue true */
  readonly read?: boolean
}

const running = new Set<ChildProcessWithoutNullStreams>()

afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

/** Starts the command line in a process of its own, without keys and without a terminal. It is killed after the test. */
export const startCli = (args: readonly string[], options: StartOptions = {}): Started => {
  const { cwd = file('..'), env = {}, input = '', read = true } = options
  const kept = Object.entries(process.env).filter(([name]) => !SET_ASIDE.test(name))
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept), TSX_TSCONFIG_PATH: file('../../../tsconfig.json'), ...env },
  })
  running.add(child)
  const said = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  if (read) child.stdout.on('data', (chunk: string) => (said.stdout += chunk))
  child.stderr.on('data', (chunk: string) => {
    said.stderr += chunk
    for (const check of waiting) check()
  })
  // A program that ends without reading is no failure of the pipe.
  child.stdin.on('error', () => undefined)
  if (input !== null) child.stdin.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), WAIT_MS)
  const ended = new Promise<Ended>((resolve) => {
    child.on(read ? 'close' : 'exit', (code) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ code, ...said })
      for (const check of waiting) check()
    })
  })
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (pattern.test(said.stderr)) resolve()
        else if (child.exitCode !== null || child.signalCode !== null)
          reject(new Error(`It ended without ${pattern}:\n${said.stderr}`))
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })
  return { child, until, ended }
}

/** Runs the command line to its end. */
export const runCli = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  startCli(args, options).ended

/** The JSON lines of a standard output; throws when a line is none. */
export const jsonLines = (stdout: string): Array<Record<string, unknown> & { type: string }> =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { type: string })
