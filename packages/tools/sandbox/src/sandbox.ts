import type { Readable, Writable } from 'node:stream'
import type { SandboxLimits } from './limits.ts'
import type { SandboxUser } from './user/choose-user.ts'

/** A folder or file of the host that is there inside. */
export interface SandboxMount {
  /** Absolute; its links are resolved when the sandbox is opened. The user of the sandbox must be able to reach it. */
  readonly hostPath: string
  /** Where it is inside, absolute, such as `/workspace`. */
  readonly path: string
  /** @defaultValue false */
  readonly writable?: boolean
  /**
   * Where the process is root, the sandbox has a user of its own, who may not write what is root's: a writable folder with `handOver` belongs to that user, with all that is in it,
   * until the sandbox is closed; then it belongs to its owner again. Without root it changes nothing.
   *
   * @defaultValue false
   */
  readonly handOver?: boolean
}

/** How a sandbox is made. */
export interface SandboxOptions {
  readonly mounts?: readonly SandboxMount[]
  /** For every command; each may have its own. */
  readonly limits?: Partial<SandboxLimits>
  /** All that is in the environment beside `PATH`, `HOME`, `LANG` and `TMPDIR`; nothing of ours ever is. */
  readonly env?: Readonly<Record<string, string>>
  /** Where commands run. @defaultValue '/tmp' */
  readonly cwd?: string
  /** The folders of the host where programs and libraries are, there for reading. @defaultValue ['/usr'] */
  readonly systemPaths?: readonly string[]
  /** @defaultValue bwrap, as found in PATH */
  readonly bubblewrapPath?: string
}

/** A program, and how it is run. */
export interface SandboxCommand {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly [string, ...string[]]
  /** Inside. @defaultValue that of the sandbox */
  readonly cwd?: string
  /** Over that of the sandbox. */
  readonly env?: Readonly<Record<string, string>>
  /** Over those of the sandbox. */
  readonly limits?: Partial<SandboxLimits>
  /** Kills it. */
  readonly signal?: AbortSignal
}

/** A program that is run to its end. */
export interface SandboxRun extends SandboxCommand {
  /** @defaultValue nothing: it reads the end at once */
  readonly stdin?: string | Uint8Array
  /** Gets what is written, as far as it is kept. What it throws ends the command. */
  readonly onOutput?: (chunk: Uint8Array, from: 'stdout' | 'stderr') => void
}

/**
 * What ended a program: itself (`exit`), a signal from inside or of the kernel (`signal`), its time (`timeout`), the caller (`aborted`), or the limit on output, memory, disk or processes
 * that the watch saw it over.
 */
export type SandboxEndReason =
  | 'exit'
  | 'signal'
  | 'timeout'
  | 'aborted'
  | 'output_limit'
  | 'memory_limit'
  | 'disk_limit'
  | 'process_limit'

/** How a program ended. */
export interface SandboxEnd {
  readonly end: SandboxEndReason
  /** As a shell has it: 128 and the number of the signal for one that a signal ended; null for one that we killed. */
  readonly exitCode: number | null
  /** With `end: 'signal'`. A program that exits with 128 and a number by itself reads the same. */
  readonly signal: NodeJS.Signals | null
  readonly durationMs: number
}

/** A program that was run to its end. */
export interface SandboxResult extends SandboxEnd {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** More was written than is kept. */
  readonly isStdoutCut: boolean
  readonly isStderrCut: boolean
}

/** A program that is running. */
export interface SandboxProcess {
  readonly stdin: Writable
  /** Not bounded by us: read it, and count. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Kills every process of it. */
  kill(): void
  /** Never rejects for what the program does. @throws SandboxError `sandbox_failed` when it could not be started. */
  readonly ended: Promise<SandboxEnd>
}

/** A place to run programs in. Each command has its own `/tmp`, processes and network; what they share are the writable mounts. */
export interface Sandbox {
  readonly kind: 'bubblewrap'
  /** Whom its processes are on the host; undefined where they are us. */
  readonly user: SandboxUser | undefined
  run(command: SandboxRun): Promise<SandboxResult>
  /** For programs that are talked to. Its `stdout` and `stderr` have to be read. */
  start(command: SandboxCommand): SandboxProcess
  /** Gives the sandbox what the host has put into its handed-over mounts since. */
  handOver(): Promise<void>
  /** Kills what runs, and takes handed-over folders back. */
  close(): Promise<void>
}
