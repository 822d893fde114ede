import type { ShellCommandOutput } from '@antiphon/client'
import { openSandbox, SandboxError } from '@antiphon/sandbox'
import { onTestFinished } from 'vitest'
import type { CommandRunner } from '../src/command/command-runner.ts'
import { runCommands } from '../src/command/run-commands.ts'
import { sandboxRunner } from '../src/command/sandbox-runner.ts'
import { unsandboxedRunner } from '../src/command/unsandboxed-runner.ts'

/** Why there is no sandbox on this machine; undefined where there is one. */
export const noSandbox: string | undefined = await openSandbox({}).then(
  async (sandbox) => {
    await sandbox.close()
    return undefined
  },
  (error: unknown) => {
    if (error instanceof SandboxError && error.code === 'sandbox_unavailable')
      return error.message.slice(0, 60)
    throw error
  },
)

/** Both ways to run commands. */
export const runners: Record<string, (root: string) => CommandRunner> = {
  sandboxed: (root) => sandboxRunner({ root, writable: true, protectedNames: ['.git'], env: {}, limits: {} }),
  unsandboxed: (root) => unsandboxedRunner(root, {}),
}

/** Runs command lines on a runner that is closed after the test. */
export const shellOn = (runner: CommandRunner) => {
  onTestFinished(() => runner.close())
  return (
    lines: string[],
    options: Partial<Parameters<typeof runCommands>[2]> = {},
  ): Promise<ShellCommandOutput[]> =>
    runCommands(
      runner,
      lines.map((line) => ['/bin/bash', '-c', line] as const),
      {
        folder: '',
        env: {},
        timeoutMs: 20_000,
        maxOutputBytes: 10_000,
        signal: new AbortController().signal,
        access: 'write',
        ...options,
      },
    )
}
