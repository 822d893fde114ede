import { lstat, realpath } from 'node:fs/promises'
import { join, posix } from 'node:path'
import {
  openSandbox,
  type Sandbox,
  type SandboxEndReason,
  type SandboxLimits,
  type SandboxMount,
} from '@antiphon/sandbox'
import type { CommandRunner } from './command-runner.ts'

/** Where the root is inside. */
export const WORKSPACE = '/workspace'

/** How a sandboxed runner is made. */
export interface SandboxRunnerOptions {
  readonly root: string
  /** False: nothing can be written at all. */
  readonly writable: boolean
  /** Entries of the root that can only be read. */
  readonly protectedNames: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `cpuSeconds` is the time of the command unless it is said. */
  readonly limits: Partial<SandboxLimits>
  /** The folders of the host where programs are. */
  readonly systemPaths?: readonly string[]
}

/** Git neither writes where it only reads, nor starts what a folder names that passes for a repository. */
const GIT_ENV = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'core.fsmonitor',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_CONFIG_KEY_1: 'safe.bareRepository',
  GIT_CONFIG_VALUE_1: 'explicit',
}

const KILLED: Partial<Record<SandboxEndReason, string>> = {
  output_limit: 'it wrote too much',
  memory_limit: 'it took too much memory',
  disk_limit: 'it filled the disk',
  process_limit: 'it started too many processes',
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    (stat) => stat.isDirectory() || stat.isFile(),
    () => false,
  )

/**
 * Runs programs in a sandbox, with the root at `/workspace`, no network and nothing else of the host. Sandboxes are opened when the first program needs them.
 *
 * Where this process is not root, commands that only read have a sandbox in which nothing can be written. Root has one sandbox for all: its user owns the root while it is open, and another
 * user could not read everything.
 */
export const sandboxRunner = (options: SandboxRunnerOptions): CommandRunner => {
  const { root, env, limits, protectedNames, systemPaths } = options
  const opened = new Map<'read' | 'write', Promise<Sandbox>>()

  const open = async (access: 'read' | 'write'): Promise<Sandbox> => {
    const mounts: SandboxMount[] = [
      {
        hostPath: await realpath(root),
        path: WORKSPACE,
        writable: access === 'write',
        handOver: access === 'write',
      },
    ]
    for (const name of access === 'write' ? protectedNames : [])
      if (await isThere(join(root, name)))
        mounts.push({ hostPath: join(root, name), path: posix.join(WORKSPACE, name) })
    return openSandbox({
      mounts,
      env: { ...GIT_ENV, ...env },
      limits,
      cwd: WORKSPACE,
      systemPaths,
    })
  }

  const sandboxFor = (wanted: 'read' | 'write'): Promise<Sandbox> => {
    const access = !options.writable ? 'read' : process.getuid?.() === 0 ? 'write' : wanted
    const known = opened.get(access)
    if (known !== undefined) return known
    const opening = open(access)
    opened.set(access, opening)
    // Whoever asks next tries again.
    opening.catch(() => opened.delete(access))
    return opening
  }

  return {
    isSandboxed: true,
    root: WORKSPACE,
    async run({ argv, folder, env, timeoutMs, signal, access, stdout, stderr }) {
      const sandbox = await sandboxFor(access)
      await sandbox.handOver()
      signal.throwIfAborted()
      const program = sandbox.start({
        argv,
        cwd: posix.join(WORKSPACE, folder),
        env,
        limits: { wallMs: timeoutMs, cpuSeconds: limits.cpuSeconds ?? Math.ceil(timeoutMs / 1000) },
        signal,
      })
      program.stdin.end()
      const flood = limits.floodBytes ?? FLOOD_BYTES
      let isFlooded = false
      const read = async (from: AsyncIterable<Uint8Array>, into: typeof stdout): Promise<void> => {
        for await (const chunk of from) {
          into.add(chunk)
          if (isFlooded || stdout.bytes + stderr.bytes <= flood) continue
          isFlooded = true
          program.kill()
        }
      }
      const [end] = await Promise.all([
        program.ended,
        read(program.stdout, stdout),
        read(program.stderr, stderr),
      ])
      signal.throwIfAborted()
      if (end.end === 'timeout') return { type: 'timeout' }
      if (isFlooded) return { type: 'killed', why: KILLED.output_limit! }
      if (end.exitCode !== null) return { type: 'exit', exitCode: end.exitCode }
      return { type: 'killed', why: KILLED[end.end] ?? end.end }
    },
    async close() {
      const sandboxes = await Promise.allSettled(opened.values())
      opened.clear()
      await Promise.all(
        sandboxes.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)),
      )
    },
  }
}

/** Output of one program that is read at all. */
export const FLOOD_BYTES = 64 * 1024 * 1024
