import type { ShellCommandOutput } from '@antiphon/client'
import { SandboxError } from '@antiphon/sandbox'
import { ToolFailed } from 'antiphon'
import { type Commands, needsApproval, onlyRead } from '../approval/approval-rule.ts'
import { runCommands } from '../command/run-commands.ts'
import type { SharedRunner } from './shared-runner.ts'
import type { ShellSettings } from './shell-options.ts'

/** One call: commands, with what the model asked for. */
export interface ShellRequest {
  readonly commands: Commands
  readonly timeoutMs: number | null | undefined
  readonly maxOutputBytes?: number | null | undefined
  /** Below the root. */
  readonly folder?: string
  readonly signal: AbortSignal
}

/** True when a person has to decide before the commands run. */
export const askBefore = (settings: ShellSettings, commands: Commands): boolean | Promise<boolean> =>
  settings.isReadOnly && settings.needsApproval === 'writes'
    ? false
    : needsApproval(settings.needsApproval, commands, settings)

/** Runs a call. @throws ToolFailed where there is no sandbox; ShellError, SandboxError */
export const runShell = async (
  settings: ShellSettings,
  runner: SharedRunner,
  { commands, timeoutMs, maxOutputBytes, folder = '', signal }: ShellRequest,
): Promise<ShellCommandOutput[]> => {
  const programs =
    'argv' in commands
      ? [commands.argv as [string, ...string[]]]
      : commands.lines.map((line) => [settings.shell, '-c', line] as const)
  try {
    return await runCommands(runner.current(), programs, {
      folder,
      env: {},
      timeoutMs: Math.min(timeoutMs ?? settings.timeoutMs, settings.maxTimeoutMs),
      maxOutputBytes: Math.min(maxOutputBytes ?? settings.maxOutputBytes, settings.maxOutputBytes),
      signal,
      access: onlyRead(commands, settings) ? 'read' : 'write',
    })
  } catch (error) {
    if (error instanceof SandboxError && error.code === 'sandbox_unavailable')
      throw new ToolFailed(error.message)
    throw error
  }
}
