import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SandboxLimits } from '@antiphon/sandbox'
import { ConfigError } from 'antiphon'
import type { ShellApproval } from '../approval/approval-rule.ts'
import type { CommandRunner } from '../command/command-runner.ts'
import { sandboxRunner } from '../command/sandbox-runner.ts'
import { unsandboxedRunner } from '../command/unsandboxed-runner.ts'

/** Where commands run, and what they may do. */
export interface ShellOptions {
  /** The folder of the host that commands see as their workspace. */
  readonly root: string
  /** Whether commands may write the workspace. @defaultValue 'read-write' */
  readonly access?: 'read-write' | 'read-only'
  /**
   * When a person decides first: `'writes'` unless every command is known only to read, `'always'`, `'never'`, or what a function says of each command.
   *
   * @defaultValue 'writes'
   */
  readonly needsApproval?: ShellApproval
  /** Of one command that names no time. @defaultValue 60_000 */
  readonly timeoutMs?: number
  /** The most that the model may ask for. @defaultValue 600_000 */
  readonly maxTimeoutMs?: number
  /** Bytes of stdout, and of stderr, of one command that are kept; the middle of more is cut, with a note. @defaultValue 32_768 */
  readonly maxOutputBytes?: number
  /** All that is in the environment of commands beside `PATH`, `HOME`, `LANG` and `TMPDIR`. */
  readonly env?: Readonly<Record<string, string>>
  /** Of one command in the sandbox. @defaultValue 2 GiB of memory, 256 processes, 1024 open files, processor time as `timeoutMs`, and the sandbox's own for the rest */
  readonly limits?: Partial<Omit<SandboxLimits, 'wallMs' | 'outputBytes'>>
  /** Entries of the root that commands in the sandbox can only read: what is in `.git` is run by whoever uses git later. @defaultValue ['.git'] */
  readonly protectedNames?: readonly string[]
  /** Folders of the host where programs are, there for reading in the sandbox. @defaultValue ['/usr'] */
  readonly systemPaths?: readonly string[]
  /**
   * Runs commands as this process's own user, with the network, every file that it can reach, and no limits but time and output. Only for a machine or a container that is a sandbox by itself.
   * Nothing ever falls back to this.
   *
   * @defaultValue false
   */
  readonly dangerouslyRunWithoutSandbox?: boolean
}

/** The options, whole and checked. */
export interface ShellSettings {
  readonly root: string
  readonly needsApproval: ShellApproval
  readonly timeoutMs: number
  readonly maxTimeoutMs: number
  readonly maxOutputBytes: number
  /** Nothing can be written, whatever a command tries. */
  readonly isReadOnly: boolean
  readonly isSandboxed: boolean
  /** The shell that reads a command line. */
  readonly shell: string
  makeRunner(): CommandRunner
}

/** What compilers and test runners need. */
const LIMITS: Partial<SandboxLimits> = { memoryBytes: 2 * 1024 ** 3, processes: 256, openFiles: 1024 }

const fail = (message: string): never => {
  throw new ConfigError('invalid_config', message)
}

const positive = (name: string, value: number): number =>
  Number.isSafeInteger(value) && value > 0
    ? value
    : fail(`Expected \`${name}\` to be a positive whole number, got ${String(value)}.`)

/** Checks the options and fills them up. @throws ConfigError `invalid_config` */
export const toShellSettings = (options: ShellOptions): ShellSettings => {
  if (typeof options?.root !== 'string' || options.root === '')
    fail('Expected `root` to be the folder in which commands run.')
  const { access = 'read-write', needsApproval = 'writes', dangerouslyRunWithoutSandbox = false } = options
  if (!['read-write', 'read-only'].includes(access))
    fail(`Expected \`access\` to be 'read-write' or 'read-only', got ${String(access)}.`)
  if (typeof needsApproval !== 'function' && !['always', 'never', 'writes'].includes(needsApproval))
    fail(
      `Expected \`needsApproval\` to be 'always', 'never', 'writes' or a function, got ${String(needsApproval)}.`,
    )
  if (dangerouslyRunWithoutSandbox && access === 'read-only')
    fail('`access: "read-only"` cannot be held without a sandbox. Leave out `dangerouslyRunWithoutSandbox`.')
  const root = resolve(options.root)
  const env = options.env ?? {}
  const maxTimeoutMs = positive('maxTimeoutMs', options.maxTimeoutMs ?? 600_000)
  return {
    root,
    needsApproval,
    timeoutMs: Math.min(positive('timeoutMs', options.timeoutMs ?? 60_000), maxTimeoutMs),
    maxTimeoutMs,
    maxOutputBytes: positive('maxOutputBytes', options.maxOutputBytes ?? 32_768),
    isReadOnly: access === 'read-only',
    isSandboxed: !dangerouslyRunWithoutSandbox,
    shell: existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh',
    makeRunner: () =>
      dangerouslyRunWithoutSandbox
        ? unsandboxedRunner(root, env)
        : sandboxRunner({
            root,
            writable: access === 'read-write',
            protectedNames: options.protectedNames ?? ['.git'],
            env,
            limits: { ...LIMITS, ...options.limits },
            ...(options.systemPaths === undefined ? {} : { systemPaths: options.systemPaths }),
          }),
  }
}
