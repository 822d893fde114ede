import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { openSandbox, type Sandbox, type SandboxOptions, type SandboxRun } from '../src/index.ts'

const execute = promisify(execFile)

/** Undefined where sandboxes can be made; else why not, for the titles of what is skipped. */
export const missing: string | undefined = await openSandbox().then(
  async (sandbox) => {
    const { exitCode } = await sandbox.run({ argv: ['/usr/bin/python3', '--version'] })
    await sandbox.close()
    return exitCode === 0 ? undefined : 'python3'
  },
  (error: { code?: string }) => {
    if (error.code !== 'sandbox_unavailable') throw error
    return 'bubblewrap'
  },
)

/** For the title of a suite that is skipped. */
export const needs: string = missing === undefined ? '' : ` (skipped: needs ${missing})`

export const opened = async (options?: SandboxOptions): Promise<Sandbox> => {
  const sandbox = await openSandbox(options)
  onTestFinished(() => sandbox.close())
  return sandbox
}

export const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'antiphon-sandbox-test-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** What a program said inside. */
export interface Said {
  readonly end: string
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export const inside = async (
  sandbox: Sandbox,
  argv: SandboxRun['argv'],
  options: Partial<SandboxRun> = {},
): Promise<Said> => {
  const { end, exitCode, stdout, stderr } = await sandbox.run({ argv, ...options })
  return { end, code: exitCode, out: Buffer.from(stdout).toString(), err: Buffer.from(stderr).toString() }
}

/** The same program on the host: it shows that an attack works where nothing holds it. */
export const outside = async (argv: readonly [string, ...string[]]): Promise<string> => {
  const { stdout } = await execute(argv[0], argv.slice(1), { timeout: 30_000 })
  return stdout
}

/** A Python program on a command line. */
export const python = (code: string, ...rest: string[]): [string, ...string[]] => [
  '/usr/bin/python3',
  '-c',
  code,
  ...rest,
]
