import type { ShellCommandOutput } from '@antiphon/client'
import { type ClippedOutput, clipOutput } from './clip-output.ts'
import type { CommandEnd, CommandRunner } from './command-runner.ts'

/** What is the same for all commands of a call. */
export interface CommandsOptions {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxOutputBytes: number
  readonly signal: AbortSignal
  readonly access: 'read' | 'write'
}

/** As a shell says that a program was killed. */
const KILLED_CODE = 137

const toOutput = (end: CommandEnd, stdout: ClippedOutput, stderr: ClippedOutput): ShellCommandOutput => {
  const said = stderr.text()
  if (end.type === 'timeout') return { stdout: stdout.text(), stderr: said, outcome: { type: 'timeout' } }
  if (end.type === 'exit')
    return { stdout: stdout.text(), stderr: said, outcome: { type: 'exit', exit_code: end.exitCode } }
  return {
    stdout: stdout.text(),
    stderr: `${said}${said === '' || said.endsWith('\n') ? '' : '\n'}[The command was killed: ${end.why}.]`,
    outcome: { type: 'exit', exit_code: KILLED_CODE },
  }
}

/**
 * Runs programs one after the other, whatever they end with, and gives what each printed and how it ended.
 *
 * @throws ShellError, SandboxError, and the reason of an abort
 */
export const runCommands = async (
  runner: CommandRunner,
  programs: readonly (readonly [string, ...string[]])[],
  { maxOutputBytes, ...rest }: CommandsOptions,
): Promise<ShellCommandOutput[]> => {
  const outputs: ShellCommandOutput[] = []
  for (const argv of programs) {
    const stdout = clipOutput(maxOutputBytes)
    const stderr = clipOutput(maxOutputBytes)
    const end = await runner.run({ ...rest, argv, stdout, stderr })
    outputs.push(toOutput(end, stdout, stderr))
  }
  return outputs
}
