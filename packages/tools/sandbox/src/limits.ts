import { ConfigError } from 'antiphon'

/** Bounds of one command with all its processes. */
export interface SandboxLimits {
  /** From start to end; everything is killed then. `Infinity` for none. @defaultValue 60_000 */
  readonly wallMs: number
  /** Processor time of each single process. @defaultValue 60 */
  readonly cpuSeconds: number
  /** Of each single process by the kernel, and of all together by a watch that looks ten times a second. @defaultValue 1 GiB */
  readonly memoryBytes: number
  /** Processes and threads at one time. @defaultValue 64 */
  readonly processes: number
  /** Of each single file that is written. @defaultValue 256 MiB */
  readonly fileBytes: number
  /** Of what is in `/tmp`, and by how much all writable mounts may grow while the command runs. @defaultValue 512 MiB */
  readonly diskBytes: number
  /** Files in `/tmp`, and by how many all writable mounts may grow. @defaultValue 50_000 */
  readonly files: number
  /** Of stdout and of stderr, each, that are kept; what comes after is dropped. @defaultValue 1 MiB */
  readonly outputBytes: number
  /** Of stdout and stderr together that are read at all; a command that writes more is killed. @defaultValue 64 MiB */
  readonly floodBytes: number
  /** Open files of each single process. @defaultValue 256 */
  readonly openFiles: number
}

const MIB = 1024 * 1024

/** What holds where nothing else is said. */
export const defaultLimits: SandboxLimits = {
  wallMs: 60_000,
  cpuSeconds: 60,
  memoryBytes: 1024 * MIB,
  processes: 64,
  fileBytes: 256 * MIB,
  diskBytes: 512 * MIB,
  files: 50_000,
  outputBytes: MIB,
  floodBytes: 64 * MIB,
  openFiles: 256,
}

/** The limits of a command: its own over the sandbox's over the defaults. */
export const limitsFrom = (...given: (Partial<SandboxLimits> | undefined)[]): SandboxLimits => {
  const limits: Record<keyof SandboxLimits, number> = { ...defaultLimits }
  for (const some of given)
    for (const [name, value] of Object.entries(some ?? {})) {
      if (value === undefined) continue
      if (!(name in defaultLimits))
        throw new ConfigError('invalid_config', `There is no limit \`${name}\` of a sandbox.`)
      const isFine =
        typeof value === 'number' && value > 0 && (Number.isSafeInteger(value) || name === 'wallMs')
      if (!isFine)
        throw new ConfigError(
          'invalid_config',
          `Expected limit \`${name}\` to be a whole number above 0, got ${value}.`,
        )
      limits[name as keyof SandboxLimits] = value
    }
  return limits
}
